//! The transitions of the row of a copy. None of them reads the database; the row is locked while they run.
//!
//! A row in flight has one writer, until its `due_at`. A transition that only the writer may make checks that `due_at` is still
//! the writer's. A deletion of the client takes the right from the writer at once, and waits for the end of the flight.

use protocol::Timestamp;

use crate::provisioning_row::{
    ConfirmedColumns, ProvisioningColumns, ProvisioningState, WriteLease,
};

/// The result of a delivery, for the row.
#[derive(Debug)]
pub enum DeliveredColumns {
    Synced(ConfirmedColumns),
    Rejected { error: String },
    Postponed { error: String, due_at: i64 },
    Gone { again_at: i64 },
}

/// The effect of a delivery on the row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryEffect {
    /// The lease has ended, and nothing changes.
    None,
    /// The client was deleted meanwhile, and its deletion need not wait for this writer any more.
    Ended,
    Update,
    Delete,
}

/// The number of confirmations of a deletion after a write with a known outcome.
const AFTER_KNOWN: i64 = 1;

/// The number of confirmations of a deletion after a write with an unknown outcome.
const AFTER_UNKNOWN: i64 = 2;

impl ProvisioningColumns {
    /// Returns the row of a copy that must be written now.
    pub fn pending(
        id: String,
        provider: &str,
        client_id: &str,
        handle: Option<String>,
        revision: i64,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            provider: provider.to_owned(),
            client_id: Some(client_id.to_owned()),
            handle,
            token_sealed: None,
            state: ProvisioningState::Pending.as_str().to_owned(),
            revision,
            synced_revision: None,
            secret_until: None,
            attempts: 0,
            due_at: Some(now.seconds()),
            since: now.seconds(),
            in_flight: false,
            confirmations: AFTER_KNOWN,
            dropped_members: None,
            error: None,
        }
    }

    /// Returns the row of a copy that has no name yet.
    pub fn unnamed(id: &str, provider: &str, now: Timestamp) -> Self {
        Self {
            client_id: None,
            ..Self::pending(id.to_owned(), provider, "", None, 0, now)
        }
    }

    /// Makes the row that of a copy which a registration is about to make.
    pub fn creating(self, due_at: Timestamp) -> Self {
        Self {
            state: ProvisioningState::Creating.as_str().to_owned(),
            due_at: Some(due_at.seconds()),
            in_flight: true,
            confirmations: AFTER_UNKNOWN,
            ..self
        }
    }

    pub fn is(&self, state: ProvisioningState) -> bool {
        self.state == state.as_str()
    }

    /// Returns true if the lease still gives the right to write the copy, and the row is in this state.
    pub fn is_leased(&self, lease: &WriteLease, state: ProvisioningState) -> bool {
        self.is(state) && self.in_flight && self.due_at == Some(lease.due_at)
    }

    /// Returns the end of the flight, if another writer has the copy now.
    pub fn flight_end(&self, now: Timestamp) -> Option<i64> {
        self.due_at
            .filter(|due_at| self.in_flight && *due_at > now.seconds())
    }

    fn set_state(&mut self, state: ProvisioningState, now: Timestamp) {
        if !self.is(state) {
            state.as_str().clone_into(&mut self.state);
            self.since = now.seconds();
        }
    }

    fn end_flight(&mut self, due_at: Option<i64>, error: Option<String>) {
        self.in_flight = false;
        self.due_at = due_at;
        self.error = error;
    }

    /// The copy was written. A client that was replaced meanwhile is written again.
    pub fn confirm(&mut self, copy: &ConfirmedColumns, now: Timestamp) {
        self.handle = copy.handle.clone().or(self.handle.take());
        self.token_sealed = copy.token_sealed.clone().or(self.token_sealed.take());
        self.dropped_members.clone_from(&copy.dropped_members);
        self.synced_revision = Some(copy.revision);
        self.secret_until = copy.secret_until;
        self.attempts = 0;
        self.confirmations = AFTER_KNOWN;
        if self.revision > copy.revision {
            self.set_state(ProvisioningState::Pending, now);
            self.end_flight(Some(now.seconds()), None);
        } else {
            self.revision = copy.revision;
            self.set_state(ProvisioningState::Synced, now);
            self.end_flight(copy.due_at, None);
        }
    }

    /// The copy of a client that no longer exists, or never will, must be deleted.
    pub fn withdraw(&mut self, due_at: i64, error: Option<String>, now: Timestamp) {
        self.set_state(ProvisioningState::Deleting, now);
        self.attempts = 0;
        self.end_flight(Some(due_at), error);
    }

    /// The client was deleted. A write that is in flight is waited for.
    pub fn client_deleted(&mut self, now: Timestamp) {
        if !self.is(ProvisioningState::Deleting) {
            let due_at = self.flight_end(now).unwrap_or(now.seconds());
            self.withdraw(due_at, None, now);
        }
    }

    /// The writer ended for which the deletion of a client waits. Returns false if the row waits for no writer, or for another.
    pub fn writer_ended(&mut self, lease: &WriteLease, due_at: i64) -> bool {
        let waits = self.is(ProvisioningState::Deleting)
            && !self.in_flight
            && self.due_at == Some(lease.due_at);
        if waits {
            self.due_at = Some(due_at.min(lease.due_at));
        }
        waits
    }

    /// The client is back, and its copy is written after a deletion in flight.
    pub fn revive(&mut self, revision: i64, now: Timestamp) {
        let due_at = self.flight_end(now).unwrap_or(now.seconds());
        self.set_state(ProvisioningState::Pending, now);
        self.revision = revision;
        self.attempts = 0;
        self.confirmations = AFTER_UNKNOWN;
        self.end_flight(Some(due_at), None);
    }

    /// A request is about to write a candidate. Returns false if the client is no more.
    pub fn begin_update(&mut self, revision: i64, due_at: Timestamp, now: Timestamp) -> bool {
        if self.is(ProvisioningState::Creating) || self.is(ProvisioningState::Deleting) {
            return false;
        }
        self.set_state(ProvisioningState::Pending, now);
        self.revision = revision;
        self.begin_flight(due_at);
        true
    }

    fn begin_flight(&mut self, until: Timestamp) {
        self.in_flight = true;
        self.due_at = Some(until.seconds());
        self.confirmations = AFTER_UNKNOWN;
    }

    /// The candidate was not written, or not stored: the stored state must be written.
    pub fn release(&mut self, due_at: i64, error: Option<String>) {
        self.end_flight(Some(due_at), error);
    }

    /// The client was replaced, and the copy is written later.
    pub fn client_replaced(&mut self, revision: i64, now: Timestamp) {
        if self.is(ProvisioningState::Creating) || self.is(ProvisioningState::Deleting) {
            return;
        }
        self.revision = revision;
        if self.flight_end(now).is_none() {
            self.set_state(ProvisioningState::Pending, now);
            self.attempts = 0;
            self.end_flight(Some(now.seconds()), None);
        }
    }

    /// A deliverer takes the row. A registration that did not end in time is taken back. The copy of a client that is no more
    /// is deleted.
    pub fn lease(&mut self, has_client: bool, until: Timestamp, now: Timestamp) {
        let deleting = self.is(ProvisioningState::Creating) || !has_client;
        if deleting {
            self.set_state(ProvisioningState::Deleting, now);
        }
        let confirmations = self.confirmations;
        self.begin_flight(until);
        if self.is(ProvisioningState::Deleting) {
            self.confirmations = confirmations;
        } else {
            self.set_state(ProvisioningState::Pending, now);
        }
        self.attempts = self.attempts.saturating_add(1);
    }

    /// Records the server's answer to the deliverer.
    pub fn record(
        &mut self,
        lease: &WriteLease,
        outcome: &DeliveredColumns,
        now: Timestamp,
    ) -> DeliveryEffect {
        if self.writer_ended(lease, now.seconds()) {
            if let DeliveredColumns::Synced(copy) = outcome {
                self.handle = copy.handle.clone().or(self.handle.take());
                self.token_sealed = copy.token_sealed.clone().or(self.token_sealed.take());
                self.confirmations = AFTER_KNOWN;
            }
            return DeliveryEffect::Ended;
        }
        let (pending, deleting) = (
            self.is_leased(lease, ProvisioningState::Pending),
            self.is_leased(lease, ProvisioningState::Deleting),
        );
        match outcome {
            DeliveredColumns::Synced(copy) if pending => self.confirm(copy, now),
            // The client was replaced since the refused state was read.
            DeliveredColumns::Rejected { .. } if pending && self.revision > lease.revision => {
                self.attempts = 0;
                self.end_flight(Some(now.seconds()), None);
            }
            DeliveredColumns::Rejected { error } if pending => {
                self.set_state(ProvisioningState::Rejected, now);
                self.end_flight(None, Some(error.clone()));
            }
            DeliveredColumns::Postponed { error, due_at } if pending || deleting => {
                self.end_flight(Some(*due_at), Some(error.clone()));
            }
            DeliveredColumns::Gone { .. } if deleting && self.confirmations <= AFTER_KNOWN => {
                return DeliveryEffect::Delete;
            }
            DeliveredColumns::Gone { again_at } if deleting => {
                self.confirmations = self.confirmations.saturating_sub(1);
                self.attempts = 0;
                self.end_flight(Some(*again_at), None);
            }
            _ => return DeliveryEffect::None,
        }
        DeliveryEffect::Update
    }
}
