//! Random numbers from the kernel.

/// Text that no other run and no other session has: 128 random bits in hexadecimal.
#[must_use]
pub fn random_id() -> String {
    format!("{:016x}{:016x}", random_u64(), random_u64())
}

/// 64 random bits.
///
/// `RandomState` is seeded from the kernel's random source and gives different keys each time, which is all
/// that session names and jitter ask for; nothing secret is made from it.
#[must_use]
pub fn random_u64() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(std::time::Instant::now())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_differ() {
        let ids: std::collections::BTreeSet<_> = (0..1000).map(|_| random_id()).collect();
        assert_eq!(ids.len(), 1000);
    }
}
