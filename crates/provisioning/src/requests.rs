//! Registrations and updates while their caller waits for the authorization server.
//!
//! The row of the copy is written before the server is asked, and decides about everything that a dropped request, a lost answer or
//! an ended process leaves behind.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use protocol::{ClientId, Issuer, RegisteredMetadata, Timestamp};
use store::{
    Client, ClientSummary, CopyPlace, NewClient, ProvisioningRow, ProvisioningState, SecretChange,
    Store, StoreError, TokenId, WriteLease,
};

use tokio::time::sleep;

use crate::adopt::{AdoptError, adopt_new, adopt_update};
use crate::call::{CallResult, unavailable};
use crate::connector::{ConnectorError, CopyHandle, ProvisionedClient};
use crate::counts::ProvisionOutcome;
use crate::delivery::{Delivery, read_store};
use crate::desired::{ClientExpiry, CopySecret, DesiredCopy};
use crate::provision_error::ProvisionError;
use crate::provisioner::Provisioner;
use crate::settings::Ready;

/// The time after the end of a request at which its row is taken from it.
const REQUEST_MARGIN: Duration = Duration::from_secs(10);

/// The time after which a client is asked to come again when the server keeps no further copy.
const RETRY_WHEN_FULL: Duration = Duration::from_mins(5);

/// The time after which the stored state is written again that an update left in doubt.
const RESTORE_AFTER: Duration = Duration::from_secs(1);

/// The interval at which a request looks for the end of another writer's work on the copy that it needs.
pub(crate) const WRITER_POLL: Duration = Duration::from_millis(20);

impl Provisioner {
    /// Registers a client: with `wait` after the authorization server has it, with `later` at once. The server may have chosen
    /// other credentials and members than those of `new`; the answer has them.
    ///
    /// # Errors
    /// When the client is refused, the server does not answer, or the store cannot write. Nothing stays then.
    pub async fn register(
        &self,
        store: &Store,
        new: NewClient,
        spend: Option<TokenId>,
    ) -> Result<ClientSummary, ProvisionError> {
        self.check_limits(&new.data.metadata)
            .map_err(ProvisionError::Limit)?;
        match self.settings.ready {
            Ready::Wait => self.register_there_first(store, new, spend).await,
            Ready::Later => {
                let (at_most, now) = (self.settings.at_most, self.services.clock.now());
                let handle = self.place(&new.data.id).and_then(|place| place.handle);
                let inserted = store.insert_pending(new, spend, handle, at_most, now).await;
                let summary = inserted.map_err(|error| self.store_error(error))?;
                self.is_full.store(false, Ordering::Relaxed);
                self.wake();
                Ok(summary)
            }
        }
    }

    async fn register_there_first(
        &self,
        store: &Store,
        new: NewClient,
        spend: Option<TokenId>,
    ) -> Result<ClientSummary, ProvisionError> {
        let deadline = Instant::now() + self.settings.patience;
        let slot = self.slot(deadline).await?;
        let (issuer, now) = (&self.settings.issuer, self.services.clock.now());
        let place = self.place(&new.data.id);
        let place = place.map(|place| (place.client_id, place.handle));
        let (until, at_most) = (self.request_end(now), self.settings.at_most);
        let begun = store.begin_create(issuer, place, until, at_most, now).await;
        let lease = begun.map_err(|error| self.store_error(error))?;
        self.is_full.store(false, Ordering::Relaxed);
        let revision = Client::FIRST_REVISION;
        let (id, scopes) = (new.data.id.clone(), self.scopes_supported());
        let wanted = DesiredCopy::from_new(&new.data, revision, scopes);
        let may_repeat = !self.connector.chooses_identifier();
        let call = self.call(slot, deadline, may_repeat, move |connector, deadline| {
            connector.create(&wanted.borrowed(), deadline)
        });
        let CallResult {
            result,
            is_uncertain,
        } = call.await;
        match result {
            Ok(made) => {
                self.counts.count(ProvisionOutcome::Created);
                self.complete(store, lease, new, spend, made).await
            }
            Err(error) => {
                let is_refused = self.is_refused(&id, &error);
                if is_refused && !is_uncertain {
                    store.cancel_create(&lease).await?;
                } else {
                    self.withdraw(store, &lease, None, &error.to_string()).await;
                }
                Err(self.call_error(error))
            }
        }
    }

