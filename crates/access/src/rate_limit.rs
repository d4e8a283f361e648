//! Rate limits: on registrations, and on updates and deletions. Buckets refill steadily and are counted per process.

use std::fmt;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

/// The key of a limit. Each key has a bucket of its own.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum RateLimitKey {
    /// An address, or an IPv6 network of 64 bits.
    Address(IpAddr),
    /// The name of an account.
    Account(String),
    /// The identifier of an initial access token.
    Token(String),
    /// The identifier of a client whose registration access token was verified.
    Client(String),
}

impl RateLimitKey {
    fn kind(&self) -> &'static str {
        match self {
            Self::Address(_) => "address",
            Self::Account(_) => "account",
            Self::Token(_) => "token",
            Self::Client(_) => "client",
        }
    }
}

/// The kind of the key and its value.
impl fmt::Display for RateLimitKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.kind();
        match self {
            Self::Address(address) => write!(f, "{kind} {address}"),
            Self::Account(name) | Self::Token(name) | Self::Client(name) => {
                write!(f, "{kind} {name}")
            }
        }
    }
}

/// The limits on registrations, and on updates and deletions. All providers of a process share one.
pub struct RegistrationLimiter {
    registrations: KeyedLimit,
    updates: KeyedLimit,
}

impl RegistrationLimiter {
    /// Permits so many registrations, and so many updates and deletions, a minute for each key, as many at once after a quiet minute;
    /// 0 for any number.
    pub fn new(registrations_per_minute: u32, updates_per_minute: u32) -> Self {
        let registration_kinds = ["address", "account", "token"];
        Self {
            registrations: KeyedLimit::new(&registration_kinds, registrations_per_minute),
            updates: KeyedLimit::new(&["address", "client"], updates_per_minute),
        }
    }

    /// Counts a registration. A registration without a key is not limited.
    ///
    /// # Errors
    /// The time to wait, if there were too many.
    pub fn count_registration(&self, key: Option<&RateLimitKey>) -> Result<(), Duration> {
        self.registrations.count(key)
    }

    /// Counts an update or deletion. A request without a key is not limited.
    ///
    /// # Errors
    /// The time to wait, if there were too many.
    pub fn count_update(&self, key: Option<&RateLimitKey>) -> Result<(), Duration> {
        self.updates.count(key)
    }

    /// Returns the numbers of registrations that were refused, by the kind of the key.
    pub fn refused_registrations(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.registrations.refused()
    }

    /// Returns the numbers of updates and deletions that were refused, by the kind of the key.
    pub fn refused_updates(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.updates.refused()
    }

    /// Removes buckets that are full again.
    pub fn remove_expired(&self) {
        self.registrations.remove_expired();
        self.updates.remove_expired();
    }
}

/// The limit on fetches of client ID metadata documents that a caller causes. All providers of a process share one.
pub struct DocumentLimiter(KeyedLimit);

impl DocumentLimiter {
    /// Permits so many fetches a minute for each address, as many at once after a quiet minute; 0 for any number.
    pub fn new(per_minute: u32) -> Self {
        Self(KeyedLimit::new(&["address"], per_minute))
    }

    /// Counts a fetch. A fetch for a caller without an address, such as a proxy, is not limited.
    ///
    /// # Errors
    /// The time to wait, if there were too many.
    pub fn count(&self, address: Option<IpAddr>) -> Result<(), Duration> {
        self.0.count(address.map(RateLimitKey::Address).as_ref())
    }

    /// Removes buckets that are full again.
    pub fn remove_expired(&self) {
        self.0.remove_expired();
    }
}

/// A number of requests a minute for each key.
struct KeyedLimit {
    limiter: Option<DefaultKeyedRateLimiter<RateLimitKey>>,
    clock: DefaultClock,
    refused: Vec<(&'static str, AtomicU64)>,
}

impl KeyedLimit {
    fn new(kinds: &[&'static str], per_minute: u32) -> Self {
        let limiter =
            NonZeroU32::new(per_minute).map(|most| RateLimiter::keyed(Quota::per_minute(most)));
        let refused = kinds
            .iter()
            .map(|kind| (*kind, AtomicU64::new(0)))
            .collect();
        Self {
            limiter,
            clock: DefaultClock::default(),
            refused,
        }
    }

    fn count(&self, key: Option<&RateLimitKey>) -> Result<(), Duration> {
        let (Some(limiter), Some(key)) = (&self.limiter, key) else {
            return Ok(());
        };
        limiter.check_key(key).map_err(|early| {
            let kind = key.kind();
            if let Some((_, refused)) = self.refused.iter().find(|(listed, _)| *listed == kind) {
                refused.fetch_add(1, Ordering::Relaxed);
            }
            early.wait_time_from(self.clock.now())
        })
    }

    fn refused(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.refused
            .iter()
            .map(|(kind, refused)| (*kind, refused.load(Ordering::Relaxed)))
    }

    fn remove_expired(&self) {
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
    fn each_key_has_its_own_bucket() {
        let limiter = RegistrationLimiter::new(2, 0);
        let count = |key: &RateLimitKey| limiter.count_registration(Some(key));
        let (one, other) = (
            RateLimitKey::Account("a".to_owned()),
            RateLimitKey::Token("a".to_owned()),
        );
        assert_eq!((count(&one), count(&one)), (Ok(()), Ok(())));
        let wait = count(&one).unwrap_err();
        assert!(
            wait > Duration::ZERO && wait <= Duration::from_secs(30),
            "{wait:?}"
        );
        assert_eq!(count(&other), Ok(()));
        assert_eq!(
            limiter.refused_registrations().collect::<Vec<_>>(),
            [("address", 0), ("account", 1), ("token", 0)]
        );
    }

    #[test]
    fn zero_a_minute_is_no_limit() {
        let limiter = RegistrationLimiter::new(0, 0);
        let key = RateLimitKey::Token("a".to_owned());
        assert!((0..1000).all(|_| limiter.count_registration(Some(&key)).is_ok()));
    }
}
