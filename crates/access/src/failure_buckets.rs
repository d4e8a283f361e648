//! Buckets of failures: an attempt empties the bucket of each of its keys by a step, and time refills it.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use protocol::lock;

/// The time in which an empty bucket is full again.
pub(crate) const REFILL: Duration = Duration::from_mins(1);

/// The number of buckets from which on full ones are removed.
pub(crate) const SWEEP_MIN: usize = 1024;

/// The buckets that are not full.
pub(crate) struct FailureBuckets<K>(Mutex<UsedBuckets<K>>);

struct UsedBuckets<K> {
    /// The instant at which a bucket is full again.
    full_at: HashMap<K, Instant>,
    sweep_at: usize,
}

impl<K> Default for FailureBuckets<K> {
    fn default() -> Self {
        Self(Mutex::new(UsedBuckets {
            full_at: HashMap::new(),
            sweep_at: SWEEP_MIN,
        }))
    }
}

impl<K: Hash + Eq> FailureBuckets<K> {
    /// Counts an attempt in the bucket of each key, which the attempt's step there refills.
    ///
    /// # Errors
    /// The time to wait, if a bucket is empty. The attempt is not counted then.
    pub(crate) fn count(
        &self,
        keys: impl IntoIterator<Item = (K, Duration)>,
        now: Instant,
    ) -> Result<(), Duration> {
        let mut used = lock(&self.0);
        let counted: Vec<(K, Instant)> = keys
            .into_iter()
            .map(|(key, step)| {
                let full_at = used.full_at.get(&key).map_or(now, |at| (*at).max(now));
                (key, full_at + step)
            })
            .collect();
        let wait = counted
            .iter()
            .map(|(_, full_at)| full_at.duration_since(now).saturating_sub(REFILL))
            .max();
        if let Some(wait) = wait.filter(|wait| !wait.is_zero()) {
            return Err(wait);
        }
        used.full_at.extend(counted);
        if used.full_at.len() >= used.sweep_at {
            used.sweep(now);
        }
        Ok(())
    }

    /// Takes attempts back.
    pub(crate) fn give_back(&self, keys: impl IntoIterator<Item = (K, Duration)>, attempts: u32) {
        let mut used = lock(&self.0);
        for (key, step) in keys {
            if let Some(full_at) = used.full_at.get_mut(&key) {
                *full_at = full_at
                    .checked_sub(step.saturating_mul(attempts))
                    .unwrap_or(*full_at);
            }
        }
    }

    /// Removes the buckets that are full again.
    pub(crate) fn remove_expired(&self, now: Instant) {
        lock(&self.0).sweep(now);
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        lock(&self.0).full_at.len()
    }
}

impl<K: Hash + Eq> UsedBuckets<K> {
    fn sweep(&mut self, now: Instant) {
        self.full_at.retain(|_, full_at| *full_at > now);
        self.full_at.shrink_to(SWEEP_MIN);
        self.sweep_at = self.full_at.len().saturating_mul(2).max(SWEEP_MIN);
    }
}
