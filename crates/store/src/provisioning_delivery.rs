//! The deliveries of copies that are due.

use diesel::prelude::*;
use protocol::{ClientId, ClientSecret, Issuer, RegisteredMetadata, Timestamp};

use crate::Store;
use crate::audit::AuditEvent;
use crate::change_result::ChangeResult;
use crate::client::ClientData;
use crate::client_document::{ClientDocument, DocumentState};
use crate::client_row::has_no_nul;
use crate::error::StoreError;
use crate::pending_write::PendingWrite;
use crate::provisioning_change::ProvisioningChange;
use crate::provisioning_row::{
    ConfirmedColumns, ConfirmedCopy, ProvisioningColumns, ProvisioningRow, ProvisioningState,
    WriteLease, stored_error,
};
use crate::provisioning_state::DeliveredColumns;
use crate::schema::provisioning;

/// The time after which a row that cannot be read is tried again, in seconds, so that it stands in no other's way.
const DAMAGED_AGAIN_SECONDS: i64 = 300;

/// The result of a delivery.
#[derive(Debug, Clone)]
pub enum DeliveryOutcome {
    /// The server confirmed the copy.
    Synced(ConfirmedCopy),
    /// The server refuses the copy for good.
    Rejected {
        /// The reason, without secrets.
        error: String,
    },
    /// The server did not answer, or will be asked again.
    Postponed {
        /// The reason, without secrets.
        error: String,
        /// The time of the next delivery.
        due_at: Timestamp,
    },
    /// The server says that the copy is gone. A row that needs another confirmation is due again at `again_at`; otherwise the
    /// row is deleted.
    Gone {
        /// The time of the next confirmation.
        again_at: Timestamp,
    },
}

/// The stored state of a client, which its copy must have.
#[derive(Debug, Clone)]
pub struct DesiredRecord {
    /// The agreed metadata.
    pub metadata: RegisteredMetadata,
    /// The client secret, also an expired one.
    pub secret: Option<ClientSecret>,
    /// The time at which the secret expires; `None`: never.
    pub secret_expires_at: Option<Timestamp>,
    /// The time at which the client expires; `None`: never.
    pub expires_at: Option<Timestamp>,
    /// The revision of the client.
    pub revision: i64,
    /// True if an administrator disabled the client.
    pub is_disabled: bool,
}

