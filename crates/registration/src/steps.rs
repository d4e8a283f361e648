//! The steps that several handlers share.

use std::sync::Arc;

use admission::sector::{SectorDocument, SectorError};
use admission::{ClientRequest, agree};
use outbound::{Caller, FetchLimit};
use protocol::{LegacyRedirects, RegisteredMetadata, SentMembers, TokenTerms};
use store::{By, Information, NewClient, TokenId};

use crate::refusal::FETCHES;
use crate::throttle::Counted;
use crate::{Refusal, Registration};

impl Registration {
    /// Counts one registration.
    ///
    /// # Errors
    /// 429 when there were too many.
    pub(crate) fn limit(&self, key: Option<&Counted>) -> Result<(), Refusal> {
        self.throttle.admit(key)
    }

    /// Counts one update or deletion.
    ///
    /// # Errors
    /// 429 when there were too many.
    pub(crate) fn limit_updates(&self, key: Option<&Counted>) -> Result<(), Refusal> {
        self.updates.admit(key)
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
            now: self.clock.now(),
        };
        Ok(agree(&self.policy, &self.fetcher, request)?)
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
        let checked = document.check(&self.fetcher, caller(), self.clock.now());
        checked.await.map_err(|error| match error {
            SectorError::Invalid(invalid) => invalid.into(),
            SectorError::Limit(FetchLimit::Caller) => {
                Refusal::TooMany(FETCHES, self.fetcher.timeout())
            }
            SectorError::Limit(FetchLimit::Queue) => Refusal::Fetches(self.fetcher.timeout()),
        })
    }

    /// Stores a new client, and counts the use of the initial access token that it registered with.
    ///
    /// # Errors
    /// Those of the store.
    pub(crate) async fn insert(
        &self,
        actor: Arc<By>,
        client: NewClient,
        token: Option<TokenId>,
    ) -> Result<Information, Refusal> {
        let store = self.store.by(actor);
        Ok(store.insert(client, token, self.clock.now()).await?)
    }
}