    /// Stores the client of a registration that the server confirmed. What cannot be stored is taken back.
    async fn complete(
        &self,
        store: &Store,
        lease: WriteLease,
        mut new: NewClient,
        spend: Option<TokenId>,
        made: ProvisionedClient,
    ) -> Result<ClientSummary, ProvisionError> {
        if let Err(reason) = adopt_new(&mut new.data, &made) {
            self.withdraw(store, &lease, Some(made.place), reason).await;
            return Err(self.unusable(reason));
        }
        let now = self.services.clock.now();
        let data = &new.data;
        let expiry = self.expiry(ClientExpiry::new(
            data.secret.as_ref(),
            data.secret_expires_at,
            data.expires_at,
        ));
        let copy = expiry.confirmed(
            made.place.clone(),
            made.dropped_members,
            Client::FIRST_REVISION,
            now,
        );
        let error = match store.complete_create(&lease, new, spend, copy, now).await {
            Ok(summary) => {
                if expiry.client.is_some() || expiry.secret.is_some() {
                    self.wake();
                }
                return Ok(summary);
            }
            Err(error) => error,
        };
        match error {
            // The row is due for deletion already.
            StoreError::TokenExhausted => self.wake(),
            StoreError::Stale => {
                self.wake();
                return Err(unavailable(
                    "the registration was taken back before it was stored".to_owned(),
                    None,
                ));
            }
            // Another client has the identifier that the server chose, and its copy must stay.
            StoreError::Conflict => {
                store.cancel_create(&lease).await?;
                return Err(self
                    .unusable("the authorization server chose the identifier of another client"));
            }
            _ => {
                self.withdraw(store, &lease, Some(made.place), &error.to_string())
                    .await;
            }
        }
        Err(error.into())
    }

    /// Takes a registration back. If the store cannot write that, the deliverer does it when the time of the row has passed.
    async fn withdraw(
        &self,
        store: &Store,
        lease: &WriteLease,
        place: Option<CopyHandle>,
        reason: &str,
    ) {
        let now = self.services.clock.now();
        let place = place.map(|place| CopyPlace {
            client_id: place.client_id,
            handle: place.handle,
            token: place.token,
        });
        if let Err(error) = store.withdraw_create(lease, place, reason, now, now).await {
            tracing::warn!(
                provider = self.settings.issuer.as_str(),
                "a registration is taken back later: {error}"
            );
        }
        self.wake();
    }

    /// Replaces the metadata of a client here and at the authorization server.
    ///
    /// # Errors
    /// As [`Provisioner::register`]. The client keeps its state then, on both sides.
    pub async fn replace(
        &self,
        store: &Store,
        client: &Client,
        metadata: RegisteredMetadata,
        secret: SecretChange,
    ) -> Result<Client, ProvisionError> {
        self.check_limits(&metadata)
            .map_err(ProvisionError::Limit)?;
        let (id, now) = (&client.data.id, self.services.clock.now());
        if self.is_confirmed(client, &metadata, &secret).await? {
            return Ok(store.replace(client, metadata, secret, now).await?);
        }
        let handle = self.place(id).and_then(|place| place.handle);
        if self.settings.ready == Ready::Later {
            let replaced = store.replace_pending(client, metadata, secret, handle, now);
            let replaced = replaced.await?;
            self.wake();
            return Ok(replaced);
        }
        if self.connector.chooses_identifier() && self.row(id).await?.is_none() {
            // The client was registered before there was provisioning, and the server cannot be given its identifier.
            return Ok(store.replace(client, metadata, secret, now).await?);
        }
        let deadline = Instant::now() + self.settings.patience;
        self.await_other_writer(id, Instant::now() + self.settings.patience / 2)
            .await?;
        let slot = self.slot(deadline).await?;
        let now = self.services.clock.now();
        let begun = store.begin_update(client, handle, self.request_end(now), now);
        let (lease, row) = begun.await.map_err(|error| self.store_error(error))?;
        let place = self.place_of(&row, id);
        let wanted = self.candidate(client, &metadata, &secret);
        let may_repeat = !self.connector.chooses_identifier();
        let call = self.call(slot, deadline, may_repeat, move |connector, deadline| {
            connector.update(&wanted.borrowed(), &place, deadline)
        });
        match call.await.result {
            Ok(made) => {
                self.counts.count(ProvisionOutcome::Updated);
                self.complete_replacement(store, lease, client, (metadata, secret), made)
                    .await
            }
            Err(error) => {
                let (reason, again) = match self.is_refused(id, &error) {
                    true => (None, Duration::ZERO),
                    false => (Some(error.to_string()), RESTORE_AFTER),
                };
                self.release(store, lease, reason.as_deref(), again).await;
                Err(self.call_error(error))
            }
        }
    }

