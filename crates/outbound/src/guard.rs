//! The checks of every fetch for a stranger: the name is resolved once, every address is checked, and the connection goes to
//! exactly those.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use openssl::ssl::{SslConnector, SslConnectorBuilder};
use openssl::x509::X509;

use crate::exchange::Exchange;
use crate::fetch_error::{FetchError, FetchErrorReason};
use crate::resolver::{self, ResolveFn};
use crate::target::FetchTarget;
use crate::tls;
use crate::validators::Validators;

/// The resolver and the trusted authorities.
pub(crate) struct GuardedTransport {
    pub(crate) authorities: Vec<X509>,
    pub(crate) trust: OnceLock<Option<SslConnector>>,
    pub(crate) resolve: Arc<ResolveFn>,
}

/// A request with addresses that are not checked yet.
pub(crate) struct GuardedRequest<'a> {
    pub(crate) target: &'a FetchTarget,
    /// The time limit of the name, and of the connection with its handshake.
    pub(crate) connect: Duration,
    pub(crate) deadline: Instant,
    pub(crate) accept: &'static str,
    pub(crate) known: Option<&'a Validators>,
}

impl GuardedTransport {
    /// Resolves the target and checks every address of it. Nothing is connected yet.
    pub(crate) fn prepare<'a>(
        &'a self,
        request: &GuardedRequest<'a>,
    ) -> Result<Exchange<'a>, FetchError> {
        let GuardedRequest {
            target,
            connect,
            deadline,
            accept,
            known,
        } = *request;
        let timeout = connect.min(deadline.saturating_duration_since(Instant::now()));
        Ok(Exchange {
            target,
            addresses: resolver::resolve(&self.resolve, target, timeout)?,
            trust: self.connector()?,
            connect,
            deadline,
            accept,
            known,
        })
    }

    /// Returns the connector with the trusted authorities. It is created for the first fetch, since reading the system's
    /// authorities takes time and memory, and most deployments never fetch.
    fn connector(&self) -> Result<&SslConnector, FetchErrorReason> {
        let read = || {
            tls::connector_builder(self.authorities.clone())
                .ok()
                .map(SslConnectorBuilder::build)
        };
        self.trust
            .get_or_init(read)
            .as_ref()
            .ok_or(FetchErrorReason::Tls)
    }
}
