//! Tries the addresses of the listeners without listening, so that no client connects meanwhile.
//!
//! An address that is in use is well if this deployment's own service has it: the management listener then answers
//! `/healthz`, the public one has a document, and the lookup demands a token.

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
use ureq::Body;
use ureq::http::Response;
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

/// Tries the addresses of the listeners.
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
    if let Some(lookup) = &config.lookup_listen {
        let is_lookup = |address| is_lookup(config, address, is_https);
        try_setting("lookup_listen", lookup, false, &is_lookup, report);
    }
    add_shared_addresses(config, report);
}

/// Adds every two settings that have an address in common. Each of them may be usable by itself, but not both.
fn add_shared_addresses(config: &Config, report: &mut ConfigurationReport) {
    let settings = [
        ("listen", Some(&config.listen)),
        ("management_listen", Some(&config.management_listen)),
        ("lookup_listen", config.lookup_listen.as_ref()),
    ];
    let mut earlier: Vec<(&str, Vec<SocketAddr>)> = Vec::new();
    for (key, text) in settings {
        // An address that cannot be resolved is a problem of its own.
        let Some(addresses) = text.and_then(|text| serve::resolve(key, text, false).ok()) else {
            continue;
        };
        for (other, others) in &earlier {
            let shared =
                |address: &&SocketAddr| others.iter().any(|other| overlap(**address, *other));
            if let Some(address) = addresses.iter().find(shared) {
                report.problems.push(format!(
                    "{} and {} both have {address}; give each an address of its own",
                    named(other),
                    named(key)
                ));
            }
        }
        earlier.push((key, addresses));
    }
}

/// Returns true if one listener on each address cannot be had at once. Port 0 is any free port, and `[::]` has IPv4 too.
fn overlap(one: SocketAddr, other: SocketAddr) -> bool {
    let covers = |one: SocketAddr, other: SocketAddr| {
        one.ip() == other.ip() || (one.ip().is_unspecified() && (one.is_ipv6() || other.is_ipv4()))
    };
    one.port() != 0 && one.port() == other.port() && (covers(one, other) || covers(other, one))
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

/// Returns true if a lookup answers at an address, with TLS as configured or the other way: it demands a token.
fn is_lookup(config: &Config, address: SocketAddr, is_https: bool) -> bool {
    let Some(provider) = config.providers.first() else {
        return false;
    };
    [is_https, !is_https].into_iter().any(|is_https| {
        let response = request(provider, address, is_https, lookup::CLIENTS);
        response.is_ok_and(|response| response.status() == 401 && has_request_id(&response))
    })
}

/// Requests the provider's document from an address. Returns its body, and whether the response has a request identifier.
fn fetch(
    provider: &ProviderConfig,
    address: SocketAddr,
    is_https: bool,
) -> anyhow::Result<(bool, Value)> {
    let path = provider.issuer.path();
    let path = format!("{path}/.well-known/{OPENID_CONFIGURATION}");
    let mut response = request(provider, address, is_https, &path)?;
    let has_id = has_request_id(&response);
    let body = response.body_mut().with_config().limit(DOCUMENT_MAX);
    let body = serde_json::from_slice(&body.read_to_vec()?)
        .context("the document of the running service is not JSON")?;
    Ok((has_id, body))
}

/// Returns true for a response with a request identifier, as all of Frontdesk's have.
fn has_request_id(response: &Response<Body>) -> bool {
    response.headers().contains_key("x-request-id")
}

/// Requests a path from an address.
fn request(
    provider: &ProviderConfig,
    address: SocketAddr,
    is_https: bool,
    path: &str,
) -> anyhow::Result<Response<Body>> {
    let issuer = &provider.issuer;
    let tls = is_https.then(|| unverified(issuer.host())).transpose()?;
    let options = AgentOptions {
        timeout: REQUEST_TIMEOUT,
        ..AgentOptions::default()
    };
    let scheme = if is_https { "https" } else { "http" };
    let agent = agent(&options, tls, DefaultResolver::default());
    let request = agent.get(format!("{scheme}://{address}{path}"));
    Ok(request.header(HOST, issuer.authority()).call()?)
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
