//! The limits on fetches by host, and in all.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, Quota, RateLimiter};

use super::failure::{DocumentFailureReason, DocumentFetchError};

/// The limit of all hosts together, as a multiple of the limit of a host.
const HOSTS: u32 = 10;

/// The number of counted fetches after which buckets that are full again are removed.
const SWEEP: u32 = 256;

/// The numbers of fetches a minute.
pub(crate) struct FetchRates {
    limits: Option<(DefaultKeyedRateLimiter<String>, DefaultDirectRateLimiter)>,
    clock: DefaultClock,
    counted: AtomicU32,
}

impl FetchRates {
    /// Permits so many fetches a minute of a host, and ten times as many in all; 0 for any number.
    pub(crate) fn new(per_minute: u32) -> Self {
        let all = NonZeroU32::new(per_minute.saturating_mul(HOSTS));
        let limits = NonZeroU32::new(per_minute).zip(all).map(|(host, all)| {
            (
                RateLimiter::keyed(Quota::per_minute(host)),
                RateLimiter::direct(Quota::per_minute(all)),
            )
        });
        Self {
            limits,
            clock: DefaultClock::default(),
            counted: AtomicU32::new(0),
        }
    }

    /// Counts a fetch before it begins. The host comes first, so that a host beyond its limit uses nothing of the whole.
    pub(crate) fn count(&self, host: &str) -> Result<(), DocumentFetchError> {
        let Some((hosts, all)) = &self.limits else {
            return Ok(());
        };
        if self.counted.fetch_add(1, Ordering::Relaxed) % SWEEP == SWEEP - 1 {
            hosts.retain_recent();
        }
        let now = self.clock.now();
        hosts.check_key(&host.to_owned()).map_err(|until| {
            DocumentFetchError::busy(
                DocumentFailureReason::HostRate,
                whole(until.wait_time_from(now)),
            )
        })?;
        all.check().map_err(|until| {
            DocumentFetchError::busy(
                DocumentFailureReason::Rate,
                whole(until.wait_time_from(now)),
            )
        })
    }
}

/// Returns the next whole second, at least one.
fn whole(wait: Duration) -> Duration {
    Duration::from_secs(wait.as_secs().saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(outcome: Result<(), DocumentFetchError>) -> Option<&'static str> {
        outcome.err().map(|error| error.word())
    }

    /// A host beyond its limit takes nothing from the others, which together have ten times as many.
    #[test]
    fn hosts_have_a_limit_each_and_in_all() {
        let rates = FetchRates::new(2);
        for _ in 0..2 {
            assert_eq!(word(rates.count("one.example")), None);
        }
        for _ in 0..50 {
            assert_eq!(word(rates.count("one.example")), Some("host_limit"));
        }
        for number in 0..18 {
            assert_eq!(word(rates.count(&format!("{number}.example"))), None);
        }
        let refused = rates.count("last.example").unwrap_err();
        assert_eq!(refused.word(), "limit");
        assert!(refused.retry_after() >= Some(Duration::from_secs(1)));
    }

    #[test]
    fn zero_is_any_number() {
        let rates = FetchRates::new(0);
        assert!((0..1000).all(|_| rates.count("one.example").is_ok()));
    }
}
