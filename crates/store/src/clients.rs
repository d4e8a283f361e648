//! Operations on clients: insert, authenticate, replace, delete, purge.

use std::borrow::Cow;
use std::sync::Arc;

use diesel::prelude::*;
use protocol::{ClientId, Issuer, RegisteredMetadata, RegistrationAccessToken, Timestamp};

use crate::Store;
use crate::audit::{AuditEvent, changed_members};
use crate::audit_row::{self, AuditRow};
use crate::change::{ClientChange, QueuedWrite};
use crate::client::ClientSummary;
use crate::client::{Client, ClientData, NewClient, SecretChange};
use crate::client_lookup::find;
use crate::client_replacement::{ReplacementColumns, SecretColumns};
use crate::client_row::{ClientRow, has_no_nul, seal_secret};
use crate::connection::either;
use crate::error::StoreError;
use crate::pending_write::PendingWrite;
use crate::provisioning_table::clients_deleted;
use crate::schema::client;
use crate::seal::{constant_time_eq, digest};
use crate::token_id::TokenId;

/// The maximum number of expired clients that a single transaction deletes, so that registrations do not
/// wait for long.
const ROWS_PER_PURGE: i64 = 500;

impl Store {
    /// Stores a new client and takes one use off its initial access token, both or neither. RFC
    /// 7591 §3.
    ///
    /// # Errors
    /// [`StoreError::TokenExhausted`] if the token is used up, expired, revoked or of another provider;
    /// [`StoreError::Conflict`] if there is a client with this identifier; [`StoreError::Unavailable`].
    pub fn insert(
        &self,
        new: NewClient,
        spend: Option<TokenId>,
        now: Timestamp,
    ) -> PendingWrite<ClientSummary> {
        match self.new_row(new) {
            Ok((row, information, audit)) => self.change(
                ClientChange::Insert { row, spend, now },
                audit,
                |inserted| {
                    if inserted {
                        Ok(information)
                    } else {
                        Err(StoreError::TokenExhausted)
                    }
                },
            ),
            Err(error) => PendingWrite::rejected(error),
        }
    }

    /// Returns the row of a new client, its summary, and the audit row of its registration.
    pub(crate) fn new_row(
        &self,
        new: NewClient,
    ) -> Result<(ClientRow, ClientSummary, AuditRow), StoreError> {
        if [&new.data.owner, &new.data.composed_name]
            .into_iter()
            .flatten()
            .any(|text| !has_no_nul(text))
        {
            return Err(StoreError::Refused(
                "the owner and the composed name must not contain a NUL character",
            ));
        }
        let (row, summary) = ClientRow::new(new, &self.0.seal)?;
        let audit = self
            .audit_row(AuditEvent::ClientRegistered)
            .with_client(&row.client_id)
            .with_provider(&row.provider);
        Ok((row, summary, audit))
    }

