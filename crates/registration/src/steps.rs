//! The steps that several handlers share.

use std::net::IpAddr;
use std::sync::Arc;

use access::RateLimitKey;
use actix_web::{HttpRequest, HttpResponse};
use admission::sector::{SectorDocument, SectorError};
use admission::{ClientRequest, Policy, agree};
use oauth_http::{Failure, peer};
use outbound::{Caller, FetchLimit};
use protocol::{ClientId, LegacyRedirects, Object, RegisteredMetadata, Secret, TokenTerms};
use store::audit::AuditEvent;
use store::{Account, Actor, Client, ClientSummary, NewClient, SecretChange, Store, TokenId};

use crate::issue::{self, AgreedClient};
use crate::refusal::{FETCHES, REGISTRATIONS, UPDATES};
use crate::registrant::Registrant;
use crate::{Refusal, Registration, outcome, response};

/// A request for registration, at any endpoint, whose caller was authenticated.
pub(crate) struct RegistrationRequest<'a> {
    /// The provider.
    pub(crate) registration: &'a Registration,
    /// The rules of the provider when the request came.
    pub(crate) policy: Arc<Policy>,
    /// The caller.
    pub(crate) registrant: &'a Registrant,
    request: &'a HttpRequest,
    actor: Arc<Actor>,
}

impl<'a> RegistrationRequest<'a> {
    pub(crate) fn new(
        registration: &'a Registration,
        registrant: &'a Registrant,
        request: &'a HttpRequest,
    ) -> Self {
        let actor = Arc::new(registrant.actor(request));
        Self {
            registration,
            policy: registration.policy.load_full(),
            registrant,
            request,
            actor,
        }
    }

    /// Does `work`, and records its outcome.
    ///
    /// # Errors
    /// That of `work`.
    pub(crate) async fn record(
        &self,
        work: impl Future<Output = Result<HttpResponse, Failure>>,
    ) -> Result<HttpResponse, Failure> {
        let event = AuditEvent::RegistrationRefused;
        outcome::record(self.registration, event, &self.actor, None, work).await
    }

    /// Counts the request, before its body is read.
    ///
    /// # Errors
    /// 429 when the caller sent too many.
    pub(crate) fn limit(&self) -> Result<(), Refusal> {
        if self.registrant.is_anonymous() && peer::is_unthrottled(self.request) {
            return Ok(());
        }
        let key = self.registrant.rate_limit_key(self.request);
        let limiter = &self.registration.services.limiter;
        limiter
            .count_registration(key.as_ref())
            .map_err(|wait| Refusal::TooMany(REGISTRATIONS, wait))
    }

    /// Registers a client whose metadata was agreed to: checks its sector document, issues its credentials, stores it, and counts
    /// the use of the initial access token.
    ///
    /// # Errors
    /// When the sector document is rejected, or the store cannot write.
    pub(crate) async fn register(&self, agreed: AgreedClient) -> Result<HttpResponse, Refusal> {
        let registration = self.registration;
        let caller = || {
            let key = self.registrant.rate_limit_key(self.request);
            let address = peer::client_address_unless_proxy(self.request);
            fetch_caller(key.as_ref(), address)
        };
        registration.check_sector(&agreed.metadata, caller).await?;
        let (client, token) = issue::new_client(registration, agreed)?;
        let store = registration
            .services
            .store
            .acting_as(Arc::clone(&self.actor));
        let spend = self.registrant.token_id();
        let summary = registration.insert(&store, client, spend).await?;
        let issuer = &registration.issuer;
        Ok(response::created(&summary, &token, issuer))
    }
}

impl Registration {
    /// Returns the account that has this name and password.
    ///
    /// # Errors
    /// 429 after too many wrong passwords, 503 while too many wait to be verified.
    pub(crate) async fn account(
        &self,
        name: String,
        password: Secret,
        address: Option<IpAddr>,
    ) -> Result<Option<Account>, Refusal> {
        let (passwords, issuer) = (&self.services.passwords, &self.issuer);
        Ok(passwords.verify(issuer, name, password, address).await?)
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

    /// Stores a new client. Where clients are written into an authorization server too, the answer has the values that it chose.
    ///
    /// # Errors
    /// When the store cannot write, or the authorization server refuses the client or does not answer. Nothing is stored then.
    pub(crate) async fn insert(
        &self,
        store: &Store,
        client: NewClient,
        spend: Option<TokenId>,
    ) -> Result<ClientSummary, Refusal> {
        match &self.provisioner {
            Some(provisioner) => Ok(provisioner.register(store, client, spend).await?),
            None => Ok(store
                .insert(client, spend, self.services.clock.now())
                .await?),
        }
    }

    /// Replaces the metadata of a client.
    ///
    /// # Errors
    /// As [`Registration::insert`]; 409 when another request changed the client first. The client keeps its state then.
    pub(crate) async fn replace(
        &self,
        store: &Store,
        client: &Client,
        metadata: RegisteredMetadata,
        secret: SecretChange,
    ) -> Result<Client, Refusal> {
        let replaced = if let Some(provisioner) = &self.provisioner {
            provisioner.replace(store, client, metadata, secret).await?
        } else {
            let now = self.services.clock.now();
            store.replace(client, metadata, secret, now).await?
        };
        Ok(replaced)
    }

    /// Deletes a client. Returns false if another request deleted it first.
    ///
    /// # Errors
    /// When the store cannot write.
    pub(crate) async fn delete(&self, store: &Store, id: &ClientId) -> Result<bool, Refusal> {
        match &self.provisioner {
            Some(provisioner) => Ok(provisioner.delete(store, id).await?),
            None => Ok(store.delete(id).await?),
        }
    }

    /// Deletes a client at a WSO2 endpoint. Returns false if another request deleted it first.
    ///
    /// # Errors
    /// When the store cannot write.
    pub(crate) async fn unregister(&self, store: &Store, id: &ClientId) -> Result<bool, Refusal> {
        match &self.provisioner {
            Some(provisioner) => Ok(provisioner.unregister(store, id).await?),
            None => Ok(store.unregister(id).await?),
        }
    }

    /// Decides about metadata, before anything is fetched.
    ///
    /// # Errors
    /// When it is rejected.
    pub(crate) fn agree(
        &self,
        policy: &Policy,
        members: Object,
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
        Ok(agree(policy, &self.services.fetcher, request)?.metadata)
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
}

/// Returns the party for which documents are fetched: the limited caller, at an address.
pub(crate) fn fetch_caller(key: Option<&RateLimitKey>, address: Option<IpAddr>) -> Caller {
    Caller {
        name: key.map_or_else(String::new, ToString::to_string),
        address,
    }
}
