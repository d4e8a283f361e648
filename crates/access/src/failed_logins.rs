//! The limit on wrong passwords. Attempts are counted by account and by address before they are verified. RFC 7617 §4.

use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use protocol::lock;

/// The limit for all accounts together, from an address, as a multiple of the limit for an account: each wrong password costs a
/// slow hash, for any name.
const ACCOUNTS: NonZeroU32 = NonZeroU32::MIN.saturating_add(9);

/// The time in which an empty bucket is full again.
const REFILL: Duration = Duration::from_mins(1);

/// The number of buckets from which on full ones are removed.
const SWEEP_MIN: usize = 1024;

/// The attempts that share a limit.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum FailedLoginKey {
    /// The attempts for an account, from an address.
    Account(String, Option<IpAddr>),
    /// The attempts for all accounts, from an address.
    Address(Option<IpAddr>),
}

/// The limits that are partly used: a bucket for each key, which an attempt empties by a step and time refills.
pub(crate) struct FailedLogins {
    /// The refill time of an attempt in the bucket of an account.
    account_step: Duration,
    /// The refill time of an attempt in the bucket of all accounts.
    address_step: Duration,
    buckets: Mutex<FailureBuckets>,
}

struct FailureBuckets {
    /// The instant at which a bucket is full again.
    full_at: HashMap<FailedLoginKey, Instant>,
    sweep_at: usize,
}

impl FailedLogins {
    /// Allows an account's password to be wrong `failures` times a minute from an address, all accounts' ten times as often.
    pub(crate) fn per_minute(failures: NonZeroU32) -> Self {
        Self {
            account_step: REFILL / failures.get(),
            address_step: REFILL / failures.saturating_mul(ACCOUNTS).get(),
            buckets: Mutex::new(FailureBuckets {
                full_at: HashMap::new(),
                sweep_at: SWEEP_MIN,
            }),
        }
    }

    /// Counts an attempt.
    ///
    /// # Errors
    /// The time to wait, if the account or the address has reached its limit. The attempt is not counted then.
    pub(crate) fn count(
        &self,
        account: &str,
        address: Option<IpAddr>,
        now: Instant,
    ) -> Result<(), Duration> {
        let mut buckets = lock(&self.buckets);
        let counted = self.keys(account, address).map(|(key, step)| {
            let full_at = buckets.full_at.get(&key).map_or(now, |at| (*at).max(now));
            (key, full_at + step)
        });
        let wait = counted
            .iter()
            .map(|(_, full_at)| full_at.duration_since(now).saturating_sub(REFILL))
            .max();
        if let Some(wait) = wait.filter(|wait| !wait.is_zero()) {
            return Err(wait);
        }
        buckets.full_at.extend(counted);
        if buckets.full_at.len() >= buckets.sweep_at {
            buckets.sweep(now);
        }
        Ok(())
    }

    /// Takes back attempts that were counted and had the right password, or were never verified.
    pub(crate) fn give_back(&self, account: &str, address: Option<IpAddr>, attempts: u32) {
        let mut buckets = lock(&self.buckets);
        for (key, step) in self.keys(account, address) {
            if let Some(full_at) = buckets.full_at.get_mut(&key) {
                *full_at = full_at
                    .checked_sub(step.saturating_mul(attempts))
                    .unwrap_or(*full_at);
            }
        }
    }

    /// Removes the buckets that are full again.
    pub(crate) fn remove_expired(&self, now: Instant) {
        lock(&self.buckets).sweep(now);
    }

    /// Returns the keys of an attempt with its refill time for each. All names that no account can have share a key, so that callers
    /// cannot fill memory with names.
    fn keys(&self, account: &str, address: Option<IpAddr>) -> [(FailedLoginKey, Duration); 2] {
        let name = if store::is_account_name(account) {
            account
        } else {
            ""
        };
        [
            (
                FailedLoginKey::Account(name.to_owned(), address),
                self.account_step,
            ),
            (FailedLoginKey::Address(address), self.address_step),
        ]
    }
}

impl FailureBuckets {
    fn sweep(&mut self, now: Instant) {
        self.full_at.retain(|_, full_at| *full_at > now);
        self.full_at.shrink_to(SWEEP_MIN);
        self.sweep_at = self.full_at.len().saturating_mul(2).max(SWEEP_MIN);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(failures: u32) -> FailedLogins {
        FailedLogins::per_minute(NonZeroU32::new(failures).unwrap())
    }

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    #[test]
    fn account_share_is_used_up_and_refills() {
        let (limits, now) = (limits(3), Instant::now());
        let count = |name: &str, from: u8, after: u64| {
            limits.count(name, Some(address(from)), now + Duration::from_secs(after))
        };
        assert_eq!([0; 3].map(|after| count("alice", 1, after)), [Ok(()); 3]);
        assert_eq!(count("alice", 1, 0), Err(Duration::from_secs(20)));
        assert_eq!(
            count("alice", 1, 15),
            Err(Duration::from_secs(5)),
            "a refused attempt is not counted"
        );
        assert_eq!(count("alice", 2, 0), Ok(()));
        assert_eq!(count("bob", 1, 0), Ok(()));
        assert_eq!(count("alice", 1, 20), Ok(()));
        assert!(count("alice", 1, 20).is_err());
    }

    #[test]
    fn address_share_is_ten_times_an_accounts() {
        let (limits, now) = (limits(1), Instant::now());
        for number in 0..10 {
            assert_eq!(
                limits.count(&format!("name{number}"), Some(address(1)), now),
                Ok(()),
                "{number}"
            );
        }
        assert_eq!(
            limits.count("another", Some(address(1)), now),
            Err(Duration::from_secs(6))
        );
        assert_eq!(limits.count("another", Some(address(2)), now), Ok(()));
        assert_eq!(limits.count("another", None, now), Ok(()));
    }

    #[test]
    fn right_password_gives_its_count_back() {
        let (limits, now) = (limits(2), Instant::now());
        for _ in 0..100 {
            assert_eq!(limits.count("alice", Some(address(1)), now), Ok(()));
            assert_eq!(limits.count("alice", Some(address(1)), now), Ok(()));
            assert!(limits.count("alice", Some(address(1)), now).is_err());
            limits.give_back("alice", Some(address(1)), 2);
        }
        limits.give_back("alice", Some(address(1)), 1000);
        assert_eq!(limits.count("alice", Some(address(1)), now), Ok(()));
        assert_eq!(limits.count("alice", Some(address(1)), now), Ok(()));
        assert!(
            limits.count("alice", Some(address(1)), now).is_err(),
            "a bucket is never more than full"
        );
    }

    #[test]
    fn full_buckets_are_removed() {
        let (limits, now) = (limits(10), Instant::now());
        let kept = || limits.buckets.lock().unwrap().full_at.len();
        for minute in 0..100_u64 {
            for from in 0..200 {
                limits
                    .count(
                        "alice",
                        Some(address(from)),
                        now + REFILL * u32::try_from(minute).unwrap(),
                    )
                    .unwrap();
            }
        }
        assert!(kept() <= SWEEP_MIN, "{}", kept());
        limits.remove_expired(now + REFILL * 200);
        assert_eq!(kept(), 0);
        for name in ["a b", "ä", "", "\0"] {
            limits.count(name, None, now).unwrap();
        }
        assert_eq!(kept(), 2, "impossible names share a key");
    }
}
