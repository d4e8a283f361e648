//! Timestamps and the clock. Only this module reads the system clock; tests set another one.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// A time in whole seconds since 1970-01-01T00:00:00Z, as in JSON (RFC 7591 §3.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// Creates a timestamp from seconds since the epoch.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds)
    }

    /// Returns the seconds since the epoch.
    pub const fn seconds(self) -> i64 {
        self.0
    }

    /// Returns the time `duration` later, or the maximum if that is out of range.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(
            self.0
                .saturating_add(i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)),
        )
    }

    /// Returns the time `duration` earlier, or the minimum if that is out of range.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self(
            self.0
                .saturating_sub(i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)),
        )
    }
}

/// The system clock, or a clock that a test sets.
#[derive(Clone)]
pub struct Clock(ClockSource);

#[derive(Clone)]
enum ClockSource {
    System,
    Set(Arc<AtomicI64>),
}

impl Clock {
    /// Returns the system clock.
    pub const fn system() -> Self {
        Self(ClockSource::System)
    }

    /// Creates a clock that shows `now` until [`Clock::set`] changes it. Clones share the time.
    pub fn fixed(now: Timestamp) -> Self {
        Self(ClockSource::Set(Arc::new(AtomicI64::new(now.seconds()))))
    }

    /// Sets the time of a fixed clock. Does nothing for the system clock.
    pub fn set(&self, now: Timestamp) {
        if let ClockSource::Set(at) = &self.0 {
            at.store(now.seconds(), Ordering::Relaxed);
        }
    }

    /// Returns the current time.
    pub fn now(&self) -> Timestamp {
        Timestamp(self.milliseconds() / 1000)
    }

    /// Returns the current time in milliseconds since the epoch.
    pub fn milliseconds(&self) -> i64 {
        match &self.0 {
            #[expect(
                clippy::disallowed_methods,
                reason = "the clock that every other module receives"
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
