//! The copies of clients at authorization servers, as registrations and updates change them.
//!
//! With the copy first (`wait`), the intent is durable before the server is asked: [`Store::begin_create`] and
//! [`Store::begin_update`] give the right to write the copy until a time, and another write ends that right. A process that ends in
//! between leaves a row that is due then. With the copy later, the row is written in the client's own transaction.

use protocol::{ClientId, Issuer, RegisteredMetadata, Timestamp};

use crate::Store;
use crate::audit::AuditEvent;
use crate::audit_row::AuditRow;
use crate::change::ClientChange;
use crate::change_result::ChangeResult;
use crate::client::{Client, ClientSummary, NewClient, SecretChange};
use crate::client_row::has_no_nul;
use crate::clients::{Replacement, is_unchanged};
use crate::error::StoreError;
use crate::pending_write::PendingWrite;
use crate::provisioning_change::{PlaceColumns, ProvisioningChange};
use crate::provisioning_row::{
    ConfirmedColumns, ConfirmedCopy, CopyPlace, ProvisioningColumns, ProvisioningRow, WriteLease,
    refuse_nul, seal_token, stored_error,
};
use crate::token_id::TokenId;

impl Store {
    /// Stores the intent of a registration before the server is asked. `place` is the client
    /// identifier with the server's own name of the copy; `None`: the server chooses them. The
    /// registration may write the copy until `due_at`; after that it is taken back.
    ///
    /// # Errors
    /// [`StoreError::TooManyCopies`] if the provider has `at_most` copies that are not being deleted (0: no limit);
    /// [`StoreError::Conflict`] if there is a row of this client; [`StoreError::Unavailable`].
    pub fn begin_create(
        &self,
        provider: &Issuer,
        place: Option<(ClientId, Option<String>)>,
        due_at: Timestamp,
        at_most: u32,
        now: Timestamp,
    ) -> PendingWrite<WriteLease> {
        let (client_id, handle) = match place {
            None => (None, None),
            Some((id, handle)) => (Some(id), handle),
        };
        let id = client_id.as_ref().map_or("", ClientId::as_str);
        let row = match self.pending_row(provider, id, handle, Client::FIRST_REVISION, now) {
            Ok(row) => ProvisioningColumns {
                client_id: client_id.map(|id| id.as_str().to_owned()),
                ..row.creating(due_at)
            },
            Err(error) => return PendingWrite::rejected(error),
        };
        let lease = WriteLease::new(&row);
        let change = ProvisioningChange::BeginCreate { row, at_most };
        self.provision(change, None, |result| match result {
            ChangeResult::Full => Err(StoreError::TooManyCopies),
            _ => Ok(lease),
        })
    }

    /// Stores the client of a registration after the server confirmed its copy, and takes one use off its
    /// initial access token, in the transaction that confirms the row.
    ///
    /// # Errors
    /// [`StoreError::Stale`] if the registration was taken back meanwhile, since its time had passed;
    /// [`StoreError::TokenExhausted`], and then the copy is going to be deleted;
    /// [`StoreError::Conflict`] if there is a client with this identifier, and then the lease still has to be ended with
    /// [`Store::withdraw_create`]; [`StoreError::Unavailable`].
    pub fn complete_create(
        &self,
        lease: &WriteLease,
        new: NewClient,
        spend: Option<TokenId>,
        copy: ConfirmedCopy,
        now: Timestamp,
    ) -> PendingWrite<ClientSummary> {
        let parts = self.new_row(new).and_then(|parts| {
            let copy = ConfirmedColumns::new(copy, lease, &self.0.seal)?;
            Ok((parts, copy))
        });
        let ((client, summary, audit), copy) = match parts {
            Ok(parts) => parts,
            Err(error) => return PendingWrite::rejected(error),
        };
        let change = ProvisioningChange::CompleteCreate {
            lease: lease.clone(),
            client,
            spend,
            copy,
            now,
        };
        self.provision(change, Some(audit), |result| match result {
            ChangeResult::TokenExhausted => Err(StoreError::TokenExhausted),
            result if result.is_done() => Ok(summary),
            _ => Err(StoreError::Stale),
        })
    }

