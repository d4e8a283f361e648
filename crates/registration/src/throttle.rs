//! How often anybody may register. Buckets fill steadily and are counted per process.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

/// Who or what is counted. Each has a bucket of its own.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Counted {
    /// An address, or an IPv6 network of 64 bits.
    Address(IpAddr),
    /// An account by its name.
    Account(String),
    /// An initial access token by its identifier.
    Token(String),
    /// Agreed metadata by its digest: many clients that are all the same are one machine gone wild.
    Metadata([u8; 32]),
}

impl Counted {
    /// The kinds.
    const KINDS: [&str; 4] = ["address", "account", "token", "metadata"];

    fn kind(&self) -> &'static str {
        let [address, account, token, metadata] = Self::KINDS;
        match self {
            Self::Address(_) => address,
            Self::Account(_) => account,
            Self::Token(_) => token,
            Self::Metadata(_) => metadata,
        }
    }
}

/// Registrations per minute, for each of what is counted.
pub struct Throttle {
    limiter: Option<DefaultKeyedRateLimiter<Counted>>,
    clock: DefaultClock,
    refused: [AtomicU64; Counted::KINDS.len()],
}

impl Throttle {
    /// That many a minute, as many at once after a quiet minute; 0 for any number.
    pub fn per_minute(registrations: u32) -> Self {
        let limiter = NonZeroU32::new(registrations).map(|most| RateLimiter::keyed(Quota::per_minute(most)));
        Self { limiter, clock: DefaultClock::default(), refused: Default::default() }
    }

    /// Whether anything is counted at all.
    pub fn counts(&self) -> bool {
        self.limiter.is_some()
    }

    /// Counts one registration.
    ///
    /// # Errors
    /// For how long to wait, when there were too many.
    pub fn count(&self, counted: &Counted) -> Result<(), Duration> {
        let Some(limiter) = &self.limiter else { return Ok(()) };
        limiter.check_key(counted).map_err(|early| {
            if let Some((_, refused)) = Counted::KINDS.iter().zip(&self.refused).find(|(kind, _)| **kind == counted.kind()) {
                refused.fetch_add(1, Ordering::Relaxed);
            }
            early.wait_time_from(self.clock.now())
        })
    }

    /// How many were too many, by what was counted.
    pub fn refused(&self) -> impl Iterator<Item = (&'static str, u64)> {
        Counted::KINDS.into_iter().zip(&self.refused).map(|(kind, refused)| (kind, refused.load(Ordering::Relaxed)))
    }

    /// Forgets buckets that are full again.
    pub fn tidy(&self) {
        if let Some(limiter) = &self.limiter {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_of_what_is_counted_has_a_bucket_of_its_own() {
        let throttle = Throttle::per_minute(2);
        let (one, other) = (Counted::Account("a".to_owned()), Counted::Token("a".to_owned()));
        assert_eq!((throttle.count(&one), throttle.count(&one)), (Ok(()), Ok(())));
        let wait = throttle.count(&one).unwrap_err();
        assert!(wait > Duration::ZERO && wait <= Duration::from_secs(30), "{wait:?}");
        assert_eq!(throttle.count(&other), Ok(()));
        assert_eq!(throttle.refused().collect::<Vec<_>>(), [("address", 0), ("account", 1), ("token", 0), ("metadata", 0)]);
    }

    #[test]
    fn none_a_minute_means_any_number() {
        let throttle = Throttle::per_minute(0);
        assert!((0..1000).all(|_| throttle.count(&Counted::Metadata([0; 32])).is_ok()));
    }
}
