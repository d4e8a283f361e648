//! A bounded queue that serves its keys in turn: an item waits for one item of each other key, however many a key has.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

/// The queue. Each key's items are served in the order in which they came.
pub(crate) struct FairQueue<K, T> {
    items: HashMap<K, VecDeque<T>>,
    /// Each key with items, once; the one that is served next is first.
    turns: VecDeque<K>,
    length: usize,
    capacity: usize,
}

/// An item that a full queue does not keep.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Displaced<T>(pub(crate) T);

impl<K: Clone + Eq + Hash, T> FairQueue<K, T> {
    /// Creates a queue of at most `capacity` items.
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            items: HashMap::new(),
            turns: VecDeque::new(),
            length: 0,
            capacity,
        }
    }

    /// Returns the number of items.
    pub(crate) fn len(&self) -> usize {
        self.length
    }

    /// Adds an item.
    ///
    /// # Errors
    /// When the queue is full: the newest item of the key that has the most, which may be the new item itself. The only item of a
    /// key never gives way to another; where each key has one, the new item is not taken.
    pub(crate) fn push(&mut self, key: K, item: T) -> Result<(), Displaced<T>> {
        let mut displaced = None;
        if self.length >= self.capacity {
            let own = self.count(&key).saturating_add(1);
            let longest = self
                .turns
                .iter()
                .map(|key| (self.count(key), key))
                .max_by_key(|(count, _)| *count);
            let Some((_, longest)) = longest.filter(|(count, _)| *count > own) else {
                return Err(Displaced(item));
            };
            let longest = longest.clone();
            displaced = self
                .items
                .get_mut(&longest)
                .and_then(VecDeque::pop_back)
                .map(Displaced);
            self.length = self.length.saturating_sub(1);
        }
        let items = self.items.entry(key.clone()).or_default();
        if items.is_empty() {
            self.turns.push_back(key);
        }
        items.push_back(item);
        self.length = self.length.saturating_add(1);
        displaced.map_or(Ok(()), Err)
    }

    /// Takes the oldest item of the next key.
    pub(crate) fn pop(&mut self) -> Option<T> {
        let key = self.turns.pop_front()?;
        let items = self.items.get_mut(&key)?;
        let item = items.pop_front()?;
        self.length = self.length.saturating_sub(1);
        if items.is_empty() {
            self.items.remove(&key);
        } else {
            self.turns.push_back(key);
        }
        Some(item)
    }

    /// Takes the first item of a key that is wanted.
    pub(crate) fn remove(&mut self, key: &K, is_wanted: impl Fn(&T) -> bool) -> Option<T> {
        let items = self.items.get_mut(key)?;
        let at = items.iter().position(is_wanted)?;
        let item = items.remove(at)?;
        self.length = self.length.saturating_sub(1);
        if items.is_empty() {
            self.items.remove(key);
            self.turns.retain(|other| other != key);
        }
        Some(item)
    }

    fn count(&self, key: &K) -> usize {
        self.items.get(key).map_or(0, VecDeque::len)
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn queue(capacity: usize, items: &[(char, u32)]) -> FairQueue<char, (char, u32)> {
        let mut queue = FairQueue::new(capacity);
        for item in items {
            queue.push(item.0, *item).unwrap();
        }
        queue
    }

    fn emptied(mut queue: FairQueue<char, (char, u32)>) -> Vec<(char, u32)> {
        std::iter::from_fn(|| queue.pop()).collect()
    }

    #[test]
    fn newcomer_waits_for_one_item_of_each_key() {
        let queue = queue(
            9,
            &[('a', 1), ('a', 2), ('a', 3), ('b', 1), ('b', 2), ('c', 1)],
        );
        assert_eq!(
            emptied(queue),
            [('a', 1), ('b', 1), ('c', 1), ('a', 2), ('b', 2), ('a', 3)]
        );
    }

    #[test]
    fn full_queue_displaces_newest_of_longest_key() {
        let mut queue = queue(4, &[('a', 1), ('a', 2), ('a', 3), ('b', 1)]);
        assert_eq!(queue.push('c', ('c', 1)), Err(Displaced(('a', 3))));
        assert_eq!(
            queue.push('a', ('a', 4)),
            Err(Displaced(('a', 4))),
            "the newest is the new one"
        );
        assert_eq!(queue.push('d', ('d', 1)), Err(Displaced(('a', 2))));
        assert_eq!(
            queue.push('e', ('e', 1)),
            Err(Displaced(('e', 1))),
            "no only item gives way"
        );
        assert_eq!(emptied(queue), [('a', 1), ('b', 1), ('c', 1), ('d', 1)]);
    }

    #[test]
    fn item_that_leaves_takes_its_turn_along() {
        let mut queue = queue(9, &[('a', 1), ('b', 1), ('b', 2)]);
        assert_eq!(queue.remove(&'a', |item| item.1 == 2), None);
        assert_eq!(queue.remove(&'a', |item| item.1 == 1), Some(('a', 1)));
        assert_eq!(queue.remove(&'a', |item| item.1 == 1), None);
        assert_eq!(queue.remove(&'b', |item| item.1 == 1), Some(('b', 1)));
        queue.push('a', ('a', 2)).unwrap();
        assert_eq!(queue.len(), 2);
        assert_eq!(emptied(queue), [('b', 2), ('a', 2)]);
    }

    /// An operation on a queue: an item of a key is added, the oldest item of a key leaves, or the next is taken.
    #[derive(Debug, Clone)]
    enum QueueStep {
        Push(u8),
        Leave(u8),
        Pop,
    }

    fn steps() -> impl Strategy<Value = Vec<QueueStep>> {
        vec(
            prop_oneof![4 => (0_u8..6).prop_map(QueueStep::Push), 1 => (0_u8..6).prop_map(QueueStep::Leave), 2 => Just(QueueStep::Pop)],
            0..200,
        )
    }

    proptest! {
        /// Bound, order, the displaced item and the wait of an item hold after each step of any
        /// sequence.
        #[test]
        fn any_sequence_keeps_bound_and_fairness(capacity in 1_usize..12, steps in steps()) {
            let mut queue = FairQueue::new(capacity);
            // The items by age, as a plain list, with how many turns each item may still wait for.
            let mut model: Vec<(u8, u32)> = Vec::new();
            let mut next = 0;
            let mut served_since: HashMap<u8, Vec<u8>> = HashMap::new();
            for step in steps {
                let count = |model: &[(u8, u32)], key: u8| model.iter().filter(|item| item.0 == key).count();
                match step {
                    QueueStep::Push(key) => {
                        next += 1;
                        let item = (key, next);
                        let full = model.len() == capacity;
                        let counts: Vec<usize> = (0..6).map(|key| count(&model, key)).collect();
                        match queue.push(key, item) {
                            Ok(()) => {
                                prop_assert!(!full);
                                model.push(item);
                            }
                            Err(Displaced(out)) => {
                                prop_assert!(full);
                                let most = counts.iter().max().copied().unwrap_or(0);
                                let own = count(&model, key) + 1;
                                if out == item {
                                    prop_assert!(own >= most);
                                } else {
                                    prop_assert_eq!(count(&model, out.0), most);
                                    prop_assert!(most > own && most > 1);
                                    prop_assert_eq!(model.iter().rfind(|other| other.0 == out.0), Some(&out));
                                    model.retain(|other| *other != out);
                                    model.push(item);
                                }
                            }
                        }
                        if count(&model, key) == 1 {
                            served_since.insert(key, Vec::new());
                        }
                    }
                    QueueStep::Leave(key) => {
                        let oldest = model.iter().find(|item| item.0 == key).copied();
                        prop_assert_eq!(queue.remove(&key, |item| Some(item) == oldest.as_ref()), oldest);
                        model.retain(|item| Some(*item) != oldest);
                    }
                    QueueStep::Pop => {
                        let item = queue.pop();
                        prop_assert_eq!(item.is_none(), model.is_empty());
                        if let Some(item) = item {
                            prop_assert_eq!(model.iter().find(|other| other.0 == item.0), Some(&item), "a key's oldest first");
                            model.retain(|other| *other != item);
                            served_since.insert(item.0, Vec::new());
                            for (key, served) in &mut served_since {
                                if *key != item.0 && model.iter().any(|other| other.0 == *key) {
                                    prop_assert!(!served.contains(&item.0), "a key was served twice while another waited");
                                    served.push(item.0);
                                }
                            }
                        }
                    }
                }
                prop_assert_eq!(queue.len(), model.len());
                prop_assert!(queue.len() <= capacity);
            }
        }
    }
}