    /// Deletes the row of a registration that the server refused for good. Returns false if the registration was taken back
    /// meanwhile.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn cancel_create(&self, lease: &WriteLease) -> PendingWrite<bool> {
        self.provision(
            ProvisioningChange::CancelCreate {
                lease: lease.clone(),
            },
            None,
            |result| Ok(result.is_done()),
        )
    }

    /// Takes a registration back with an unknown outcome at the server, or that cannot be stored: its copy is deleted from `due_at`
    /// on. A client that was stored although the request did not hear of it is deleted as well. Returns false if the registration was
    /// taken back already.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn withdraw_create(
        &self,
        lease: &WriteLease,
        place: Option<CopyPlace>,
        error: &str,
        due_at: Timestamp,
        now: Timestamp,
    ) -> PendingWrite<bool> {
        let place = place.map(|place| {
            refuse_nul(Some(place.client_id.as_str()))?;
            refuse_nul(place.handle.as_deref())?;
            Ok(PlaceColumns {
                token_sealed: seal_token(place.token.as_ref(), lease, &self.0.seal)?,
                client_id: place.client_id.as_str().to_owned(),
                handle: place.handle,
            })
        });
        let place = match place.transpose() {
            Ok(place) => place,
            Err(error) => return PendingWrite::rejected(error),
        };
        let mut audit = self
            .audit_row(AuditEvent::RegistrationWithdrawn)
            .with_provider(&lease.provider);
        let named = place.as_ref().map(|place| &place.client_id);
        if let Some(id) = named.or(lease.client_id.as_ref()) {
            audit = audit.with_client(id);
        }
        let change = ProvisioningChange::WithdrawCreate {
            lease: lease.clone(),
            place,
            error: stored_error(error),
            due_at,
            now,
        };
        self.provision(change, Some(audit), |result| Ok(result.is_done()))
    }

    /// Stores a new client, takes one use off its initial access token, and has its copy written.
    ///
    /// # Errors
    /// As [`Store::insert`], and [`StoreError::TooManyCopies`] if the provider has `at_most` copies that are not being deleted (0: no
    /// limit).
    pub fn insert_pending(
        &self,
        new: NewClient,
        spend: Option<TokenId>,
        handle: Option<String>,
        at_most: u32,
        now: Timestamp,
    ) -> PendingWrite<ClientSummary> {
        let provider = new.data.provider.clone();
        let parts = self.new_row(new).and_then(|parts| {
            let (id, revision) = (&parts.0.client_id, parts.0.revision);
            let row = self.pending_row(&provider, id, handle, revision, now)?;
            Ok((parts, row))
        });
        let ((client, summary, audit), row) = match parts {
            Ok(parts) => parts,
            Err(error) => return PendingWrite::rejected(error),
        };
        let change = ProvisioningChange::InsertPending {
            client,
            row,
            spend,
            at_most,
            now,
        };
        self.provision(change, Some(audit), |result| match result {
            ChangeResult::Full => Err(StoreError::TooManyCopies),
            result if result.is_done() => Ok(summary),
            _ => Err(StoreError::TokenExhausted),
        })
    }

    /// Has the copy of a client without a row written. Returns false if the client has a row, or is no client of the provider. The
    /// client may have a document; if that was removed and is named again, its row is used again.
    ///
    /// # Errors
    /// [`StoreError::TooManyCopies`] if the provider has `at_most` copies, unless that is 0; [`StoreError::Conflict`] if another process
    /// added the row at the same time; [`StoreError::Unavailable`].
    pub fn add_pending(
        &self,
        provider: &Issuer,
        client: &ClientId,
        handle: Option<String>,
        at_most: u32,
        now: Timestamp,
    ) -> PendingWrite<bool> {
        if !has_no_nul(client.as_str()) {
            return PendingWrite::noop(|| Ok(false));
        }
        let id = client.as_str();
        match self.pending_row(provider, id, handle, Client::FIRST_REVISION, now) {
            Ok(row) => self.provision(
                ProvisioningChange::AddPending { row, at_most, now },
                None,
                |result| match result {
                    ChangeResult::Full => Err(StoreError::TooManyCopies),
                    result => Ok(result.is_done()),
                },
            ),
            Err(error) => PendingWrite::rejected(error),
        }
    }

    /// Takes the right to write a candidate of an update at the server until `due_at`. After that the copy is in doubt, and the
    /// stored state is written. `handle` is for a client without a row.
    ///
    /// # Errors
    /// [`StoreError::BeingWritten`] if another writer has the copy; [`StoreError::Stale`] if the
    /// client was changed, expired or was deleted since it was read; [`StoreError::Conflict`] if another process added the row at the
    /// same time; [`StoreError::Unavailable`].
    pub fn begin_update(
        &self,
        client: &Client,
        handle: Option<String>,
        due_at: Timestamp,
        now: Timestamp,
    ) -> PendingWrite<(WriteLease, ProvisioningRow)> {
        let (id, revision) = (client.data.id.as_str(), client.revision);
        let row = match self.pending_row(&client.data.provider, id, handle, revision, now) {
            Ok(row) => row,
            Err(error) => return PendingWrite::rejected(error),
        };
        let seal = self.0.seal.clone();
        let change = ProvisioningChange::BeginUpdate { row, due_at, now };
        self.provision(change, None, move |result| match result {
            ChangeResult::Row(columns) => Ok((WriteLease::new(&columns), columns.into_row(&seal)?)),
            ChangeResult::InFlight(until) => Err(StoreError::BeingWritten {
                until: Timestamp::from_seconds(until),
            }),
            _ => Err(StoreError::Stale),
        })
    }

    /// Replaces a client after the server confirmed the candidate, in the transaction that confirms the row. A replacement with the
    /// stored values confirms the row alone.
    ///
    /// # Errors
    /// [`StoreError::Stale`] if the right had ended, or the client was changed, expired or was
    /// deleted since it was read, and then the stored state is written; [`StoreError::Unavailable`].
    pub fn complete_update(
        &self,
        lease: &WriteLease,
        client: &Client,
        metadata: RegisteredMetadata,
        secret: SecretChange,
        copy: ConfirmedCopy,
        now: Timestamp,
    ) -> PendingWrite<Client> {
        let copy = match ConfirmedColumns::new(copy, lease, &self.0.seal) {
            Ok(copy) => copy,
            Err(error) => return PendingWrite::rejected(error),
        };
        let replacement = (!is_unchanged(&client.data, &metadata, &secret))
            .then(|| self.replacement(client, metadata, secret, now));
        let (replacement, after, audit) = match replacement.transpose() {
            Ok(None) => (None, client.clone(), None),
            Ok(Some(Replacement {
                columns,
                after,
                audit,
            })) => (Some(columns), after, Some(audit)),
            Err(error) => return PendingWrite::rejected(error),
        };
        let change = ProvisioningChange::CompleteUpdate {
            lease: lease.clone(),
            client_id: client.data.id.as_str().to_owned(),
            revision: client.revision,
            replacement,
            copy,
            now,
        };
        self.provision(change, audit, |result| {
            if result.is_done() {
                Ok(after)
            } else {
                Err(StoreError::Stale)
            }
        })
    }

    /// Gives the right to write a candidate back, since the server did not confirm it. The stored state is written from `due_at` on.
    /// Returns false if the right had ended.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn release_update(
        &self,
        lease: &WriteLease,
        error: Option<&str>,
        due_at: Timestamp,
    ) -> PendingWrite<bool> {
        let change = ProvisioningChange::ReleaseUpdate {
            lease: lease.clone(),
            error: error.map(stored_error),
            due_at,
        };
        self.provision(change, None, |result| Ok(result.is_done()))
    }

    /// Replaces a client as [`Store::replace`] does, and has its copy written.
    ///
    /// # Errors
    /// As [`Store::replace`].
    pub fn replace_pending(
        &self,
        client: &Client,
        metadata: RegisteredMetadata,
        secret: SecretChange,
        handle: Option<String>,
        now: Timestamp,
    ) -> PendingWrite<Client> {
        if is_unchanged(&client.data, &metadata, &secret) {
            return self.replace(client, metadata, secret, now);
        }
        let parts = self
            .replacement(client, metadata, secret, now)
            .and_then(|replacement| {
                let data = &replacement.after.data;
                let (id, revision) = (data.id.as_str(), replacement.after.revision);
                let row = self.pending_row(&data.provider, id, handle, revision, now)?;
                Ok((replacement, row))
            });
        let (replacement, row) = match parts {
            Ok(parts) => parts,
            Err(error) => return PendingWrite::rejected(error),
        };
        let Replacement {
            columns,
            after,
            audit,
        } = replacement;
        let change = ProvisioningChange::ReplacePending {
            replacement: columns,
            row,
            now,
        };
        self.provision(change, Some(audit), |result| {
            if result.is_done() {
                Ok(after)
            } else {
                Err(StoreError::Stale)
            }
        })
    }

    fn pending_row(
        &self,
        provider: &Issuer,
        client_id: &str,
        handle: Option<String>,
        revision: i64,
        now: Timestamp,
    ) -> Result<ProvisioningColumns, StoreError> {
        refuse_nul(Some(client_id))?;
        refuse_nul(handle.as_deref())?;
        let id = self.0.audit_ids.next();
        let provider = provider.as_str();
        Ok(ProvisioningColumns::pending(
            id, provider, client_id, handle, revision, now,
        ))
    }

    pub(crate) fn provision<T>(
        &self,
        change: ProvisioningChange,
        audit: Option<AuditRow>,
        completion: impl FnOnce(ChangeResult) -> Result<T, StoreError> + Send + 'static,
    ) -> PendingWrite<T> {
        let change = ClientChange::Provisioning(Box::new(change));
        self.change_with_result(change, audit, completion)
    }
}
