//! The limit on wrong client secrets, counted by client. RFC 6749 §2.3.1.
//!
//! The address does not count: every client's attempts come from the address of the authorization server, and one client's
//! failures must not refuse the others.

use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use protocol::{ClientId, Issuer};

use crate::failure_buckets::{FailureBuckets, REFILL};

/// The limit of each client at each provider.
pub struct FailedSecrets {
    /// The refill time of an attempt; `None` without a limit.
    step: Option<Duration>,
    buckets: FailureBuckets<(String, String)>,
}

impl FailedSecrets {
    /// Allows the secret of a client to be wrong `failures` times a minute; 0 for any number.
    pub fn per_minute(failures: u32) -> Self {
        Self {
            step: NonZeroU32::new(failures).map(|failures| REFILL / failures.get()),
            buckets: FailureBuckets::default(),
        }
    }

    /// Counts a wrong secret of a client that exists.
    ///
    /// # Errors
    /// The time to wait, if the client has reached its limit.
    pub fn count(&self, provider: &Issuer, id: &ClientId, now: Instant) -> Result<(), Duration> {
        self.buckets.count(self.keys(provider, id), now)
    }

    fn keys(&self, provider: &Issuer, id: &ClientId) -> Option<((String, String), Duration)> {
        let key = (provider.as_str().to_owned(), id.as_str().to_owned());
        self.step.map(|step| (key, step))
    }
}
