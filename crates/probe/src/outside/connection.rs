//! Whether anybody is there, with what certificate, and what must not be there.

use std::io::ErrorKind;
use std::net::TcpStream;
use std::time::Duration;

use openssl::asn1::Asn1Time;
use openssl::ssl::{SslStream, SslVerifyMode};
use openssl::stack::StackRef;
use openssl::x509::{X509, X509VerifyResult};
use protocol::issuer::OPENID_CONFIGURATION;
use protocol::{Issuer, Timestamp};
use serde_json::Value;
use ureq::http::HeaderName;
use ureq::http::header::HOST;
use url::Url;

use super::OutsideOptions;
use super::checks;
use super::expected::ExpectedProvider;
use super::requests::{OutsideChecker, address, get};
use crate::client::ProbeRequest;
use crate::resolver::addresses;
use crate::trusted_authorities::trust;

/// How long a connection may take to come about.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A host that nobody has (RFC 2606 §2).
const UNKNOWN_HOST: &str = "frontdesk-check.invalid";

/// OpenSSL's `X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY` and `X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE`: the next
/// certificate is not there.
const NO_ISSUER: [i32; 2] = [20, 21];

/// Every origin that strangers ask: the issuers' and the domains', each once.
pub(super) fn origins(providers: &[ExpectedProvider]) -> Vec<String> {
    let mut origins: Vec<String> = Vec::new();
    for provider in providers {
        let domains = provider
            .descriptors
            .iter()
            .map(|descriptor| descriptor.origin.as_str());
        for origin in [provider.issuer.origin()].into_iter().chain(domains) {
            if !origins.iter().any(|known| known == origin) {
                origins.push(origin.to_owned());
            }
        }
    }
    origins
}

/// Whether every address of an origin answers, with a certificate that is right. What is not so is a finding, and nothing
/// more is asked there.
pub(super) fn is_reachable(
    checker: &mut OutsideChecker<'_, '_>,
    origin: &str,
    options: &OutsideOptions,
    now: Timestamp,
) -> Result<bool, String> {
    let url = address(origin, "")?;
    let host = url
        .host_str()
        .unwrap_or_default()
        .trim_matches(['[', ']'])
        .to_owned();
    let port = url.port_or_known_default().unwrap_or_default();
    let found = addresses(&options.resolve, &host, port);
    if found.is_empty() {
        checker.report.found(
            &checks::UNREACHABLE,
            origin,
            "is not there, since the host is unknown",
        )?;
        return Ok(false);
    }
    let (mut right, mut reached) = (true, false);
    for place in found {
        let stream = match TcpStream::connect_timeout(&place, TIMEOUT) {
            Ok(stream) => stream,
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::NetworkUnreachable
                        | ErrorKind::HostUnreachable
                        | ErrorKind::AddrNotAvailable
                ) =>
            {
                checker.report.note(&format!("{origin} at {place} was not looked at, since no way leads there from here ({error})"))?;
                continue;
            }
            Err(error) => {
                checker.report.found(
                    &checks::UNREACHABLE,
                    origin,
                    &format!("is not answered at {place} ({error})"),
                )?;
                right = false;
                continue;
            }
        };
        reached = true;
        if url.scheme() == "https" {
            right &= certified(checker, origin, &host, stream, options, now)?;
        }
    }
    Ok(right && reached)
}

/// Whether the certificate of one address is right.
fn certified(
    checker: &mut OutsideChecker<'_, '_>,
    origin: &str,
    host: &str,
    stream: TcpStream,
    options: &OutsideOptions,
    now: Timestamp,
) -> Result<bool, String> {
    let timeouts = stream
        .set_read_timeout(Some(TIMEOUT))
        .and_then(|()| stream.set_write_timeout(Some(TIMEOUT)));
    timeouts.map_err(|error| error.to_string())?;
    let mut connection = trust(options.ca.as_deref())?
        .configure()
        .map_err(|error| error.to_string())?;
    connection.set_verify(SslVerifyMode::NONE); // a wrong certificate is looked at as well
    let stream = match connection.connect(host, stream) {
        Ok(stream) => stream,
        Err(error) => {
            checker.report.found(
                &checks::CERTIFICATE,
                origin,
                &format!("speaks no TLS that clients understand ({error})"),
            )?;
            return Ok(false);
        }
    };
    let verdict = stream.ssl().verify_result();
    let Some(own) = stream.ssl().peer_certificate() else {
        checker
            .report
            .found(&checks::CERTIFICATE, origin, "has no certificate")?;
        return Ok(false);
    };
    if verdict != X509VerifyResult::OK {
        let alone = NO_ISSUER.contains(&verdict.as_raw()) && sent(&stream) < 2;
        let signer = signer(&own);
        return match alone {
            true => checker.report.found(
                &checks::CHAIN,
                origin,
                &format!(
                    "sends its own certificate alone, and who signed it ({signer}) is unknown here; --ca names an authority of your own"
                ),
            ),
            false => checker.report.found(
                &checks::CERTIFICATE,
                origin,
                &format!("has a certificate that clients refuse ({})", verdict.error_string()),
            ),
        }
        .map(|()| false);
    }
    let soon = Asn1Time::from_unix(now.plus(options.expires_soon).seconds())
        .map_err(|error| error.to_string())?;
    if *own.not_after() < soon {
        checker.report.found(
            &checks::EXPIRY,
            origin,
            &format!("has a certificate that expires on {}", own.not_after()),
        )?;
    }
    Ok(true)
}