    /// Waits until the delivery in progress of a copy has ended: a client whose secret has just expired asks for another while
    /// its copy is written. A copy that is still being written then is refused by the store.
    async fn await_other_writer(
        &self,
        id: &ClientId,
        deadline: Instant,
    ) -> Result<(), ProvisionError> {
        while let Some(row) = self.row(id).await? {
            let now = self.services.clock.now();
            let is_written = row.is_in_flight && row.due_at.is_some_and(|until| until > now);
            if !is_written || Instant::now() >= deadline {
                break;
            }
            sleep(WRITER_POLL).await;
        }
        Ok(())
    }

    async fn complete_replacement(
        &self,
        store: &Store,
        lease: WriteLease,
        client: &Client,
        (metadata, secret): (RegisteredMetadata, SecretChange),
        made: ProvisionedClient,
    ) -> Result<Client, ProvisionError> {
        let (metadata, secret) = match adopt_update(client, metadata, secret, &made) {
            Ok(adopted) => adopted,
            Err(reason) => {
                self.release(store, lease, Some(reason), RESTORE_AFTER)
                    .await;
                return Err(self.unusable(reason));
            }
        };
        let now = self.services.clock.now();
        let data = &client.data;
        let (held, secret_expires_at) = match &secret {
            SecretChange::Keep => (data.secret.as_ref(), data.secret_expires_at),
            SecretChange::Issue(secret, expires_at) => (Some(secret), *expires_at),
            SecretChange::Remove => (None, None),
        };
        let expiry = self.expiry(ClientExpiry::new(held, secret_expires_at, data.expires_at));
        let revision = client.next_revision(&metadata, &secret);
        let copy = expiry.confirmed(made.place, made.dropped_members, revision, now);
        let stored = store.complete_update(&lease, client, metadata, secret, copy, now);
        match stored.await {
            Ok(client) => Ok(client),
            // The deliverer writes the stored state.
            Err(StoreError::Stale) => {
                self.wake();
                Err(unavailable(
                    "the client was changed before its update was stored".to_owned(),
                    None,
                ))
            }
            Err(error) => {
                self.release(store, lease, Some(&error.to_string()), RESTORE_AFTER)
                    .await;
                Err(error.into())
            }
        }
    }

    /// Gives the row of an update back, so that the deliverer writes the stored state. If the store cannot write that, the
    /// deliverer does it when the time of the row has passed.
    async fn release(
        &self,
        store: &Store,
        lease: WriteLease,
        reason: Option<&str>,
        again_after: Duration,
    ) {
        let due_at = self.services.clock.now().plus(again_after);
        if let Err(error) = store.release_update(&lease, reason, due_at).await {
            tracing::warn!(
                provider = self.settings.issuer.as_str(),
                "the copy of a client is restored later: {error}"
            );
        }
        self.wake();
    }

    /// Returns the state that an update wants at the server. A server that chooses secrets is sent the present secret
    /// (RFC 7592 §2.2).
    fn candidate(
        &self,
        client: &Client,
        metadata: &RegisteredMetadata,
        change: &SecretChange,
    ) -> DesiredCopy {
        let present = client.data.secret.as_ref();
        let secret = match change {
            _ if self.connector.chooses_identifier() => CopySecret::from_secret(present),
            SecretChange::Keep => CopySecret::from_secret(present),
            SecretChange::Issue(secret, _) => CopySecret::This(secret.clone()),
            SecretChange::Remove => CopySecret::None,
        };
        DesiredCopy {
            secret,
            metadata: metadata.clone(),
            ..DesiredCopy::from_new(
                &client.data,
                client.next_revision(metadata, change),
                self.scopes_supported(),
            )
        }
    }

