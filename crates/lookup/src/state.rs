//! The state of the lookup.

use std::time::Duration;

use access::FailedSecrets;
use protocol::{Clock, Issuer};
use store::Store;

use crate::counts::LookupCounts;
use crate::verified_tokens::VerifiedTokens;

/// The state of the lookup.
pub struct Lookup {
    /// The store.
    pub store: Store,
    /// The clock.
    pub clock: Clock,
    /// The issuers of the providers whose clients can be looked up.
    pub providers: Vec<Issuer>,
    /// The time for which an answer may be used without asking again.
    pub max_age: Duration,
    /// The limit on wrong client secrets.
    pub failures: FailedSecrets,
    /// The tokens that were verified lately.
    pub tokens: VerifiedTokens,
    /// The numbers of answers.
    pub counts: LookupCounts,
}

impl Lookup {
    /// Makes the state.
    pub fn new(
        store: Store,
        clock: Clock,
        providers: Vec<Issuer>,
        max_age: Duration,
        failed_secrets_per_minute: u32,
    ) -> Self {
        Self {
            counts: LookupCounts::new(&providers),
            store,
            clock,
            providers,
            max_age,
            failures: FailedSecrets::per_minute(failed_secrets_per_minute),
            tokens: VerifiedTokens::default(),
        }
    }
}
