//! How often anybody may register. Buckets fill steadily and are counted per process.

use std::net::IpAddr;
use std::num::NonZeroU32;
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

/// Registrations per minute, for each of what is counted.
pub struct Throttle {
    limiter: Option<DefaultKeyedRateLimiter<Counted>>,
    clock: DefaultClock,
}

impl Throttle {
    /// That many a minute, as many at once after a quiet minute; 0 for any number.
    pub fn per_minute(registrations: u32) -> Self {
        let limiter = NonZeroU32::new(registrations).map(|most| RateLimiter::keyed(Quota::per_minute(most)));
        Self { limiter, clock: DefaultClock::default() }
    }

    /// Counts one registration.
    ///
    /// # Errors
    /// For how long to wait, when there were too many.
    pub fn count(&self, counted: &Counted) -> Result<(), Duration> {
        let Some(limiter) = &self.limiter else { return Ok(()) };
        limiter.check_key(counted).map_err(|early| early.wait_time_from(self.clock.now()))
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
    }

    #[test]
    fn none_a_minute_means_any_number() {
        let throttle = Throttle::per_minute(0);
        assert!((0..1000).all(|_| throttle.count(&Counted::Metadata([0; 32])).is_ok()));
    }
}
