//! The limit on wrong passwords. Attempts are counted by account and by address before they are verified. RFC 7617 §4.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use crate::failure_buckets::{FailureBuckets, REFILL};

/// The limit for all accounts together, from an address, as a multiple of the limit for an account: each wrong password costs a
/// slow hash, for any name.
const ACCOUNTS: NonZeroU32 = NonZeroU32::MIN.saturating_add(9);

/// The attempts that share a limit.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum FailedLoginKey {
    /// The attempts for an account, from an address.
    Account(String, Option<IpAddr>),
    /// The attempts for all accounts, from an address.
    Address(Option<IpAddr>),
}

/// The limits that are partly used: a bucket for each account and address.
pub(crate) struct FailedLogins {
    /// The refill time of an attempt in the bucket of an account.
    account_step: Duration,
    /// The refill time of an attempt in the bucket of all accounts.
    address_step: Duration,
    buckets: FailureBuckets<FailedLoginKey>,
}

impl FailedLogins {
    /// Allows an account's password to be wrong `failures` times a minute from an address, all accounts' ten times as often.
    pub(crate) fn per_minute(failures: NonZeroU32) -> Self {
        Self {
            account_step: REFILL / failures.get(),
            address_step: REFILL / failures.saturating_mul(ACCOUNTS).get(),
            buckets: FailureBuckets::default(),
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
        self.buckets.count(self.keys(account, address), now)
    }

    /// Takes back attempts that were counted and had the right password, or were never verified.
    pub(crate) fn give_back(&self, account: &str, address: Option<IpAddr>, attempts: u32) {
        self.buckets
            .give_back(self.keys(account, address), attempts);
    }

    /// Removes the buckets that are full again.
    pub(crate) fn remove_expired(&self, now: Instant) {
        self.buckets.remove_expired(now);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure_buckets::SWEEP_MIN;

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
        let kept = || limits.buckets.len();
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
