//! Rows of the table `provisioning`: the copy of a client in the client table of an authorization
//! server.

use diesel::prelude::*;
use protocol::{ClientId, Issuer, Secret, Timestamp};

use crate::client_row::has_no_nul;
use crate::error::StoreError;
use crate::random::no_random_bytes;
use crate::schema::provisioning;
use crate::seal::{SealContext, SealingKey};

/// The maximum number of characters of an error.
const MAX_ERROR_CHARACTERS: usize = 300;

/// The state of a client's copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProvisioningState {
    /// A registration is asking the server, and there is no client yet.
    Creating,
    /// The copy must be written.
    Pending,
    /// The server confirmed the copy.
    Synced,
    /// The server refused the copy for good.
    Rejected,
    /// The copy must be deleted.
    Deleting,
}

impl ProvisioningState {
    /// All states.
    pub const ALL: [Self; 5] = [
        Self::Creating,
        Self::Pending,
        Self::Synced,
        Self::Rejected,
        Self::Deleting,
    ];

    /// Returns the state as text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Creating => "creating",
            Self::Pending => "pending",
            Self::Synced => "synced",
            Self::Rejected => "rejected",
            Self::Deleting => "deleting",
        }
    }
}

/// The row of a client's copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvisioningRow {
    /// The identifier of the row. Later rows have greater ones.
    pub id: String,
    /// The provider.
    pub provider: Issuer,
    /// The client; `None` while a server that chooses identifiers is asked.
    pub client_id: Option<ClientId>,
    /// The server's own name of the copy.
    pub handle: Option<String>,
    /// The registration access token of the copy. RFC 7592 §1.2.
    pub token: Option<Secret>,
    /// The state.
    pub state: ProvisioningState,
    /// The revision of the client that must be at the server.
    pub revision: i64,
    /// The revision that the server confirmed last.
    pub synced_revision: Option<i64>,
    /// The time at which the secret of the copy must stop working; `None`: never.
    pub secret_until: Option<Timestamp>,
    /// The number of deliveries since the server confirmed the copy last.
    pub attempts: i64,
    /// The time of the next delivery; while the copy is being written, the end of the writer's right; `None`: nothing is due.
    pub due_at: Option<Timestamp>,
    /// The time at which the state began.
    pub since: Timestamp,
    /// True while a writer has the right to write the copy.
    pub is_in_flight: bool,
    /// The number of times that the server must say that the copy is gone before a deletion is done: two after a write with an
    /// unknown outcome, which a slow server may do after the deletion.
    pub confirmations: i64,
    /// The names of the members that the server did not keep.
    pub dropped_members: Vec<String>,
    /// The last error.
    pub error: Option<String>,
}

/// A row in a list. A row that cannot be read does not prevent the others from being listed.
#[derive(Debug)]
pub struct ListedProvisioningRow {
    /// The identifier of the row.
    pub id: String,
    /// The row, or the error that names the damaged column.
    pub row: Result<ProvisioningRow, StoreError>,
}

/// The right to write a copy until a time. Every write that ends it fails with
/// [`StoreError::Stale`] or returns false if the row is no longer as it was leased.
#[derive(Debug, Clone)]
pub struct WriteLease {
    pub(crate) row_id: String,
    pub(crate) provider: String,
    pub(crate) client_id: Option<String>,
    pub(crate) due_at: i64,
    pub(crate) revision: i64,
}

impl WriteLease {
    /// Returns the time at which the right ends.
    pub fn until(&self) -> Timestamp {
        Timestamp::from_seconds(self.due_at)
    }

    pub(crate) fn new(columns: &ProvisioningColumns) -> Self {
        Self {
            row_id: columns.id.clone(),
            provider: columns.provider.clone(),
            client_id: columns.client_id.clone(),
            due_at: columns.due_at.unwrap_or_default(),
            revision: columns.revision,
        }
    }
}

/// A copy that the server confirmed.
#[derive(Debug, Clone)]
pub struct ConfirmedCopy {
    /// The server's own name of the copy; `None` keeps the stored name.
    pub handle: Option<String>,
    /// The registration access token of the copy; `None` keeps the stored token. RFC 7592 §1.2.
    pub token: Option<Secret>,
    /// The names of the members that the server did not keep.
    pub dropped_members: Vec<String>,
    /// The revision of the client that was written.
    pub revision: i64,
    /// The time at which the secret of the copy must stop working; `None`: never.
    pub secret_until: Option<Timestamp>,
    /// The time at which the copy must be written again without a change of the client, since its secret or the client expires;
    /// `None`: never.
    pub due_at: Option<Timestamp>,
}

