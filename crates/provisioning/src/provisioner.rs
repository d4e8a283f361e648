//! The provisioner of a provider: all that writes its clients into an authorization server.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use protocol::histogram::Distribution;
use protocol::{InvalidMember, RegisteredMetadata, lock};
use tokio::sync::{Notify, Semaphore};

use crate::breaker::Breaker;
use crate::connector::{Connector, Limit};
use crate::counts::{ProvisionCounts, ProvisionOutcome};
use crate::redirects::PlainRedirects;
use crate::settings::{ProvisionerServices, ProvisionerSettings};

/// The maximum number of calls to a target at a time.
const MAX_CALLS: usize = 16;

/// The provisioner of a provider. It is shared by the requests, the deliverer and the commands.
pub struct Provisioner {
    pub(crate) settings: ProvisionerSettings,
    pub(crate) connector: Arc<dyn Connector>,
    pub(crate) services: ProvisionerServices,
    pub(crate) breaker: Breaker,
    pub(crate) counts: ProvisionCounts,
    pub(crate) is_misconfigured: AtomicBool,
    /// True if the maximum number of copies was reached when a client came last.
    pub(crate) is_full: AtomicBool,
    /// The calls that may be in progress at a time.
    pub(crate) calls: Arc<Semaphore>,
    /// Wakes the deliverer.
    pub(crate) due: Notify,
    /// Ends the wait for the next comparison.
    pub(crate) stopped: Notify,
    pub(crate) is_stopping: AtomicBool,
    scopes_supported: Mutex<Arc<[String]>>,
}

/// The state of a target in this process, for metrics and commands.
#[derive(Debug, Clone)]
pub struct TargetStatus {
    /// True while calls are refused without being made.
    pub is_breaker_open: bool,
    /// True if the last call was refused because of our credentials or address.
    pub is_misconfigured: bool,
    /// The number of calls by outcome.
    pub outcomes: Vec<(ProvisionOutcome, u64)>,
    /// The number of copies that cannot be found again.
    pub lost: u64,
    /// The durations of the calls, in microseconds.
    pub durations: Distribution,
}

impl Provisioner {
    /// Makes the provisioner of a provider.
    pub fn new(
        settings: ProvisionerSettings,
        connector: Arc<dyn Connector>,
        services: ProvisionerServices,
    ) -> Self {
        let scopes_supported = Mutex::new(settings.scopes_supported.clone().into());
        Self {
            settings,
            connector,
            services,
            breaker: Breaker::new(),
            counts: ProvisionCounts::default(),
            is_misconfigured: AtomicBool::new(false),
            is_full: AtomicBool::new(false),
            calls: Arc::new(Semaphore::new(MAX_CALLS)),
            due: Notify::new(),
            stopped: Notify::new(),
            is_stopping: AtomicBool::new(false),
            scopes_supported,
        }
    }

    /// Returns the settings.
    pub fn settings(&self) -> &ProvisionerSettings {
        &self.settings
    }

    /// Returns the connector to the authorization server.
    pub fn connector(&self) -> &Arc<dyn Connector> {
        &self.connector
    }

    /// Returns the limits of the authorization server on values of client metadata.
    pub fn limits(&self) -> &'static [Limit] {
        self.connector.limits()
    }

    /// Returns the values that the server supports and its document does not list: each member with its values.
    pub fn additions(&self) -> &'static [(&'static str, &'static [&'static str])] {
        self.connector.additions()
    }

    /// Sets the scopes that the provider offers, when its document changed.
    pub fn set_scopes_supported(&self, scopes: Vec<String>) {
        *lock(&self.scopes_supported) = scopes.into();
    }

    pub(crate) fn scopes_supported(&self) -> Arc<[String]> {
        Arc::clone(&lock(&self.scopes_supported))
    }

    /// Checks agreed metadata against the limits of the authorization server. Patterns among the redirect URIs are checked as
    /// the URIs that the server is sent.
    ///
    /// # Errors
    /// The first value that the server cannot keep.
    pub fn check_limits(&self, metadata: &RegisteredMetadata) -> Result<(), InvalidMember> {
        if self.limits().is_empty() {
            return Ok(());
        }
        let mut members = metadata.members().object();
        if members.contains_key("redirect_uris") {
            let uris = PlainRedirects::new(metadata.members()).uris;
            members.insert("redirect_uris".to_owned(), uris.into());
        }
        for limit in self.limits() {
            if let Some(value) = members.get(limit.member) {
                limit.check(value).map_err(|reason| {
                    InvalidMember::new(limit.member, reason).by("server_limit")
                })?;
            }
        }
        Ok(())
    }

    /// Returns the state of the target in this process.
    pub fn status(&self) -> TargetStatus {
        TargetStatus {
            is_breaker_open: self.breaker.pause(Instant::now()).is_some(),
            is_misconfigured: self.is_misconfigured.load(Ordering::Relaxed),
            outcomes: self.counts.outcomes(),
            lost: self.counts.lost(),
            durations: self.counts.durations(),
        }
    }
}