    /// Writes the copy of a client that is in the store already, such as a client whose document was read: with `wait` before it
    /// returns, with `later` afterwards.
    ///
    /// # Errors
    /// As [`Provisioner::register`]; the client stays as it is here.
    pub async fn publish(&self, client_id: &ClientId) -> Result<(), ProvisionError> {
        let deadline = Instant::now() + self.settings.patience;
        let (store, now) = (&self.services.store, self.services.clock.now());
        let handle = self.place(client_id).and_then(|place| place.handle);
        let at_most = self.settings.at_most;
        let added = store.add_pending(&self.settings.issuer, client_id, handle, at_most, now);
        match added.await {
            Ok(_) | Err(StoreError::Conflict) => {}
            Err(error) => return Err(self.store_error(error)),
        }
        if self.settings.ready == Ready::Later {
            self.wake();
            return Ok(());
        }
        loop {
            let Some(row) = self.row(client_id).await? else {
                return Err(StoreError::Stale.into());
            };
            match row.state {
                ProvisioningState::Synced if row.synced_revision == Some(row.revision) => {
                    return Ok(());
                }
                // The server refused this state before.
                ProvisioningState::Rejected => {
                    return Err(ProvisionError::Rejected {
                        member: None,
                        reason: row.error.unwrap_or_default(),
                    });
                }
                _ => {}
            }
            match self.deliver(&row, deadline).await? {
                Delivery::Done => return Ok(()),
                Delivery::Refused(error) => return Err(self.call_error(error)),
                Delivery::NotMade(error) => return Err(error),
                Delivery::Taken if Instant::now() + WRITER_POLL < deadline => {
                    sleep(WRITER_POLL).await;
                }
                Delivery::Taken => {
                    let taken = "the copy is being written by another process".to_owned();
                    return Err(unavailable(taken, None));
                }
            }
        }
    }

    /// Returns the place that the copy of a client will have, unless the server chooses it.
    pub(crate) fn place(&self, client_id: &ClientId) -> Option<CopyHandle> {
        if self.connector.chooses_identifier() {
            return None;
        }
        self.connector.place(&self.settings.issuer, client_id).ok()
    }

    /// Returns the place of a copy: the stored one or, for a copy that was never made, the one that it will have.
    pub(crate) fn place_of(&self, row: &ProvisioningRow, client_id: &ClientId) -> CopyHandle {
        let computed = || self.place(client_id).and_then(|place| place.handle);
        CopyHandle {
            client_id: client_id.clone(),
            handle: row.handle.clone().or_else(computed),
            token: row.token.clone(),
        }
    }

    /// Returns the expiry as far as a connector has to act on it. A server that chooses secrets ends them itself.
    pub(crate) fn expiry(&self, expiry: ClientExpiry) -> ClientExpiry {
        ClientExpiry {
            secret: expiry
                .secret
                .filter(|_| !self.connector.chooses_identifier()),
            ..expiry
        }
    }

    fn request_end(&self, now: Timestamp) -> Timestamp {
        now.plus(self.settings.patience + REQUEST_MARGIN)
    }

    pub(crate) async fn row(
        &self,
        client_id: &ClientId,
    ) -> Result<Option<ProvisioningRow>, StoreError> {
        let (issuer, id): (Issuer, ClientId) = (self.settings.issuer.clone(), client_id.clone());
        read_store(&self.services.store, move |store| {
            store.provisioning_row(&issuer, &id)
        })
        .await
    }

    /// Returns true if the server refuses a client for good, and logs its reason, which the client is not told.
    pub(crate) fn is_refused(&self, client_id: &ClientId, error: &ConnectorError) -> bool {
        let is_refused = matches!(error, ConnectorError::Rejected { .. });
        if is_refused {
            tracing::warn!(
                provider = self.settings.issuer.as_str(),
                client_id = client_id.as_str(),
                "the authorization server refuses a client: {error}"
            );
        }
        is_refused
    }

    fn unusable(&self, reason: AdoptError) -> ProvisionError {
        tracing::error!(provider = self.settings.issuer.as_str(), "{reason}");
        unavailable(reason.to_owned(), None)
    }

    fn store_error(&self, error: StoreError) -> ProvisionError {
        match error {
            StoreError::TooManyCopies => {
                if !self.is_full.swap(true, Ordering::Relaxed) {
                    tracing::warn!(
                        provider = self.settings.issuer.as_str(),
                        at_most = self.settings.at_most,
                        "no further client is taken: provider.provision.at_most is reached"
                    );
                }
                ProvisionError::Full {
                    retry_after: RETRY_WHEN_FULL,
                }
            }
            StoreError::BeingWritten { until } => {
                let rest = until.seconds() - self.services.clock.now().seconds();
                unavailable(
                    "the copy of the client is being written".to_owned(),
                    u64::try_from(rest).ok().map(Duration::from_secs),
                )
            }
            error => error.into(),
        }
    }
}
