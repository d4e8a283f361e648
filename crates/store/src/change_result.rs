//! The effects of queued writes.

use crate::provisioning_row::ProvisioningColumns;

/// The effect of a change.
#[derive(Debug)]
pub enum ChangeResult {
    Nothing,
    Done,
    /// The change was made at this provider, which only the row knew.
    DoneAt(String),
    /// The change was made, and this is the row of the copy now.
    Row(Box<ProvisioningColumns>),
    /// Nothing was changed, because another writer has the copy until then.
    InFlight(i64),
    /// Nothing was changed, because the provider has as many copies as it may have.
    Full,
    /// No client was made, because its initial access token is used up.
    TokenExhausted,
}

impl ChangeResult {
    /// Returns true if the change took place.
    pub fn is_done(&self) -> bool {
        matches!(self, Self::Done | Self::DoneAt(_) | Self::Row(_))
    }
}
