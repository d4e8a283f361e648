//! The HTTP agent of the whole process: without proxy, redirects, status errors or idle connections.
//!
//! By default the library would use a proxy from the environment, and follow redirects. Both change the destination of a request.

use std::time::Duration;

use ureq::Agent;
use ureq::unversioned::resolver::Resolver;
use ureq::unversioned::transport::{Connector, TcpConnector};

use crate::tls::TlsConnector;

/// The options in which the users of [`agent`] differ.
#[derive(Debug, Clone, Default)]
pub struct AgentOptions {
    /// The time limit of a request and its response.
    pub timeout: Duration,
    /// The time limit of opening a connection, if it has one of its own.
    pub connect_timeout: Option<Duration>,
    /// The maximum length of the head of a response in bytes, or the library's default.
    pub max_head_bytes: Option<usize>,
    /// The `User-Agent` header, or the library's default.
    pub user_agent: Option<&'static str>,
    /// The `Accept` header, or the library's default.
    pub accept: Option<&'static str>,
}

/// Builds an agent. With `tls` it speaks https only, and without it http only.
pub fn agent(options: &AgentOptions, tls: Option<TlsConnector>, resolver: impl Resolver) -> Agent {
    let mut builder = Agent::config_builder()
        .proxy(None)
        .max_redirects(0)
        .http_status_as_error(false)
        .max_idle_connections(0)
        .https_only(tls.is_some())
        .timeout_global(Some(options.timeout))
        .timeout_connect(options.connect_timeout)
        .accept_encoding("identity");
    if let Some(bytes) = options.max_head_bytes {
        builder = builder.max_response_header_size(bytes);
    }
    if let Some(user_agent) = options.user_agent {
        builder = builder.user_agent(user_agent);
    }
    if let Some(accept) = options.accept {
        builder = builder.accept(accept);
    }
    let (config, tcp) = (builder.build(), ().chain(TcpConnector::default()));
    match tls {
        Some(tls) => Agent::with_parts(config, tcp.chain(tls), resolver),
        None => Agent::with_parts(config, tcp, resolver),
    }
}
