//! How often anybody may register, update and delete. Buckets fill steadily and are counted per process.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use outbound::Caller;

use crate::Refusal;
use crate::refusal::{REGISTRATIONS, UPDATES};

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
    /// A client by its identifier, once its registration access token was proved.
    Client(String),
}

impl Counted {
    fn kind(&self) -> &'static str {
        match self {
            Self::Address(_) => "address",
            Self::Account(_) => "account",
            Self::Token(_) => "token",
            Self::Metadata(_) => "metadata",
            Self::Client(_) => "client",
        }
    }

    /// Returns the party on whose behalf documents are fetched: the one that is counted, at an address.
    pub fn caller(counted: Option<&Self>, address: Option<IpAddr>) -> Caller {
        let name = counted.map_or_else(String::new, |counted| {
            format!("{} {}", counted.kind(), counted.name())
        });
        Caller { name, address }
    }

    fn name(&self) -> String {
        match self {
            Self::Address(address) => address.to_string(),
            Self::Account(name) | Self::Token(name) | Self::Client(name) => name.clone(),
            Self::Metadata(digest) => format!("{digest:?}"),
        }
    }
}

/// Requests of one sort per minute, for each of what is counted.
pub struct Throttle {
    limiter: Option<DefaultKeyedRateLimiter<Counted>>,
    clock: DefaultClock,
    /// The sort of requests, as refusals name it.
    requests: &'static str,
    refused: Vec<(&'static str, AtomicU64)>,
}

impl Throttle {
    /// That many registrations a minute, as many at once after a quiet minute; 0 for any number.
    pub fn of_registrations(per_minute: u32) -> Self {
        Self::new(
            REGISTRATIONS,
            &["address", "account", "token", "metadata"],
            per_minute,
        )
    }

    /// That many updates and deletions a minute, as many at once after a quiet minute; 0 for any number.
    pub fn of_updates(per_minute: u32) -> Self {
        Self::new(UPDATES, &["address", "client"], per_minute)
    }

    fn new(requests: &'static str, kinds: &[&'static str], per_minute: u32) -> Self {
        let limiter =
            NonZeroU32::new(per_minute).map(|most| RateLimiter::keyed(Quota::per_minute(most)));
        let refused = kinds
            .iter()
            .map(|kind| (*kind, AtomicU64::new(0)))
            .collect();
        Self {
            limiter,
            clock: DefaultClock::default(),
            requests,
            refused,
        }
    }

    /// Whether anything is counted at all.
    pub fn counts(&self) -> bool {
        self.limiter.is_some()
    }

    /// Counts one request; one that is counted for nobody is not too many.
    ///
    /// # Errors
    /// [`Refusal::TooMany`].
    pub fn admit(&self, counted: Option<&Counted>) -> Result<(), Refusal> {
        counted
            .map_or(Ok(()), |counted| self.count(counted))
            .map_err(|wait| Refusal::TooMany(self.requests, wait))
    }

    /// Counts one request.
    ///
    /// # Errors
    /// For how long to wait, when there were too many.
    pub fn count(&self, counted: &Counted) -> Result<(), Duration> {
        let Some(limiter) = &self.limiter else {
            return Ok(());
        };
        limiter.check_key(counted).map_err(|early| {
            if let Some((_, refused)) = self
                .refused
                .iter()
                .find(|(kind, _)| *kind == counted.kind())
            {
                refused.fetch_add(1, Ordering::Relaxed);
            }
            early.wait_time_from(self.clock.now())
        })
    }

    /// How many were too many, by what was counted.
    pub fn refused(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.refused
            .iter()
            .map(|(kind, refused)| (*kind, refused.load(Ordering::Relaxed)))
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
        let throttle = Throttle::of_registrations(2);
        let (one, other) = (
            Counted::Account("a".to_owned()),
            Counted::Token("a".to_owned()),
        );
        assert_eq!(
            (throttle.count(&one), throttle.count(&one)),
            (Ok(()), Ok(()))
        );
        let wait = throttle.count(&one).unwrap_err();
        assert!(
            wait > Duration::ZERO && wait <= Duration::from_secs(30),
            "{wait:?}"
        );
        assert_eq!(throttle.count(&other), Ok(()));
        assert_eq!(
            throttle.refused().collect::<Vec<_>>(),
            [
                ("address", 0),
                ("account", 1),
                ("token", 0),
                ("metadata", 0)
            ]
        );
    }

    #[test]
    fn none_a_minute_means_any_number() {
        let throttle = Throttle::of_registrations(0);
        assert!((0..1000).all(|_| throttle.count(&Counted::Metadata([0; 32])).is_ok()));
    }
}
