//! The last so many of a numbered series.

use std::collections::VecDeque;

/// What an item may take on average, in bytes: several times an ordinary event.
const ITEM_BYTES: usize = 1 << 10;
/// What a ring may take however few items it keeps, in bytes.
const BYTES_MIN: usize = 1 << 20;

/// Keeps the last items of a series whose numbers begin with 1.
#[derive(Debug)]
pub(super) struct Ring<T> {
    /// The items with what each takes, in bytes.
    items: VecDeque<(T, usize)>,
    capacity: usize,
    bytes: usize,
    bytes_max: usize,
    next_number: u64,
}

impl<T> Ring<T> {
    /// Keeps `capacity` items, at least one, and fewer where they take more than 1 KiB on average. Memory is taken as
    /// they come.
    pub(super) fn new(capacity: usize) -> Self {
        let bytes_max = capacity.saturating_mul(ITEM_BYTES).max(BYTES_MIN);
        Self { items: VecDeque::new(), capacity: capacity.max(1), bytes: 0, bytes_max, next_number: 1 }
    }

    /// The number that the next item gets.
    pub(super) fn next_number(&self) -> u64 {
        self.next_number
    }

    /// The number of the oldest item that is still there; that of the next one where there is none.
    pub(super) fn first_number(&self) -> u64 {
        // A ring of more than u64::MAX items does not fit into any memory.
        self.next_number - u64::try_from(self.items.len()).unwrap_or(u64::MAX)
    }

    /// Takes the next item in, which takes so many bytes, and lets the oldest go for which there is no room.
    pub(super) fn push(&mut self, item: T, bytes: usize) {
        self.bytes += bytes;
        while self.items.len() == self.capacity || self.bytes > self.bytes_max {
            let Some((_, freed)) = self.items.pop_front() else { break };
            self.bytes -= freed;
        }
        self.items.push_back((item, bytes));
        self.next_number += 1;
    }

    /// The item of a number, if it is there.
    pub(super) fn get(&self, number: u64) -> Option<&T> {
        let at = number.checked_sub(self.first_number())?;
        self.items.get(usize::try_from(at).ok()?).map(|(item, _)| item)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_begin_with_one_and_the_oldest_go_first() {
        let mut ring = Ring::new(2);
        assert_eq!((ring.first_number(), ring.next_number(), ring.get(0), ring.get(1)), (1, 1, None, None));
        for item in ["a", "b", "c"] {
            ring.push(item, 1);
        }
        assert_eq!((ring.first_number(), ring.next_number()), (2, 4));
        assert_eq!([0, 1, 2, 3, 4].map(|number| ring.get(number).copied()), [None, None, Some("b"), Some("c"), None]);
    }

    #[test]
    fn a_ring_of_nothing_keeps_one() {
        let mut ring = Ring::new(0);
        ring.push("a", 1);
        ring.push("b", 1);
        assert_eq!(ring.get(2), Some(&"b"));
    }

    #[test]
    fn large_items_push_out_as_many_as_they_take_the_room_of_and_never_themselves() {
        let mut ring = Ring::new(100);
        for item in ["a", "b", "c"] {
            ring.push(item, BYTES_MIN / 3);
        }
        assert_eq!(ring.first_number(), 1);
        ring.push("d", BYTES_MIN / 2);
        assert_eq!((ring.first_number(), ring.get(3)), (3, Some(&"c")));
        ring.push("e", BYTES_MIN * 9);
        assert_eq!((ring.first_number(), ring.get(5)), (5, Some(&"e")));
        ring.push("f", 1);
        assert_eq!((ring.first_number(), ring.bytes), (6, 1));
    }

    proptest! {
        /// Against the whole series.
        #[test]
        fn it_is_the_end_of_the_series(capacity in 1_usize..20, number in 0_u64..60) {
            let mut ring = Ring::new(capacity);
            (1..=number).for_each(|item| ring.push(item, 1));
            let kept = u64::try_from(capacity).unwrap();
            for asked in 0..70 {
                let there = (1..=number).contains(&asked) && asked + kept > number;
                prop_assert_eq!(ring.get(asked), Some(&asked).filter(|_| there));
            }
            prop_assert_eq!(ring.first_number(), number.saturating_sub(kept) + 1);
        }
    }
}
