//! The settings of a provider's copies at its authorization server.

use std::time::Duration;

use protocol::{Clock, Issuer, RandomSource};
use store::Store;

/// The time at which a registration is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ready {
    /// After the authorization server has the client.
    #[default]
    Wait,
    /// At once; the copy follows.
    Later,
}

/// The fate of the copy of a client that is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnDelete {
    /// The copy is deleted.
    #[default]
    Delete,
    /// The copy stays and cannot be used.
    Disable,
}

/// The settings of a provisioner.
#[derive(Debug, Clone)]
pub struct ProvisionerSettings {
    /// The provider of the clients that are written.
    pub issuer: Issuer,
    /// The time at which a registration is answered.
    pub ready: Ready,
    /// The maximum time that a request waits for the authorization server.
    pub patience: Duration,
    /// The maximum number of copies; 0 for no limit.
    pub at_most: u32,
    /// The fate of the copy of a deleted client.
    pub on_delete: OnDelete,
    /// The interval between two comparisons of all copies.
    pub reconcile: Duration,
    /// The scopes that the provider offers, for clients without the member `scope`.
    pub scopes_supported: Vec<String>,
}

/// The objects that a provisioner works with.
#[derive(Clone)]
pub struct ProvisionerServices {
    /// The store, which records the provisioner as the actor.
    pub store: Store,
    /// The clock.
    pub clock: Clock,
    /// The random source, for the jitter of delays.
    pub random: RandomSource,
}
