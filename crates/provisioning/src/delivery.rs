//! The delivery of one copy: the row is taken, the server is asked, and its answer is recorded.

use std::time::{Duration, Instant};

use oauth_http::blocking;
use protocol::{ClientId, Timestamp};
use store::{
    DeliveryOutcome, DesiredRecord, ProvisioningRow, ProvisioningState, Store, StoreError,
    WriteLease,
};

use crate::backoff::delay;
use crate::call::CallSlot;
use crate::connector::{ConnectorError, CopyHandle, ProvisionedClient};
use crate::counts::ProvisionOutcome;
use crate::desired::{ClientExpiry, CopySecret, DesiredCopy};
use crate::provision_error::ProvisionError;
use crate::provisioner::Provisioner;
use crate::settings::OnDelete;

/// The time after the end of a delivery at which another process may take the row.
const LEASE_MARGIN: Duration = Duration::from_secs(30);

/// The time between two confirmations that a copy is gone. A slow server may do an earlier request after the first.
const CONFIRM_AFTER: Duration = Duration::from_mins(1);

/// The result of a delivery.
#[derive(Debug)]
pub(crate) enum Delivery {
    /// The server has the wanted state.
    Done,
    /// The call failed; the row has the time of the next one, or is rejected.
    Refused(ConnectorError),
    /// No call was made, and the row was not taken.
    NotMade(ProvisionError),
    /// Another writer has the row, or it was changed.
    Taken,
}

impl Provisioner {
    /// Writes the copy of a row that is due.
    ///
    /// # Errors
    /// The store failed.
    pub(crate) async fn deliver(
        &self,
        row: &ProvisioningRow,
        deadline: Instant,
    ) -> Result<Delivery, StoreError> {
        self.deliver_at(row, None, deadline).await
    }

    /// Writes the copy of a row that is due, at the place where a comparison found it.
    ///
    /// # Errors
    /// The store failed.
    pub(crate) async fn deliver_at(
        &self,
        row: &ProvisioningRow,
        found: Option<&CopyHandle>,
        deadline: Instant,
    ) -> Result<Delivery, StoreError> {
        let slot = match self.slot(deadline).await {
            Ok(slot) => slot,
            Err(error) => return Ok(Delivery::NotMade(error)),
        };
        let now = self.services.clock.now();
        let until = now.plus(self.settings.patience + LEASE_MARGIN);
        let Some((lease, row)) = self.services.store.lease(row, until, now).await? else {
            return Ok(Delivery::Taken);
        };
        match (&row.client_id, row.state) {
            (Some(id), ProvisioningState::Deleting) => {
                let place = found.cloned().unwrap_or_else(|| self.place_of(&row, id));
                self.remove(slot, deadline, lease, &row, place).await
            }
            (Some(id), _) => {
                let place = match found {
                    Some(found) => CopyHandle {
                        token: row.token.clone(),
                        ..found.clone()
                    },
                    None => self.place_of(&row, id),
                };
                self.write(slot, deadline, lease, &row, place).await
            }
            (None, _) => self.give_up(lease, &row).await,
        }
    }

    /// Ends the row of a registration at a server that chose an identifier and whose answer was lost. Its copy cannot be found.
    async fn give_up(
        &self,
        lease: WriteLease,
        row: &ProvisioningRow,
    ) -> Result<Delivery, StoreError> {
        // There is no second answer to wait for: the row is due again at once, until nothing more has to be confirmed.
        if row.confirmations <= 1 {
            self.counts.count_lost();
            tracing::warn!(
                provider = self.settings.issuer.as_str(),
                "the answer to a registration was lost; the authorization server may keep a client that cannot be found"
            );
        }
        let again_at = self.services.clock.now();
        let outcome = DeliveryOutcome::Gone { again_at };
        self.end(lease, outcome, Delivery::Done).await
    }

    /// Deletes or disables the copy of a client that is gone.
    async fn remove(
        &self,
        slot: CallSlot<'_>,
        deadline: Instant,
        lease: WriteLease,
        row: &ProvisioningRow,
        place: CopyHandle,
    ) -> Result<Delivery, StoreError> {
        let has_place = place.handle.is_some() || !self.connector.chooses_identifier();
        let is_disabled = self.settings.on_delete == OnDelete::Disable;
        let call = self.call(slot, deadline, false, move |connector, deadline| {
            if !has_place {
                Ok(())
            } else if is_disabled {
                connector.disable(&place, deadline)
            } else {
                connector.delete(&place, deadline)
            }
        });
        match call.await.result {
            Ok(()) => {
                if !has_place {
                    tracing::warn!(
                        provider = self.settings.issuer.as_str(),
                        "a client stays at the authorization server, which gave no address to delete it at"
                    );
                }
                self.counts.count(ProvisionOutcome::Deleted);
                let again_at = self.services.clock.now().plus(CONFIRM_AFTER);
                let outcome = DeliveryOutcome::Gone { again_at };
                self.end(lease, outcome, Delivery::Done).await
            }
            // A client that was deleted must not stay usable, so a refused deletion is repeated too.
            Err(error) => self.postpone(lease, row, error).await,
        }
    }