    /// Returns the client that this registration access token may manage at this provider. RFC 7592
    /// §1.2.
    ///
    /// Returns `None` alike for a client that is unknown, expired or of another provider, and for a
    /// wrong token.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub fn authenticate(
        &self,
        provider: &Issuer,
        id: &ClientId,
        token: &RegistrationAccessToken,
        now: Timestamp,
    ) -> Result<Option<Client>, StoreError> {
        let presented = digest(token.reveal());
        match self.find_row(id)? {
            Some(row) if row.is_managed_with(provider.as_str(), &presented, now) => {
                let stored = row.last_used_at;
                let client = row.into_client(&self.0.seal)?;
                self.0
                    .last_used
                    .record(client.data.id.as_str(), stored, now);
                Ok(Some(client))
            }
            Some(_) => Ok(None),
            None => {
                // An unknown client takes the time of a comparison too.
                std::hint::black_box(constant_time_eq(&presented, &presented));
                Ok(None)
            }
        }
    }

    /// Replaces the metadata of a client, unless another request wrote it first. RFC 7592 §2.2. A
    /// replacement with the stored values writes nothing, neither to the audit trail nor to the
    /// log, and fails in the same cases.
    ///
    /// # Errors
    /// [`StoreError::Stale`] if the client was changed, expired or was deleted since it was read;
    /// [`StoreError::Unavailable`].
    pub fn replace(
        &self,
        client: &Client,
        metadata: RegisteredMetadata,
        secret: SecretChange,
        now: Timestamp,
    ) -> PendingWrite<Client> {
        if is_unchanged(&client.data, &metadata, &secret) {
            return self.confirm(client.clone(), now);
        }
        match self.replacement(client, metadata, secret, now) {
            Ok(Replacement {
                columns,
                after,
                audit,
            }) => self.change(ClientChange::Replace(columns), audit, |replaced| {
                if replaced {
                    Ok(after)
                } else {
                    Err(StoreError::Stale)
                }
            }),
            Err(error) => PendingWrite::rejected(error),
        }
    }

    /// Returns the columns, the client and the audit row of a replacement.
    pub(crate) fn replacement(
        &self,
        client: &Client,
        metadata: RegisteredMetadata,
        secret: SecretChange,
        now: Timestamp,
    ) -> Result<Replacement, StoreError> {
        let before = &client.data;
        let mut after = Client {
            data: ClientData {
                metadata,
                ..before.clone()
            },
            revision: client.revision.saturating_add(1),
            changed_at: now,
            last_used_at: client.last_used_at,
        };
        let names = changed_members(
            before.secret.is_some(),
            &before.metadata,
            &after.data.metadata,
            &secret,
        );
        let audit = self
            .audit_row(AuditEvent::ClientUpdated)
            .with_client(before.id.as_str())
            .with_provider(before.provider.as_str())
            .with_detail(&names);
        let secret = match secret {
            SecretChange::Keep => None,
            SecretChange::Remove => {
                (after.data.secret, after.data.secret_expires_at) = (None, None);
                Some(SecretColumns::default())
            }
            SecretChange::Issue(secret, expires_at) => {
                let sealed = seal_secret(&self.0.seal, &before.provider, &before.id, &secret)?;
                (after.data.secret, after.data.secret_expires_at) = (Some(secret), expires_at);
                Some(SecretColumns {
                    secret_sealed: Some(sealed),
                    secret_expires_at: expires_at.map(Timestamp::seconds),
                })
            }
        };
        let columns = ReplacementColumns {
            client_id: before.id.as_str().to_owned(),
            revision: client.revision,
            metadata: after.data.metadata.json().to_owned(),
            consistent: after.data.metadata.members().is_consistent(),
            patterns: after.data.metadata.members().judged_patterns(),
            secret,
            now,
        };
        Ok(Replacement {
            columns,
            after,
            audit,
        })
    }

    /// Checks, in the queue of writes, that the client is still as it was read.
    fn confirm(&self, client: Client, now: Timestamp) -> PendingWrite<Client> {
        let change = ClientChange::Confirm {
            client_id: client.data.id.as_str().to_owned(),
            revision: client.revision,
            metadata: client.data.metadata.json().to_owned(),
            now,
        };
        let queued = self.0.writer.send(QueuedWrite {
            change,
            audit: Arc::default(),
        });
        PendingWrite::queued(queued, |same| {
            if same {
                Ok(client)
            } else {
                Err(StoreError::Stale)
            }
        })
    }

    /// Deletes a client, also one with a damaged row, and has its copy at the server behind the provider deleted. Of several callers exactly one gets true. RFC
    /// 7592 §2.3.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn delete(&self, id: &ClientId) -> PendingWrite<bool> {
        self.delete_as(id, AuditEvent::ClientDeleted)
    }

    /// Deletes a client as [`Store::delete`] does, for a request at a WSO2 endpoint.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn unregister(&self, id: &ClientId) -> PendingWrite<bool> {
        self.delete_as(id, AuditEvent::ClientUnregistered)
    }

    fn delete_as(&self, id: &ClientId, event: AuditEvent) -> PendingWrite<bool> {
        if !has_no_nul(id.as_str()) {
            return PendingWrite::noop(|| Ok(false));
        }
        self.change(
            ClientChange::Delete {
                client_id: id.as_str().to_owned(),
                now: self.0.audit_ids.now(),
            },
            self.audit_row(event).with_client(id.as_str()),
            Ok,
        )
    }

    /// Replaces the registration access token of a client. Returns false if the client is unknown
    /// or expired.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn reissue(
        &self,
        id: &ClientId,
        token: &RegistrationAccessToken,
        now: Timestamp,
    ) -> PendingWrite<bool> {
        if !has_no_nul(id.as_str()) {
            return PendingWrite::noop(|| Ok(false));
        }
        let change = ClientChange::Reissue {
            client_id: id.as_str().to_owned(),
            token_digest: digest(token.reveal()),
            now,
        };
        self.change(
            change,
            self.audit_row(AuditEvent::ClientReissued)
                .with_client(id.as_str()),
            Ok,
        )
    }

    /// Returns the client with this identifier, expired or not.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub fn client(&self, id: &ClientId) -> Result<Option<Client>, StoreError> {
        self.find_row(id)?
            .map(|row| row.into_client(&self.0.seal))
            .transpose()
    }

    /// Returns true if the client exists, expired or not, and belongs to the account and the
    /// provider where they are given. The row may be damaged.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn is_owned_by(
        &self,
        id: &ClientId,
        owner: Option<&str>,
        provider: Option<&Issuer>,
    ) -> Result<bool, StoreError> {
        if !has_no_nul(id.as_str()) {
            return Ok(false);
        }
        let found: Option<(Option<String>, String)> = self.0.pool.read(|connection| {
            Ok(client::table
                .find(id.as_str())
                .select((client::owner, client::provider))
                .first(connection)
                .optional()?)
        })?;
        Ok(found.is_some_and(|(of, at)| {
            owner.is_none_or(|owner| of.as_deref() == Some(owner))
                && provider.is_none_or(|provider| provider.as_str() == at)
        }))
    }

    /// Deletes the expired clients, and returns their number.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn purge_expired(&self, now: Timestamp) -> Result<usize, StoreError> {
        let mut purged = 0;
        loop {
            let expired: Vec<String> = self.0.pool.read(|connection| {
                let expired = client::table.filter(client::expires_at.le(now.seconds()));
                Ok(expired
                    .select(client::client_id)
                    .limit(ROWS_PER_PURGE)
                    .load(connection)?)
            })?;
            if expired.is_empty() {
                return Ok(purged);
            }
            let rows = self.0.pool.write(|connection| {
                let gone: Vec<(String, String)> = either!(connection, inner => diesel::delete(client::table.filter(client::client_id.eq_any(&expired)))
                    .returning((client::client_id, client::provider))
                    .get_results(inner))?;
                let row = |(id, provider): &(String, String)| Cow::Owned(self.audit_row(AuditEvent::ClientExpired).with_client(id).with_provider(provider));
                let rows: Vec<_> = gone.iter().map(row).collect();
                clients_deleted(connection, gone.iter().map(|(id, provider)| (id.as_str(), provider.as_str())), now)?;
                audit_row::write(connection, &rows)?;
                Ok(rows)
            })?;
            for row in &rows {
                row.log(false);
            }
            purged += rows.len();
        }
    }

    fn find_row(&self, id: &ClientId) -> Result<Option<ClientRow>, StoreError> {
        if !has_no_nul(id.as_str()) {
            return Ok(None);
        }
        self.0.pool.read(|connection| find(connection, id.as_str()))
    }
}

/// A replacement of a client, with its audit row.
pub struct Replacement {
    pub columns: ReplacementColumns,
    /// The client after the replacement.
    pub after: Client,
    pub audit: AuditRow,
}

impl Client {
    /// Returns the revision after a replacement, which is the present one if nothing changes.
    pub fn next_revision(&self, metadata: &RegisteredMetadata, secret: &SecretChange) -> i64 {
        if is_unchanged(&self.data, metadata, secret) {
            return self.revision;
        }
        self.revision.saturating_add(1)
    }
}

/// Returns true if a replacement changes nothing. The terms of a client never change.
pub fn is_unchanged(
    client: &ClientData,
    metadata: &RegisteredMetadata,
    secret: &SecretChange,
) -> bool {
    let keeps_secret = match secret {
        SecretChange::Keep => true,
        SecretChange::Remove => client.secret.is_none() && client.secret_expires_at.is_none(),
        SecretChange::Issue(..) => false,
    };
    keeps_secret && client.metadata.json() == metadata.json()
}
