//! The steps that several handlers share.

use std::net::IpAddr;
use std::sync::Arc;

use access::RateLimitKey;
use admission::sector::{SectorDocument, SectorError};
use admission::{ClientRequest, agree};
use outbound::{Caller, FetchLimit};
use protocol::{LegacyRedirects, RegisteredMetadata, SentMembers, TokenTerms};
use store::{Actor, ClientSummary, NewClient, TokenId};

use crate::refusal::{FETCHES, REGISTRATIONS, UPDATES};
use crate::{Refusal, Registration};

impl Registration {
    /// Counts a registration.
    ///
    /// # Errors
    /// 429 when there were too many.
    pub(crate) fn limit(&self, key: Option<&RateLimitKey>) -> Result<(), Refusal> {
        self.services
            .limiter
            .count_registration(key)
            .map_err(|wait| Refusal::TooMany(REGISTRATIONS, wait))
    }

    /// Counts an update or deletion.
    ///
    /// # Errors
    /// 429 when there were too many.
    pub(crate) fn limit_updates(&self, key: Option<&RateLimitKey>) -> Result<(), Refusal> {
        self.services
            .limiter
            .count_update(key)
            .map_err(|wait| Refusal::TooMany(UPDATES, wait))
    }

    /// Decides about metadata, before anything is fetched.
    ///
    /// # Errors
    /// When it is rejected.
    pub(crate) fn agree(
        &self,
        members: SentMembers,
        redirects: LegacyRedirects<'_>,
        may_introduce_patterns: bool,
        terms: Option<&TokenTerms>,
    ) -> Result<RegisteredMetadata, Refusal> {
        let request = ClientRequest {
            members,
            redirects,
            may_introduce_patterns,
            terms,
            now: self.services.clock.now(),
        };
        Ok(agree(&self.policy, &self.services.fetcher, request)?.metadata)
    }

    /// Checks the sector document of agreed metadata, if it needs one.
    ///
    /// # Errors
    /// When it is rejected; 429 while the caller has too many fetches in progress, and 503 while all callers together have.
    pub(crate) async fn check_sector(
        &self,
        agreed: &RegisteredMetadata,
        caller: impl FnOnce() -> Caller,
    ) -> Result<(), Refusal> {
        let Some(document) = SectorDocument::required_by(agreed.members())? else {
            return Ok(());
        };
        let checked = document.check(&self.services.fetcher, caller(), self.services.clock.now());
        checked.await.map_err(|error| match error {
            SectorError::Invalid(invalid) => invalid.into(),
            SectorError::Limit(FetchLimit::Caller) => {
                Refusal::TooMany(FETCHES, self.services.fetcher.timeout())
            }
            SectorError::Limit(FetchLimit::Queue) => {
                Refusal::Fetches(self.services.fetcher.timeout())
            }
        })
    }

    /// Stores a new client, and counts the use of the initial access token that it registered with.
    ///
    /// # Errors
    /// The refusal that follows from the store's error.
    pub(crate) async fn insert(
        &self,
        actor: Arc<Actor>,
        client: NewClient,
        token: Option<TokenId>,
    ) -> Result<ClientSummary, Refusal> {
        let store = self.services.store.acting_as(actor);
        Ok(store
            .insert(client, token, self.services.clock.now())
            .await?)
    }
}

/// Returns the party for which documents are fetched: the limited caller, at an address.
pub(crate) fn fetch_caller(key: Option<&RateLimitKey>, address: Option<IpAddr>) -> Caller {
    Caller {
        name: key.map_or_else(String::new, ToString::to_string),
        address,
    }
}