/// The place of a copy at the server.
#[derive(Debug, Clone)]
pub struct CopyPlace {
    /// The client identifier at the server.
    pub client_id: ClientId,
    /// The server's own name of the copy.
    pub handle: Option<String>,
    /// The registration access token of the copy. RFC 7592 §1.2.
    pub token: Option<Secret>,
}

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = provisioning, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct ProvisioningColumns {
    pub id: String,
    pub provider: String,
    pub client_id: Option<String>,
    pub handle: Option<String>,
    pub token_sealed: Option<String>,
    pub state: String,
    pub revision: i64,
    pub synced_revision: Option<i64>,
    pub secret_until: Option<i64>,
    pub attempts: i64,
    pub due_at: Option<i64>,
    pub since: i64,
    pub in_flight: bool,
    pub confirmations: i64,
    pub dropped_members: Option<String>,
    pub error: Option<String>,
}

impl ProvisioningColumns {
    /// Returns the row, with its token opened.
    pub fn into_row(self, seal: &SealingKey) -> Result<ProvisioningRow, StoreError> {
        let corrupt = |column| StoreError::corrupt("provisioning", column, &self.id);
        let about = SealContext::UpstreamToken {
            provider: &self.provider,
            id: &self.id,
        };
        let open = |sealed: &String| {
            seal.open(&about, sealed)
                .map(|token| Secret::new(token.as_str()))
                .ok_or_else(|| corrupt("token_sealed"))
        };
        let dropped_members = match &self.dropped_members {
            None => Vec::new(),
            Some(names) => serde_json::from_str(names).map_err(|_| corrupt("dropped_members"))?,
        };
        Ok(ProvisioningRow {
            provider: Issuer::parse(&self.provider).map_err(|_| corrupt("provider"))?,
            token: self.token_sealed.as_ref().map(open).transpose()?,
            state: ProvisioningState::ALL
                .into_iter()
                .find(|state| state.as_str() == self.state)
                .ok_or_else(|| corrupt("state"))?,
            client_id: self.client_id.map(ClientId::new),
            handle: self.handle,
            revision: self.revision,
            synced_revision: self.synced_revision,
            secret_until: self.secret_until.map(Timestamp::from_seconds),
            attempts: self.attempts,
            due_at: self.due_at.map(Timestamp::from_seconds),
            since: Timestamp::from_seconds(self.since),
            is_in_flight: self.in_flight,
            confirmations: self.confirmations,
            dropped_members,
            error: self.error,
            id: self.id,
        })
    }
}

/// The columns of a confirmed copy.
#[derive(Debug)]
pub struct ConfirmedColumns {
    pub handle: Option<String>,
    pub token_sealed: Option<String>,
    pub dropped_members: Option<String>,
    pub revision: i64,
    pub secret_until: Option<i64>,
    pub due_at: Option<i64>,
}

impl ConfirmedColumns {
    pub fn new(
        copy: ConfirmedCopy,
        lease: &WriteLease,
        seal: &SealingKey,
    ) -> Result<Self, StoreError> {
        refuse_nul(copy.handle.as_deref())?;
        let names = copy.dropped_members;
        Ok(Self {
            handle: copy.handle,
            token_sealed: seal_token(copy.token.as_ref(), lease, seal)?,
            dropped_members: (!names.is_empty())
                .then(|| serde_json::Value::from(names).to_string()),
            revision: copy.revision,
            secret_until: copy.secret_until.map(Timestamp::seconds),
            due_at: copy.due_at.map(Timestamp::seconds),
        })
    }
}

/// Seals the registration access token of a leased copy.
pub fn seal_token(
    token: Option<&Secret>,
    lease: &WriteLease,
    seal: &SealingKey,
) -> Result<Option<String>, StoreError> {
    let about = SealContext::UpstreamToken {
        provider: &lease.provider,
        id: &lease.row_id,
    };
    let seal_one = |token: &Secret| {
        seal.seal(&about, token.reveal())
            .ok_or_else(no_random_bytes)
    };
    token.map(seal_one).transpose()
}

/// Refuses a text with a NUL, which PostgreSQL does not store.
pub fn refuse_nul(text: Option<&str>) -> Result<(), StoreError> {
    if text.is_none_or(has_no_nul) {
        return Ok(());
    }
    Err(StoreError::Refused(
        "the authorization server's name of a client must not contain a NUL character",
    ))
}

/// Returns an error as it is stored: at most 300 characters, with U+FFFD for NUL, which PostgreSQL does not store.
pub fn stored_error(error: &str) -> String {
    let readable = |character| match character {
        '\0' => '\u{fffd}',
        other => other,
    };
    error
        .chars()
        .map(readable)
        .take(MAX_ERROR_CHARACTERS)
        .collect()
}