    /// Writes the stored state of a client into its copy. The copy of an expired client is disabled, or deleted where the server
    /// cannot disable it.
    async fn write(
        &self,
        slot: CallSlot<'_>,
        deadline: Instant,
        lease: WriteLease,
        row: &ProvisioningRow,
        place: CopyHandle,
    ) -> Result<Delivery, StoreError> {
        let client_id = &place.client_id.clone();
        // Without a record the client was deleted in this moment, and the row says so already.
        let Some(record) = self.desired(client_id).await? else {
            return Ok(Delivery::Taken);
        };
        let now = self.services.clock.now();
        let expiry = self.expiry(ClientExpiry::new(
            record.secret.as_ref(),
            record.secret_expires_at,
            record.expires_at,
        ));
        let wanted = self.wanted(record, client_id, now);
        let revision = wanted.revision;
        if !wanted.is_enabled && !self.connector.can_disable() {
            let gone = place.clone();
            let call = self.call(slot, deadline, false, move |connector, deadline| {
                connector.delete(&gone, deadline)
            });
            return match call.await.result {
                Ok(()) => {
                    self.counts.count(ProvisionOutcome::Deleted);
                    let copy = expiry.confirmed(place, Vec::new(), revision, now);
                    let outcome = DeliveryOutcome::Synced(copy);
                    self.end(lease, outcome, Delivery::Done).await
                }
                Err(error) => self.postpone(lease, row, error).await,
            };
        }
        let is_new = row.synced_revision.is_none();
        let kept = wanted.clone();
        let call = self.call(slot, deadline, false, move |connector, deadline| {
            connector.update(&wanted.borrowed(), &place, deadline)
        });
        match call.await.result {
            Ok(made) => match not_ours(&kept, &made) {
                None => {
                    let outcome = if is_new {
                        ProvisionOutcome::Created
                    } else {
                        ProvisionOutcome::Updated
                    };
                    self.counts.count(outcome);
                    let copy = expiry.confirmed(made.place, made.dropped_members, revision, now);
                    self.end(lease, DeliveryOutcome::Synced(copy), Delivery::Done)
                        .await
                }
                Some(reason) => {
                    let error = ConnectorError::rejected(None, reason);
                    self.is_refused(client_id, &error);
                    self.reject(lease, error).await
                }
            },
            Err(error) if self.is_refused(client_id, &error) => self.reject(lease, error).await,
            Err(error) => self.postpone(lease, row, error).await,
        }
    }

    async fn reject(
        &self,
        lease: WriteLease,
        error: ConnectorError,
    ) -> Result<Delivery, StoreError> {
        let outcome = DeliveryOutcome::Rejected {
            error: error.to_string(),
        };
        self.end(lease, outcome, Delivery::Refused(error)).await
    }

    async fn postpone(
        &self,
        lease: WriteLease,
        row: &ProvisioningRow,
        error: ConnectorError,
    ) -> Result<Delivery, StoreError> {
        let asked = match &error {
            ConnectorError::Unavailable { retry_after, .. } => *retry_after,
            ConnectorError::Rejected { .. } | ConnectorError::Misconfigured { .. } => None,
        };
        let wait = delay(row.attempts, asked, &self.services.random);
        let outcome = DeliveryOutcome::Postponed {
            error: error.to_string(),
            due_at: self.services.clock.now().plus(wait),
        };
        self.end(lease, outcome, Delivery::Refused(error)).await
    }

    async fn end(
        &self,
        lease: WriteLease,
        outcome: DeliveryOutcome,
        delivery: Delivery,
    ) -> Result<Delivery, StoreError> {
        let now = self.services.clock.now();
        let recorded = self.services.store.record_delivery(&lease, outcome, now);
        Ok(match recorded.await? {
            true => delivery,
            false => Delivery::Taken,
        })
    }

    /// Returns the state that the copy of a stored client must have.
    pub(crate) fn wanted(
        &self,
        record: DesiredRecord,
        client_id: &ClientId,
        now: Timestamp,
    ) -> DesiredCopy {
        let (issuer, scopes) = (self.settings.issuer.clone(), self.scopes_supported());
        DesiredCopy::from_record(record, issuer, client_id.clone(), scopes, now)
    }

    async fn desired(&self, client_id: &ClientId) -> Result<Option<DesiredRecord>, StoreError> {
        let (issuer, id) = (self.settings.issuer.clone(), client_id.clone());
        read_store(&self.services.store, move |store| {
            store.desired(&issuer, &id)
        })
        .await
    }
}

/// Returns the reason for which the server's copy is not that of the client: it chose other credentials after the client got its answer.
fn not_ours(wanted: &DesiredCopy, made: &ProvisionedClient) -> Option<&'static str> {
    if made.client_id.is_some() {
        return Some("the authorization server chose another identifier, which needs ready = wait");
    }
    let sent = match &wanted.secret {
        CopySecret::This(secret) => Some(secret),
        CopySecret::None | CopySecret::Unusable => None,
    };
    match (&made.secret, sent) {
        (Some(chosen), Some(sent)) if chosen != sent => {
            Some("the authorization server chose another secret, which needs ready = wait")
        }
        _ => None,
    }
}

/// Reads from the store on a thread for blocking work.
pub(crate) async fn read_store<T: Send + 'static>(
    store: &Store,
    read: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    let store = store.clone();
    blocking(move || read(&store))
        .await
        .map_err(|_| StoreError::Unavailable("a read did not finish".to_owned()))?
}
