//! The state of the lookup.

use std::sync::Arc;
use std::time::Duration;

use access::{FailedSecrets, RefusalLog};
use documents::Documents;
use oauth_http::{Failure, blocking};
use protocol::{ClientId, Clock, Issuer, Timestamp};
use store::{ClientState, Store};

use crate::counts::LookupCounts;
use crate::refusal::LookupRefusal;
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
    /// The client ID metadata documents of those providers.
    pub documents: Vec<Arc<Documents>>,
    /// The refusals that are not in the audit trail yet.
    pub refusals: Arc<RefusalLog>,
}

impl Lookup {
    /// Makes the state of a lookup for the providers with these documents.
    pub fn new(
        store: Store,
        clock: Clock,
        documents: Vec<Arc<Documents>>,
        max_age: Duration,
        failed_secrets_per_minute: u32,
        refusals: Arc<RefusalLog>,
    ) -> Self {
        let issuer = |one: &Arc<Documents>| one.settings().issuer.clone();
        let providers: Vec<Issuer> = documents.iter().map(issuer).collect();
        Self {
            counts: LookupCounts::new(&providers),
            store,
            clock,
            providers,
            documents,
            max_age,
            failures: FailedSecrets::per_minute(failed_secrets_per_minute),
            tokens: VerifiedTokens::default(),
            refusals,
        }
    }

    /// Returns the state of a client of a provider.
    ///
    /// # Errors
    /// The store does not answer, or the client's row is damaged.
    pub(crate) async fn state(
        &self,
        provider: &Issuer,
        id: &ClientId,
        now: Timestamp,
    ) -> Result<ClientState, Failure> {
        let found = self.store.look_up(provider, id, now).await;
        if let Some(state) = found.map_err(LookupRefusal::from)? {
            return Ok(state);
        }
        let (store, provider, id) = (self.store.clone(), provider.clone(), id.clone());
        let ended = blocking(move || store.end_of_client(&provider, &id)).await?;
        Ok(ended.map_err(LookupRefusal::from)?)
    }
}
