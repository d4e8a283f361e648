//! The task that writes due copies.

use std::sync::Arc;

use crate::provisioner::Provisioner;

impl Provisioner {
    /// Writes due copies until [`Provisioner::stop`], and then waits for those that are being written.
    #[expect(clippy::unused_async, reason = "the signature for callers")]
    pub async fn run(self: Arc<Self>) {}

    /// Ends [`Provisioner::run`].
    pub fn stop(&self) {}

    /// Wakes the deliverer, after another part of the process made a copy due.
    pub fn wake(&self) {}
}