fn sent(stream: &SslStream<TcpStream>) -> usize {
    stream.ssl().peer_cert_chain().map_or(0, StackRef::len)
}

/// Whoever signed a certificate, as its last name says.
fn signer(certificate: &X509) -> String {
    let name = certificate
        .issuer_name()
        .entries()
        .last()
        .and_then(|entry| entry.data().to_string().ok());
    name.unwrap_or_else(|| "without a name".to_owned())
}

/// What must not be at a provider's origin: documents without TLS, answers that repeat a stranger's `Host`, the management
/// listener.
pub(super) fn check_foreign_answers(
    checker: &mut OutsideChecker<'_, '_>,
    issuer: &Issuer,
) -> Result<(), String> {
    let document = address(&issuer.appended(OPENID_CONFIGURATION), "")?;
    if issuer.is_https() && issuer.port() == 443 {
        plain(checker, &document)?;
    }
    reflected(checker, &document)?;
    let told = |name: &str, of_ours: &str| {
        Ok::<_, String>((address(issuer.origin(), name)?, of_ours.to_owned()))
    };
    for (url, ours) in [told("/metrics", "frontdesk_")?, told("/readyz", "ready\n")?] {
        let request = get(&url);
        let Some(answer) = checker.ask(&request)? else {
            continue;
        };
        if answer.status == 200 && String::from_utf8_lossy(&answer.body).contains(&ours) {
            checker.found(
                &checks::EXPOSED,
                &request,
                "is answered by the management listener, which is for operators only",
            )?;
        }
    }
    Ok(())
}

/// Without TLS there may be a redirect or nothing at all.
fn plain(checker: &mut OutsideChecker<'_, '_>, document: &Url) -> Result<(), String> {
    let mut url = document.clone();
    if url.set_scheme("http").is_err() {
        return Ok(());
    }
    let request = get(&url);
    let Ok(answer) = checker.http.send(&request) else {
        return checker.report.note(&format!(
            "GET {url} is not answered, which is as good as a redirect"
        ));
    };
    checker.report.asked(&request, answer.status)?;
    if answer
        .object()
        .is_some_and(|object| object.get("issuer").is_some_and(Value::is_string))
    {
        return checker.found(&checks::PLAIN, &request, "has the document without TLS");
    }
    match answer
        .location
        .as_deref()
        .filter(|_| (300..400).contains(&answer.status))
        .map(|location| url.join(location))
    {
        Some(Ok(next)) if next.scheme() == "https" && next.host_str() != url.host_str() => checker
            .found(
                &checks::OTHER_HOST,
                &request,
                &format!("is answered with a redirect to {next}"),
            ),
        Some(Ok(next)) if next.scheme() != "https" => checker.found(
            &checks::LOOP,
            &request,
            &format!("is answered with a redirect to {next}"),
        ),
        _ => Ok(()),
    }
}

/// No byte of an answer comes from what a client says of hosts.
fn reflected(checker: &mut OutsideChecker<'_, '_>, document: &Url) -> Result<(), String> {
    let request = ProbeRequest::get(document)
        .header(HOST, UNKNOWN_HOST)
        .header(HeaderName::from_static("x-forwarded-host"), UNKNOWN_HOST);
    // A server may well hang up.
    let Ok(answer) = checker.http.send(&request) else {
        return Ok(());
    };
    checker.report.asked(&request, answer.status)?;
    let head = answer.headers.values().any(|value| {
        value
            .to_str()
            .is_ok_and(|value| value.contains(UNKNOWN_HOST))
    });
    if head || String::from_utf8_lossy(&answer.body).contains(UNKNOWN_HOST) {
        checker.found(
            &checks::REFLECTED,
            &request,
            &format!("reflects an unknown Host header ({UNKNOWN_HOST}), which a shared cache would serve to others"),
        )?;
    }
    Ok(())
}
