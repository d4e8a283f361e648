//! What became of spans: counted for the metrics, and told of in the log once a minute when some were lost.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::RESULTS;

/// How many spans may wait or be under way; one more is dropped.
pub(super) const QUEUE: usize = 4096;

/// How often the log says that spans were lost, at most.
const BETWEEN: Duration = Duration::from_mins(1);

/// What is said when no export failed and spans were lost all the same.
const TOO_MANY: &str = "there were more than the collector took";

/// The books.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    waiting: AtomicU64,
    exported: AtomicU64,
    failed: AtomicU64,
    dropped: AtomicU64,
    reason: Mutex<Option<String>>,
    told: Mutex<Told>,
}

/// What the log has said.
#[derive(Debug, Default)]
struct Told {
    lost: u64,
    at: Option<Instant>,
}

impl Ledger {
    /// Whether there is a place for one more span; it is dropped otherwise.
    pub(super) fn admit(&self) -> bool {
        let before = self.waiting.fetch_add(1, Ordering::Relaxed);
        let room = usize::try_from(before).is_ok_and(|before| before < QUEUE);
        if !room {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        room
    }

    /// Why the export that is under way is not going well.
    pub(super) fn because(&self, reason: String) {
        *self.reason.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason);
    }

    /// Notes that an export of so many spans is over.
    pub(super) fn settle(&self, spans: usize, exported: bool) {
        let spans = u64::try_from(spans).unwrap_or(0);
        self.waiting.fetch_sub(spans, Ordering::Relaxed);
        if exported {
            &self.exported
        } else {
            &self.failed
        }
        .fetch_add(spans, Ordering::Relaxed);
        let reason = self
            .reason
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
            .filter(|_| !exported);
        self.tell(reason.as_deref(), false);
    }

    /// Notes that there will be no other export, and says what is lost by that.
    pub(super) fn close(&self) {
        self.failed
            .fetch_add(self.waiting.swap(0, Ordering::Relaxed), Ordering::Relaxed);
        let reason = self
            .reason
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        self.tell(
            Some(
                reason
                    .as_deref()
                    .unwrap_or("the collector did not take the last of them in time"),
            ),
            true,
        );
    }

    fn tell(&self, reason: Option<&str>, at_once: bool) {
        let lost = self.failed.load(Ordering::Relaxed) + self.dropped.load(Ordering::Relaxed);
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let lately = told.at.is_some_and(|at| at.elapsed() < BETWEEN);
        if lost == told.lost || (lately && !at_once) {
            return;
        }
        tracing::warn!(
            spans = lost - told.lost,
            "spans were lost: {}",
            reason.unwrap_or(TOO_MANY)
        );
        *told = Told {
            lost,
            at: Some(Instant::now()),
        };
    }

    /// What became of them, in the order of [`RESULTS`].
    pub(super) fn counts(&self) -> [u64; RESULTS.len()] {
        [&self.exported, &self.failed, &self.dropped].map(|count| count.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_finds_no_place_is_dropped_and_counted() {
        let ledger = Ledger::default();
        assert_eq!((0..QUEUE + 3).filter(|_| ledger.admit()).count(), QUEUE);
        assert_eq!(ledger.counts(), [0, 0, 3]);
        ledger.settle(512, true);
        assert!(ledger.admit());
        ledger.settle(512, false);
        ledger.close();
        let left = u64::try_from(QUEUE + 1 - 1024).unwrap();
        assert_eq!(ledger.counts(), [512, 512 + left, 3]);
    }
}
