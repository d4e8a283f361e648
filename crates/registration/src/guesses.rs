//! Passwords that may be wrong, counted by account and by address before they are verified. RFC 7617 §4.

use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The share of all accounts together, from one address, as a multiple of one account's: each wrong password costs a hash that
/// was made to be slow, whatever the name.
const ACCOUNTS: NonZeroU32 = NonZeroU32::MIN.saturating_add(9);

/// The time in which a used share is whole again.
const REFILL: Duration = Duration::from_mins(1);

/// The number of shares from which on those that are whole again are looked for.
const SWEEP_MIN: usize = 1024;

/// The attempts that are counted together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Guesser {
    /// Those for one account, from one address.
    Account(String, Option<IpAddr>),
    /// Those for all accounts, from one address.
    Address(Option<IpAddr>),
}

/// The shares that are not whole: a bucket for each guesser, which one attempt empties by a step and time fills.
pub(crate) struct Guesses {
    /// The time that one attempt costs one account's share.
    account_step: Duration,
    /// The time that one attempt costs the share of all accounts.
    address_step: Duration,
    buckets: Mutex<Buckets>,
}

struct Buckets {
    /// The instant at which a share is whole again.
    whole_at: HashMap<Guesser, Instant>,
    sweep_at: usize,
}

impl Guesses {
    /// Allows one account's password to be wrong `failures` times a minute from one address, all accounts' ten times as often.
    pub(crate) fn per_minute(failures: NonZeroU32) -> Self {
        Self {
            account_step: REFILL / failures.get(),
            address_step: REFILL / failures.saturating_mul(ACCOUNTS).get(),
            buckets: Mutex::new(Buckets {
                whole_at: HashMap::new(),
                sweep_at: SWEEP_MIN,
            }),
        }
    }

    /// Counts one attempt.
    ///
    /// # Errors
    /// The time to wait, where the account or the address has used its share; nothing is counted then.
    pub(crate) fn count(
        &self,
        account: &str,
        address: Option<IpAddr>,
        now: Instant,
    ) -> Result<(), Duration> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let counted = self.guessers(account, address).map(|(guesser, step)| {
            let whole_at = buckets
                .whole_at
                .get(&guesser)
                .map_or(now, |at| (*at).max(now));
            (guesser, whole_at + step)
        });
        let wait = counted
            .iter()
            .map(|(_, whole_at)| whole_at.duration_since(now).saturating_sub(REFILL))
            .max();
        if let Some(wait) = wait.filter(|wait| !wait.is_zero()) {
            return Err(wait);
        }
        buckets.whole_at.extend(counted);
        if buckets.whole_at.len() >= buckets.sweep_at {
            buckets.sweep(now);
        }
        Ok(())
    }

    /// Takes back attempts that were counted and turned out to be right, or were never verified.
    pub(crate) fn give_back(&self, account: &str, address: Option<IpAddr>, attempts: u32) {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        for (guesser, step) in self.guessers(account, address) {
            if let Some(whole_at) = buckets.whole_at.get_mut(&guesser) {
                *whole_at = whole_at
                    .checked_sub(step.saturating_mul(attempts))
                    .unwrap_or(*whole_at);
            }
        }
    }

    /// Forgets the shares that are whole again.
    pub(crate) fn tidy(&self, now: Instant) {
        self.buckets
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .sweep(now);
    }

    /// Returns the guessers of an attempt with its cost to each. Names that no account can have are one guesser: strangers do not
    /// choose how much is kept.
    fn guessers(&self, account: &str, address: Option<IpAddr>) -> [(Guesser, Duration); 2] {
        let name = if store::is_account_name(account) {
            account
        } else {
            ""
        };
        [
            (
                Guesser::Account(name.to_owned(), address),
                self.account_step,
            ),
            (Guesser::Address(address), self.address_step),
        ]
    }
}

impl Buckets {
    fn sweep(&mut self, now: Instant) {
        self.whole_at.retain(|_, whole_at| *whole_at > now);
        self.whole_at.shrink_to(SWEEP_MIN);
        self.sweep_at = self.whole_at.len().saturating_mul(2).max(SWEEP_MIN);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guesses(failures: u32) -> Guesses {
        Guesses::per_minute(NonZeroU32::new(failures).unwrap())
    }

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    #[test]
    fn account_share_is_used_up_and_refills() {
        let (guesses, now) = (guesses(3), Instant::now());
        let count = |name: &str, from: u8, after: u64| {
            guesses.count(name, Some(address(from)), now + Duration::from_secs(after))
        };
        assert_eq!([0; 3].map(|after| count("alice", 1, after)), [Ok(()); 3]);
        assert_eq!(count("alice", 1, 0), Err(Duration::from_secs(20)));
        assert_eq!(
            count("alice", 1, 15),
            Err(Duration::from_secs(5)),
            "what is refused costs nothing"
        );
        assert_eq!(count("alice", 2, 0), Ok(()));
        assert_eq!(count("bob", 1, 0), Ok(()));
        assert_eq!(count("alice", 1, 20), Ok(()));
        assert!(count("alice", 1, 20).is_err());
    }

    #[test]
    fn address_share_is_ten_times_an_accounts() {
        let (guesses, now) = (guesses(1), Instant::now());
        for number in 0..10 {
            assert_eq!(
                guesses.count(&format!("name{number}"), Some(address(1)), now),
                Ok(()),
                "{number}"
            );
        }
        assert_eq!(
            guesses.count("another", Some(address(1)), now),
            Err(Duration::from_secs(6))
        );
        assert_eq!(guesses.count("another", Some(address(2)), now), Ok(()));
        assert_eq!(guesses.count("another", None, now), Ok(()));
    }

    #[test]
    fn right_password_gives_its_count_back() {
        let (guesses, now) = (guesses(2), Instant::now());
        for _ in 0..100 {
            assert_eq!(guesses.count("alice", Some(address(1)), now), Ok(()));
            assert_eq!(guesses.count("alice", Some(address(1)), now), Ok(()));
            assert!(guesses.count("alice", Some(address(1)), now).is_err());
            guesses.give_back("alice", Some(address(1)), 2);
        }
        guesses.give_back("alice", Some(address(1)), 1000);
        assert_eq!(guesses.count("alice", Some(address(1)), now), Ok(()));
        assert_eq!(guesses.count("alice", Some(address(1)), now), Ok(()));
        assert!(
            guesses.count("alice", Some(address(1)), now).is_err(),
            "a share is never more than whole"
        );
    }

    #[test]
    fn whole_shares_are_forgotten() {
        let (guesses, now) = (guesses(10), Instant::now());
        let kept = || guesses.buckets.lock().unwrap().whole_at.len();
        for minute in 0..100_u64 {
            for from in 0..200 {
                guesses
                    .count(
                        "alice",
                        Some(address(from)),
                        now + REFILL * u32::try_from(minute).unwrap(),
                    )
                    .unwrap();
            }
        }
        assert!(kept() <= SWEEP_MIN, "{}", kept());
        guesses.tidy(now + REFILL * 200);
        assert_eq!(kept(), 0);
        for name in ["a b", "ä", "", "\0"] {
            guesses.count(name, None, now).unwrap();
        }
        assert_eq!(kept(), 2, "names that cannot be are one guesser");
    }
}
