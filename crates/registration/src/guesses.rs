//! Wrong passwords, counted by account and by address. RFC 7617 §4.

use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

/// How many times what one account may be wrong all accounts together may be, from one address: each wrong password costs
/// a hash that was made to be slow, whatever the name.
const ACCOUNTS: NonZeroU32 = NonZeroU32::MIN.saturating_add(9);

/// Whose wrong passwords are counted together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Guesser {
    /// Those for one account, from one address.
    Account(String, Option<IpAddr>),
    /// Those for all accounts, from one address.
    Address(Option<IpAddr>),
}

/// What this process knows of wrong passwords.
pub(crate) struct Guesses {
    per_account: DefaultKeyedRateLimiter<Guesser>,
    per_address: DefaultKeyedRateLimiter<Guesser>,
    suspended: Mutex<HashMap<Guesser, Instant>>,
}

impl Guesses {
    /// One account's password may be wrong `failures` times a minute from one address, all accounts' ten times as often.
    pub(crate) fn per_minute(failures: NonZeroU32) -> Self {
        Self {
            per_account: RateLimiter::keyed(Quota::per_minute(failures)),
            per_address: RateLimiter::keyed(Quota::per_minute(failures.saturating_mul(ACCOUNTS))),
            suspended: Mutex::default(),
        }
    }

    /// How long somebody who was wrong too often has to wait before the next attempt is looked at.
    pub(crate) fn wait(&self, account: &str, address: Option<IpAddr>) -> Option<Duration> {
        let suspended = self.suspended.lock().unwrap_or_else(PoisonError::into_inner);
        let until = guessers(account, address).iter().filter_map(|guesser| suspended.get(guesser)).max().copied()?;
        until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
    }

    /// Counts a password that was wrong.
    pub(crate) fn wrong(&self, account: &str, address: Option<IpAddr>) {
        for guesser in guessers(account, address) {
            let limiter = if matches!(guesser, Guesser::Account(..)) { &self.per_account } else { &self.per_address };
            if let Err(early) = limiter.check_key(&guesser) {
                let until = Instant::now() + early.wait_time_from(DefaultClock::default().now());
                self.suspended.lock().unwrap_or_else(PoisonError::into_inner).insert(guesser, until);
            }
        }
    }

    /// Forgets what is over.
    pub(crate) fn tidy(&self) {
        let now = Instant::now();
        self.suspended.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, until| *until > now);
        for limiter in [&self.per_account, &self.per_address] {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }
}

/// A name that cannot be an account's is one guesser with all its likes: strangers do not choose how much is kept.
fn guessers(account: &str, address: Option<IpAddr>) -> [Guesser; 2] {
    let counted = if store::is_account_name(account) { account } else { "" };
    [Guesser::Account(counted.to_owned(), address), Guesser::Address(address)]
}
