//! The state of the hop of a provider.

use std::sync::Arc;

use arc_swap::ArcSwap;
use protocol::{Clock, Issuer};
use store::Store;

use crate::counts::HopCounts;
use crate::page;

/// The authorization hop of a provider.
pub struct Hop {
    /// The provider.
    pub issuer: Issuer,
    /// The authorization endpoint of the server behind.
    target: ArcSwap<String>,
    /// The store.
    pub store: Store,
    /// The clock.
    pub clock: Clock,
    /// The numbers of answers.
    pub counts: HopCounts,
    pub(crate) content_security_policy: String,
}

impl Hop {
    /// Makes the state. `target` is the authorization endpoint of the server behind.
    pub fn new(issuer: Issuer, target: String, store: Store, clock: Clock) -> Self {
        Self {
            issuer,
            target: ArcSwap::from_pointee(target),
            store,
            clock,
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
