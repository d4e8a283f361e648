//! The state of the hop of a provider.

use std::sync::Arc;

use access::{DocumentLimiter, RefusalLog};
use arc_swap::ArcSwap;
use documents::Documents;
use protocol::{Clock, Issuer};
use provisioning::Provisioner;
use store::Store;

use crate::counts::HopCounts;
use crate::page;

/// The parts of the hop of a provider.
pub struct HopServices {
    /// The documents of the provider.
    pub documents: Arc<Documents>,
    /// The way into the client table of the server behind, if its clients are written there.
    pub provisioner: Option<Arc<Provisioner>>,
    /// The store.
    pub store: Store,
    /// The clock.
    pub clock: Clock,
    /// The limit on fetches that an address causes.
    pub limiter: Arc<DocumentLimiter>,
    /// The refusals for the audit trail.
    pub refusals: Arc<RefusalLog>,
}

/// The authorization hop of a provider.
pub struct Hop {
    /// The provider.
    pub issuer: Issuer,
    /// The authorization endpoint of the server behind.
    target: ArcSwap<String>,
    pub(crate) services: HopServices,
    /// The numbers of answers.
    pub counts: HopCounts,
    pub(crate) content_security_policy: String,
}

impl Hop {
    /// Makes the state. `target` is the authorization endpoint of the server behind.
    pub fn new(issuer: Issuer, target: String, services: HopServices) -> Self {
        Self {
            issuer,
            target: ArcSwap::from_pointee(target),
            services,
            counts: HopCounts::default(),
            content_security_policy: page::content_security_policy(),
        }
    }

    /// Replaces the authorization endpoint of the server behind, for requests that begin from now on.
    pub fn set_target(&self, target: String) {
        self.target.store(Arc::new(target));
    }

    pub(crate) fn target(&self) -> Arc<String> {
        self.target.load_full()
    }
}
