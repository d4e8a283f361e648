//! The numbers of exported and lost spans, for the metrics. Lost spans are logged once a minute.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use protocol::lock;

use super::options::RESULTS;

/// The maximum number of spans that are queued or being exported. Further spans are dropped.
pub(super) const QUEUE_CAPACITY: usize = 4096;

/// The minimum interval between two log lines about lost spans.
const LOG_INTERVAL: Duration = Duration::from_mins(1);

/// The reason when no export failed.
const QUEUE_FULL: &str = "the queue was full";

#[derive(Debug, Default)]
pub(super) struct SpanCounts {
    /// Queued or being exported.
    pending: AtomicU64,
    exported: AtomicU64,
    failed: AtomicU64,
    dropped: AtomicU64,
    failure_reason: Mutex<Option<String>>,
    logged: Mutex<LoggedLosses>,
}

/// The losses that were logged.
#[derive(Debug, Default)]
struct LoggedLosses {
    lost: u64,
    at: Option<Instant>,
}

impl SpanCounts {
    /// Reserves a place in the queue. Returns false, and counts the span as dropped, if the queue is full.
    pub(super) fn reserve(&self) -> bool {
        let before = self.pending.fetch_add(1, Ordering::Relaxed);
        let has_room = usize::try_from(before).is_ok_and(|before| before < QUEUE_CAPACITY);
        if !has_room {
            self.pending.fetch_sub(1, Ordering::Relaxed);
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        has_room
    }

    /// Sets the reason why the current export fails.
    pub(super) fn set_failure_reason(&self, reason: String) {
        *lock(&self.failure_reason) = Some(reason);
    }

    /// Records that an export of `spans` spans has ended.
    pub(super) fn record_export(&self, spans: usize, exported: bool) {
        let spans = u64::try_from(spans).unwrap_or(0);
        self.pending.fetch_sub(spans, Ordering::Relaxed);
        if exported {
            &self.exported
        } else {
            &self.failed
        }
        .fetch_add(spans, Ordering::Relaxed);
        let reason = lock(&self.failure_reason).take().filter(|_| !exported);
        self.log_losses(reason.as_deref(), false);
    }

    /// Counts and logs the spans that are still pending as failed. There must be no further export.
    pub(super) fn close(&self) {
        self.failed
            .fetch_add(self.pending.swap(0, Ordering::Relaxed), Ordering::Relaxed);
        let reason = lock(&self.failure_reason).take();
        self.log_losses(
            Some(
                reason
                    .as_deref()
                    .unwrap_or("the collector did not accept the last spans in time"),
            ),
            true,
        );
    }

    fn log_losses(&self, reason: Option<&str>, immediately: bool) {
        let lost = self.failed.load(Ordering::Relaxed) + self.dropped.load(Ordering::Relaxed);
        let mut logged = lock(&self.logged);
        let recently = logged.at.is_some_and(|at| at.elapsed() < LOG_INTERVAL);
        if lost == logged.lost || (recently && !immediately) {
            return;
        }
        tracing::warn!(
            spans = lost - logged.lost,
            "spans were lost: {}",
            reason.unwrap_or(QUEUE_FULL)
        );
        *logged = LoggedLosses {
            lost,
            at: Some(Instant::now()),
        };
    }

    /// Returns the number of spans for each of [`RESULTS`].
    pub(super) fn counts(&self) -> [u64; RESULTS.len()] {
        [&self.exported, &self.failed, &self.dropped].map(|count| count.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_beyond_the_queue_are_dropped() {
        let counts = SpanCounts::default();
        assert_eq!(
            (0..QUEUE_CAPACITY + 3).filter(|_| counts.reserve()).count(),
            QUEUE_CAPACITY
        );
        assert_eq!(counts.counts(), [0, 0, 3]);
        counts.record_export(512, true);
        assert!(counts.reserve());
        counts.record_export(512, false);
        counts.close();
        let left = u64::try_from(QUEUE_CAPACITY + 1 - 1024).unwrap();
        assert_eq!(counts.counts(), [512, 512 + left, 3]);
    }
}
