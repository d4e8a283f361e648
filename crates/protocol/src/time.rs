//! Instants, and the one place that may ask what time it is.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// An instant in whole seconds since 1970-01-01T00:00:00Z, as JSON numbers carry it (RFC 7591 §3.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The instant that many seconds after the epoch.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds)
    }

    /// Seconds since the epoch.
    pub const fn seconds(self) -> i64 {
        self.0
    }

    /// The instant `span` later; the end of time when that is out of range.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self(
            self.0
                .saturating_add(i64::try_from(span.as_secs()).unwrap_or(i64::MAX)),
        )
    }

    /// The instant `span` earlier; the beginning of time when that is out of range.
    #[must_use]
    pub fn minus(self, span: Duration) -> Self {
        Self(
            self.0
                .saturating_sub(i64::try_from(span.as_secs()).unwrap_or(i64::MAX)),
        )
    }
}

/// What time it is: the system's clock, or one that a test sets.
#[derive(Clone)]
pub struct Clock(ClockSource);

#[derive(Clone)]
enum ClockSource {
    System,
    Set(Arc<AtomicI64>),
}

impl Clock {
    /// The system's clock.
    pub const fn system() -> Self {
        Self(ClockSource::System)
    }

    /// A clock that stands at `now` until [`Clock::set`] moves it; clones share it.
    pub fn fixed(now: Timestamp) -> Self {
        Self(ClockSource::Set(Arc::new(AtomicI64::new(now.seconds()))))
    }

    /// Moves a fixed clock; the system's clock is not ours to move.
    pub fn set(&self, now: Timestamp) {
        if let ClockSource::Set(at) = &self.0 {
            at.store(now.seconds(), Ordering::Relaxed);
        }
    }

    /// Now, in seconds.
    pub fn now(&self) -> Timestamp {
        Timestamp(self.milliseconds() / 1000)
    }

    /// Now, in milliseconds since the epoch.
    pub fn milliseconds(&self) -> i64 {
        match &self.0 {
            #[expect(
                clippy::disallowed_methods,
                reason = "the one clock everything else is handed"
            )]
            ClockSource::System => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |since| {
                    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
                }),
            ClockSource::Set(at) => at.load(Ordering::Relaxed).saturating_mul(1000),
        }
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            ClockSource::System => f.write_str("Clock(system)"),
            ClockSource::Set(at) => write!(f, "Clock({})", at.load(Ordering::Relaxed)),
        }
    }
}
