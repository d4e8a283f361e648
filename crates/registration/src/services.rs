//! The objects that every provider of a process works with.

use std::sync::Arc;

use access::{PasswordVerifier, RefusalLog, RegistrationLimiter};
use outbound::Fetcher;
use protocol::Clock;
use store::Store;

use protocol::RandomSource;

/// The objects that all providers of a process share. Clones share them too.
#[derive(Clone)]
pub struct Services {
    /// The store, migrated.
    pub store: Store,
    /// The fetcher of sector documents.
    pub fetcher: Fetcher,
    /// The clock.
    pub clock: Clock,
    /// The source of identifiers, secrets and tokens.
    pub random: RandomSource,
    /// The limits on registrations, updates and deletions.
    pub limiter: Arc<RegistrationLimiter>,
    /// The verifier of account passwords.
    pub passwords: Arc<PasswordVerifier>,
    /// The refusals that are not in the audit trail yet.
    pub refusals: Arc<RefusalLog>,
}
