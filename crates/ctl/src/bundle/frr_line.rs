//! Lines of FRR's configuration that others wrote: some of FRR's words are followed by a secret.

use super::known::MASK;

/// What is followed by a secret up to the end of the line.
const BEFORE_SECRETS: &[&str] = &[
    "password",
    "secret",
    "key-string",
    "authentication-key",
    "md5",
    "hash-algo",
    "domain-password",
    "area-password",
    "tcp-ao",
    "psk",
    "community-string",
];

/// `line` up to the first word that is followed by a secret, with a mask for the rest.
pub(crate) fn without_secrets(line: &str) -> String {
    let mut kept = Vec::new();
    let mut words = line.split_whitespace();
    for word in words.by_ref() {
        kept.push(word);
        if BEFORE_SECRETS.contains(&word.to_ascii_lowercase().as_str()) {
            kept.extend(words.next().map(|_| MASK));
            break;
        }
    }
    kept.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_a_password_is_masked_to_the_end() {
        for (line, shown) in [
            ("bgpd: neighbor 192.0.2.1 password s3cret", "bgpd: neighbor 192.0.2.1 password ***"),
            ("zebra: enable password 8 aGFzaA", "zebra: enable password ***"),
            ("ospfd: ip ospf message-digest-key 1 md5 s3cret", "ospfd: ip ospf message-digest-key 1 md5 ***"),
            ("ospfd: ip ospf authentication-key s3cret", "ospfd: ip ospf authentication-key ***"),
            ("zebra: key-string s3 cret", "zebra: key-string ***"),
            ("isisd: area-password clear s3cret", "isisd: area-password ***"),
            ("bgpd: neighbor 192.0.2.1 remote-as 65000", "bgpd: neighbor 192.0.2.1 remote-as 65000"),
            ("bgpd: no neighbor 192.0.2.1 password", "bgpd: no neighbor 192.0.2.1 password"),
        ] {
            assert_eq!(without_secrets(line), shown);
        }
    }
}
