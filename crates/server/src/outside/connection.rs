//! Whether anybody is there, with what certificate, and what must not be there.

use std::io::ErrorKind;
use std::net::TcpStream;
use std::time::Duration;

use openssl::asn1::Asn1Time;
use openssl::ssl::{SslStream, SslVerifyMode};
use openssl::stack::StackRef;
use openssl::x509::{X509, X509VerifyResult};
use protocol::Timestamp;
use protocol::issuer::OPENID_CONFIGURATION;
use serde_json::Value;
use ureq::http::HeaderName;
use ureq::http::header::HOST;
use url::Url;

use super::Options;
use super::checks;
use super::visit::{Visits, address, get};
use crate::attempt::http::Request;
use crate::attempt::lookup::addresses;
use crate::attempt::trust::trust;
use crate::config::ProviderConfig;
use crate::tls::acceptor::SOON;

/// How long a connection may take to come about.
const PATIENCE: Duration = Duration::from_secs(10);

/// A host that nobody has (RFC 2606 §2).
const NOBODY: &str = "frontdesk-check.invalid";

/// OpenSSL's `X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY` and `X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE`: the next
/// certificate is not there.
const NO_ISSUER: [i32; 2] = [20, 21];

/// Every origin that strangers ask: the issuers' and the domains', each once.
pub(super) fn origins(providers: &[ProviderConfig]) -> Vec<String> {
    let mut origins: Vec<String> = Vec::new();
    for provider in providers {
        let domains = provider.domains.iter().map(|domain| format!("https://{domain}"));
        for origin in [provider.issuer.origin().to_owned()].into_iter().chain(domains) {
            if !origins.contains(&origin) {
                origins.push(origin);
            }
        }
    }
    origins
}

/// Whether every address of an origin answers, with a certificate that is right. What is not so is a finding, and nothing
/// more is asked there.
pub(super) fn stands(visits: &mut Visits<'_, '_>, origin: &str, options: &Options, now: Timestamp) -> Result<bool, String> {
    let url = address(origin, "")?;
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let port = url.port_or_known_default().unwrap_or_default();
    let found = addresses(&options.resolve, &host, port);
    if found.is_empty() {
        visits.report.found(&checks::UNREACHABLE, origin, "is not there, since the host is unknown")?;
        return Ok(false);
    }
    let (mut right, mut reached) = (true, false);
    for place in found {
        let stream = match TcpStream::connect_timeout(&place, PATIENCE) {
            Ok(stream) => stream,
            Err(error)
                if matches!(error.kind(), ErrorKind::NetworkUnreachable | ErrorKind::HostUnreachable | ErrorKind::AddrNotAvailable) =>
            {
                visits.report.note(&format!("{origin} at {place} was not looked at, since no way leads there from here ({error})"))?;
                continue;
            }
            Err(error) => {
                visits.report.found(&checks::UNREACHABLE, origin, &format!("is not answered at {place} ({error})"))?;
                right = false;
                continue;
            }
        };
        reached = true;
        if url.scheme() == "https" {
            right &= certified(visits, origin, &host, stream, options, now)?;
        }
    }
    Ok(right && reached)
}

/// Whether the certificate of one address is right.
fn certified(
    visits: &mut Visits<'_, '_>,
    origin: &str,
    host: &str,
    stream: TcpStream,
    options: &Options,
    now: Timestamp,
) -> Result<bool, String> {
    let timeouts = stream.set_read_timeout(Some(PATIENCE)).and_then(|()| stream.set_write_timeout(Some(PATIENCE)));
    timeouts.map_err(|error| error.to_string())?;
    let mut connection = trust(options.ca.as_deref())?.configure().map_err(|error| error.to_string())?;
    connection.set_verify(SslVerifyMode::NONE); // a wrong certificate is looked at as well
    let stream = match connection.connect(host, stream) {
        Ok(stream) => stream,
        Err(error) => {
            visits.report.found(&checks::CERTIFICATE, origin, &format!("speaks no TLS that clients understand ({error})"))?;
            return Ok(false);
        }
    };
    let verdict = stream.ssl().verify_result();
    let Some(own) = stream.ssl().peer_certificate() else {
        visits.report.found(&checks::CERTIFICATE, origin, "has no certificate")?;
        return Ok(false);
    };
    if verdict != X509VerifyResult::OK {
        let alone = NO_ISSUER.contains(&verdict.as_raw()) && sent(&stream) < 2;
        let signer = issuer(&own);
        return match alone {
            true => visits.report.found(
                &checks::CHAIN,
                origin,
                &format!(
                    "sends its own certificate alone, and who signed it ({signer}) is unknown here; --ca names an authority of your own"
                ),
            ),
            false => visits.report.found(
                &checks::CERTIFICATE,
                origin,
                &format!("has a certificate that clients refuse ({})", verdict.error_string()),
            ),
        }
        .map(|()| false);
    }
    let soon = Asn1Time::from_unix(now.plus(SOON).seconds()).map_err(|error| error.to_string())?;
    if *own.not_after() < soon {
        visits.report.found(&checks::EXPIRY, origin, &format!("has a certificate that expires on {}", own.not_after()))?;
    }
    Ok(true)
}

