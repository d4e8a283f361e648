//! Tries the addresses of the listeners without listening, so that no client connects meanwhile.
//!
//! An address that is in use is well if this deployment's own service has it: the management listener then answers
//! `/healthz`, and the public one has a document.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context;
use openssl::ssl::SslVerifyMode;
use outbound::agent::{AgentOptions, agent};
use outbound::tls::TlsConnector;
use protocol::issuer::OPENID_CONFIGURATION;
use serde_json::Value;
use socket2::{Domain, Socket, Type};
use ureq::http::header::HOST;
use ureq::unversioned::resolver::DefaultResolver;

use super::report::ConfigurationReport;
use crate::commands::{error_text, health};
use crate::config::{Config, ProviderConfig, TlsMode};
use crate::serve;
use crate::settings::named;

/// The time limit of a request to a service that has an address.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);

/// The maximum length of a document, in bytes.
const DOCUMENT_MAX: u64 = 1024 * 1024;

/// Tries the addresses of both listeners.
pub(super) fn check(config: &Config, report: &mut ConfigurationReport) {
    let is_https = config.tls != TlsMode::Off;
    let is_public = |address| {
        let mut providers = config.providers.iter();
        providers.any(|provider| has_document(provider, address, is_https))
    };
    let is_management = |address| {
        health::ask(&format!("http://{address}/healthz")).is_ok_and(|(status, _)| status == 200)
    };
    let loopback_only = config.loopback_only;
    try_setting("listen", &config.listen, loopback_only, &is_public, report);
    let management = &config.management_listen;
    try_setting(
        "management_listen",
        management,
        false,
        &is_management,
        report,
    );
}

/// Tries every address of a setting. As at a start, addresses that this machine does not have are a problem only if there is
/// no other.
fn try_setting(
    key: &str,
    text: &str,
    loopback_only: bool,
    is_served: &dyn Fn(SocketAddr) -> bool,
    report: &mut ConfigurationReport,
) {
    let addresses = match serve::resolve(key, text, loopback_only) {
        Ok(addresses) => addresses,
        Err(error) => return report.problems.push(error_text(&error)),
    };
    let setting = format!("{} is {text}", named(key));
    let (mut is_usable, mut unavailable) = (false, None);
    for address in addresses {
        match bind(address) {
            Err(error)
                if error.kind() == io::ErrorKind::AddrNotAvailable
                    || error.kind() == io::ErrorKind::Unsupported =>
            {
                unavailable = Some(error);
            }
            outcome => {
                is_usable = true;
                if let Err(error) = outcome {
                    add_fault(&setting, address, &error, is_served, report);
                }
            }
        }
    }
    if let Some(error) = unavailable.filter(|_| !is_usable) {
        let problem = format!("{setting}, which cannot be listened on: {error}");
        report.problems.push(problem);
    }
}

/// Adds what is wrong with an address of this machine. An address that the running service uses is well, and one that this user
/// may not use may still be right for the service.
fn add_fault(
    setting: &str,
    address: SocketAddr,
    error: &io::Error,
    is_served: &dyn Fn(SocketAddr) -> bool,
    report: &mut ConfigurationReport,
) {
    match error.kind() {
        io::ErrorKind::AddrInUse if is_served(health::reachable(address)) => {}
        io::ErrorKind::AddrInUse => report.problems.push(format!(
            "{setting}, and {address} is in use by another program"
        )),
        io::ErrorKind::PermissionDenied => report.notes.push(format!(
            "{setting}, and this user may not listen on {address}; the service needs CAP_NET_BIND_SERVICE for that"
        )),
        _ => report.problems.push(format!(
            "{setting}, and {address} cannot be listened on: {error}"
        )),
    }
}

/// Binds a socket to an address, and closes it again.
fn bind(address: SocketAddr) -> io::Result<()> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())
}

/// Returns true if Frontdesk answers at an address: as it is configured, or the other way, since this configuration may be newer
/// than the running service.
fn has_document(provider: &ProviderConfig, address: SocketAddr, is_https: bool) -> bool {
    [is_https, !is_https].into_iter().any(|is_https| {
        fetch(provider, address, is_https).is_ok_and(|(has_id, body)| has_id && body.is_object())
    })
}

/// Requests the provider's document from an address. Returns its body, and whether the response has a request identifier, as all
/// of Frontdesk's have.
fn fetch(
    provider: &ProviderConfig,
    address: SocketAddr,
    is_https: bool,
) -> anyhow::Result<(bool, Value)> {
    let issuer = &provider.issuer;
    let tls = is_https.then(|| unverified(issuer.host())).transpose()?;
    let options = AgentOptions {
        timeout: REQUEST_TIMEOUT,
        ..AgentOptions::default()
    };
    let scheme = if is_https { "https" } else { "http" };
    let path = issuer.path();
    let url = format!("{scheme}://{address}{path}/.well-known/{OPENID_CONFIGURATION}");
    let mut response = agent(&options, tls, DefaultResolver::default())
        .get(url)
        .header(HOST, issuer.authority())
        .call()?;
    let has_id = response.headers().contains_key("x-request-id");
    let body = response.body_mut().with_config().limit(DOCUMENT_MAX);
    let body = serde_json::from_slice(&body.read_to_vec()?)
        .context("the document of the running service is not JSON")?;
    Ok((has_id, body))
}

/// Returns a connector that accepts any certificate: it only asks which program has the address.
fn unverified(host: &str) -> anyhow::Result<TlsConnector> {
    let mut builder = outbound::tls::connector_builder(Vec::new())?;
    builder.set_verify(SslVerifyMode::NONE);
    Ok(TlsConnector {
        trust: builder.build(),
        host: host.trim_matches(['[', ']']).to_owned(),
        deadline: std::time::Instant::now() + REQUEST_TIMEOUT,
    })
}