impl Store {
    /// Returns at most `limit` rows of a provider that are due, the longest first. A row that cannot be read is logged, and is due
    /// again later.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn due_rows(
        &self,
        provider: &Issuer,
        now: Timestamp,
        limit: i64,
    ) -> Result<Vec<ProvisioningRow>, StoreError> {
        let due: Vec<ProvisioningColumns> = self.0.pool.read(|connection| {
            Ok(provisioning::table
                .filter(provisioning::provider.eq(provider.as_str()))
                .filter(provisioning::due_at.le(now.seconds()))
                .order((provisioning::due_at, provisioning::id))
                .limit(limit)
                .select(ProvisioningColumns::as_select())
                .load(connection)?)
        })?;
        let mut rows = Vec::new();
        for columns in due {
            let (id, due_at) = (columns.id.clone(), columns.due_at);
            match columns.into_row(&self.0.seal) {
                Ok(row) => rows.push(row),
                Err(error) => {
                    tracing::error!(provider = provider.as_str(), "{error}");
                    self.postpone_damaged(&id, due_at, now)?;
                }
            }
        }
        Ok(rows)
    }

    fn postpone_damaged(
        &self,
        id: &str,
        due_at: Option<i64>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let again_at = now.seconds().saturating_add(DAMAGED_AGAIN_SECONDS);
        self.0.pool.write(|connection| {
            diesel::update(provisioning::table.find(id))
                .filter(provisioning::due_at.eq(due_at))
                .set(provisioning::due_at.eq(again_at))
                .execute(connection)?;
            Ok(())
        })
    }

    /// Takes the right to write the copy of a due row until `until`, and returns the row as it is then. Returns `None` if
    /// another process won, or the row was changed since it was read. A registration that did not end in time is taken back with
    /// it, and the copy of a client that is no more is to be deleted.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub fn lease(
        &self,
        row: &ProvisioningRow,
        until: Timestamp,
        now: Timestamp,
    ) -> PendingWrite<Option<(WriteLease, ProvisioningRow)>> {
        let client_id = row.client_id.as_ref().map(|id| id.as_str().to_owned());
        let audit = (row.state == ProvisioningState::Creating).then(|| {
            let audit = self
                .audit_row(AuditEvent::RegistrationWithdrawn)
                .with_provider(row.provider.as_str());
            match &client_id {
                Some(id) => audit.with_client(id),
                None => audit,
            }
        });
        let change = ProvisioningChange::Lease {
            id: row.id.clone(),
            client_id,
            due_at: row.due_at.map(Timestamp::seconds),
            until,
            now,
        };
        let seal = self.0.seal.clone();
        self.provision(change, audit, move |result| match result {
            ChangeResult::Row(columns) => {
                Ok(Some((WriteLease::new(&columns), columns.into_row(&seal)?)))
            }
            _ => Ok(None),
        })
    }

    /// Records the result of a delivery, and ends the right to write the copy. Returns false if it had ended, and then nothing
    /// changes. A rejection is in the audit trail.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn record_delivery(
        &self,
        lease: &WriteLease,
        outcome: DeliveryOutcome,
        now: Timestamp,
    ) -> PendingWrite<bool> {
        let mut audit = None;
        let outcome = match outcome {
            DeliveryOutcome::Synced(copy) => {
                match ConfirmedColumns::new(copy, lease, &self.0.seal) {
                    Ok(copy) => DeliveredColumns::Synced(copy),
                    Err(error) => return PendingWrite::rejected(error),
                }
            }
            DeliveryOutcome::Rejected { error } => {
                let error = stored_error(&error);
                let row = self
                    .audit_row(AuditEvent::ProvisioningRefused)
                    .with_provider(&lease.provider)
                    .with_detail(&error);
                audit = Some(match &lease.client_id {
                    Some(id) => row.with_client(id),
                    None => row,
                });
                DeliveredColumns::Rejected { error }
            }
            DeliveryOutcome::Postponed { error, due_at } => DeliveredColumns::Postponed {
                error: stored_error(&error),
                due_at: due_at.seconds(),
            },
            DeliveryOutcome::Gone { again_at } => DeliveredColumns::Gone {
                again_at: again_at.seconds(),
            },
        };
        let change = ProvisioningChange::RecordDelivery {
            lease: lease.clone(),
            outcome,
            now,
        };
        self.provision(change, audit, |result| Ok(result.is_done()))
    }

    /// Returns the stored state of a client, expired or not, or of its document.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub fn desired(
        &self,
        provider: &Issuer,
        client_id: &ClientId,
    ) -> Result<Option<DesiredRecord>, StoreError> {
        if !has_no_nul(client_id.as_str()) {
            return Ok(None);
        }
        let client = self
            .client(client_id)?
            .filter(|client| &client.data.provider == provider);
        let Some(client) = client else {
            return self.desired_document(provider, client_id);
        };
        let ClientData {
            metadata,
            secret,
            secret_expires_at,
            expires_at,
            ..
        } = client.data;
        Ok(Some(DesiredRecord {
            metadata,
            secret,
            secret_expires_at,
            expires_at,
            revision: client.revision,
            is_disabled: false,
        }))
    }

    fn desired_document(
        &self,
        provider: &Issuer,
        client_id: &ClientId,
    ) -> Result<Option<DesiredRecord>, StoreError> {
        let document = self.find_document(provider, client_id)?;
        let record = |document: ClientDocument| {
            Ok(DesiredRecord {
                metadata: document.registered_metadata()?,
                secret: None,
                secret_expires_at: None,
                expires_at: None,
                revision: document.revision,
                is_disabled: document.state == DocumentState::Disabled,
            })
        };
        document.map(record).transpose()
    }
}