fn sent(stream: &SslStream<TcpStream>) -> usize {
    stream.ssl().peer_cert_chain().map_or(0, StackRef::len)
}

/// Whoever signed a certificate, as its last name says.
fn issuer(certificate: &X509) -> String {
    let name = certificate.issuer_name().entries().last().and_then(|entry| entry.data().to_string().ok());
    name.unwrap_or_else(|| "without a name".to_owned())
}

/// What must not be at a provider's origin: documents without TLS, answers that repeat a stranger's `Host`, the management
/// listener.
pub(super) fn strangers(visits: &mut Visits<'_, '_>, provider: &ProviderConfig) -> Result<(), String> {
    let issuer = &provider.issuer;
    let document = address(&issuer.appended(OPENID_CONFIGURATION), "")?;
    if issuer.is_https() && issuer.port() == 443 {
        plain(visits, &document)?;
    }
    reflected(visits, &document)?;
    let told = |name: &str, of_ours: &str| Ok::<_, String>((address(issuer.origin(), name)?, of_ours.to_owned()));
    for (url, ours) in [told("/metrics", "frontdesk_")?, told("/readyz", "ready\n")?] {
        let request = get(&url);
        let Some(answer) = visits.ask(&request)? else { continue };
        if answer.status == 200 && String::from_utf8_lossy(&answer.body).contains(&ours) {
            visits.found(&checks::EXPOSED, &request, "is answered by the management listener, which is for operators only")?;
        }
    }
    Ok(())
}

/// Without TLS there may be a redirect or nothing at all.
fn plain(visits: &mut Visits<'_, '_>, document: &Url) -> Result<(), String> {
    let mut url = document.clone();
    if url.set_scheme("http").is_err() {
        return Ok(());
    }
    let request = get(&url);
    let Ok(answer) = visits.http.send(&request) else {
        return visits.report.note(&format!("GET {url} is not answered, which is as good as a redirect"));
    };
    visits.report.asked(&request, answer.status)?;
    if answer.object().is_some_and(|object| object.get("issuer").is_some_and(Value::is_string)) {
        return visits.found(&checks::PLAIN, &request, "has the document without TLS");
    }
    match answer.location.as_deref().filter(|_| (300..400).contains(&answer.status)).map(|location| url.join(location)) {
        Some(Ok(next)) if next.scheme() == "https" && next.host_str() != url.host_str() => {
            visits.found(&checks::OTHER_HOST, &request, &format!("is answered with a redirect to {next}"))
        }
        Some(Ok(next)) if next.scheme() != "https" => {
            visits.found(&checks::LOOP, &request, &format!("is answered with a redirect to {next}"))
        }
        _ => Ok(()),
    }
}

/// No byte of an answer comes from what a client says of hosts.
fn reflected(visits: &mut Visits<'_, '_>, document: &Url) -> Result<(), String> {
    let request = Request::get(document).header(HOST, NOBODY).header(HeaderName::from_static("x-forwarded-host"), NOBODY);
    // A server may well hang up.
    let Ok(answer) = visits.http.send(&request) else { return Ok(()) };
    visits.report.asked(&request, answer.status)?;
    let head = answer.headers.values().any(|value| value.to_str().is_ok_and(|value| value.contains(NOBODY)));
    if head || String::from_utf8_lossy(&answer.body).contains(NOBODY) {
        visits.found(
            &checks::REFLECTED,
            &request,
            &format!("with the Host {NOBODY} is answered with that name, so whoever shares a cache gets it too"),
        )?;
    }
    Ok(())
}
