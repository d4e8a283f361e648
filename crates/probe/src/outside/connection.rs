//! Checks that every address answers with a valid certificate, and that nothing is public that must not be.

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

use super::checks;
use super::expected::{ExpectedProvider, OutsideOptions};
use super::requests::{OutsideChecker, get, parse_address};
use crate::client::ProbeRequest;
use crate::resolver::resolve_addresses;
use crate::trusted_authorities::tls_connector;

/// The time limit of connecting, and of each read and write.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A host name that is never assigned (RFC 2606 §2).
const UNKNOWN_HOST: &str = "frontdesk-check.invalid";

/// OpenSSL's `X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY` and `X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE`: the next
/// certificate is missing.
const NO_ISSUER: [i32; 2] = [20, 21];

/// Returns the origins of all issuers and domains, each once.
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

/// Returns true if every address of an origin answers with a valid certificate. Otherwise the fault is a finding, and no other
/// request is sent there.
pub(super) fn is_reachable(
    checker: &mut OutsideChecker<'_, '_>,
    origin: &str,
    options: &OutsideOptions,
    now: Timestamp,
) -> anyhow::Result<bool> {
    let url = parse_address(origin, "")?;
    let host = url
        .host_str()
        .unwrap_or_default()
        .trim_matches(['[', ']'])
        .to_owned();
    let port = url.port_or_known_default().unwrap_or_default();
    let found = resolve_addresses(&options.resolve, &host, port);
    if found.is_empty() {
        checker.report.add_finding(
            &checks::UNREACHABLE,
            origin,
            "has a host that cannot be resolved",
        )?;
        return Ok(false);
    }
    let (mut right, mut reached) = (true, false);
    for place in found {
        let stream = match TcpStream::connect_timeout(&place, CONNECT_TIMEOUT) {
            Ok(stream) => stream,
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::NetworkUnreachable
                        | ErrorKind::HostUnreachable
                        | ErrorKind::AddrNotAvailable
                ) =>
            {
                checker.report.add_note(&format!(
                    "{origin} at {place} was not checked, since there is no route to it ({error})"
                ))?;
                continue;
            }
            Err(error) => {
                checker.report.add_finding(
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
            right &= has_valid_certificate(checker, origin, &host, stream, options, now)?;
        }
    }
    Ok(right && reached)
}

/// Returns true if the certificate of an address is valid; otherwise the fault is a finding.
fn has_valid_certificate(
    checker: &mut OutsideChecker<'_, '_>,
    origin: &str,
    host: &str,
    stream: TcpStream,
    options: &OutsideOptions,
    now: Timestamp,
) -> anyhow::Result<bool> {
    stream.set_read_timeout(Some(CONNECT_TIMEOUT))?;
    stream.set_write_timeout(Some(CONNECT_TIMEOUT))?;
    let mut connection = tls_connector(options.ca.as_deref())?.configure()?;
    connection.set_verify(SslVerifyMode::NONE); // an invalid certificate is examined as well
    let stream = match connection.connect(host, stream) {
        Ok(stream) => stream,
        Err(error) => {
            checker.report.add_finding(
                &checks::CERTIFICATE,
                origin,
                &format!("failed the TLS handshake ({error})"),
            )?;
            return Ok(false);
        }
    };
    let verdict = stream.ssl().verify_result();
    let Some(own) = stream.ssl().peer_certificate() else {
        checker
            .report
            .add_finding(&checks::CERTIFICATE, origin, "has no certificate")?;
        return Ok(false);
    };
    if verdict != X509VerifyResult::OK {
        return report_invalid(checker, origin, verdict, &own, certificates_sent(&stream))
            .map(|()| false);
    }
    let soon = Asn1Time::from_unix(now.plus(options.expires_soon).seconds())?;
    if *own.not_after() < soon {
        checker.report.add_finding(
            &checks::EXPIRY,
            origin,
            &format!("has a certificate that expires on {}", own.not_after()),
        )?;
    }
    Ok(true)
}

/// Adds the finding about a certificate that clients reject.
fn report_invalid(
    checker: &mut OutsideChecker<'_, '_>,
    origin: &str,
    verdict: X509VerifyResult,
    own: &X509,
    sent: usize,
) -> anyhow::Result<()> {
    let (check, saw) = if NO_ISSUER.contains(&verdict.as_raw()) && sent < 2 {
        let signer = issuer_name(own);
        (
            &checks::CHAIN,
            format!(
                "sends no intermediate certificates, and the issuer of its certificate ({signer}) is not trusted here; --ca names the file of a private authority"
            ),
        )
    } else {
        let reason = verdict.error_string();
        (
            &checks::CERTIFICATE,
            format!("has a certificate that clients reject ({reason})"),
        )
    };
    checker.report.add_finding(check, origin, &saw)
}

fn certificates_sent(stream: &SslStream<TcpStream>) -> usize {
    stream.ssl().peer_cert_chain().map_or(0, StackRef::len)
}

/// The last entry of the issuer's name in a certificate.
fn issuer_name(certificate: &X509) -> String {
    let name = certificate
        .issuer_name()
        .entries()
        .last()
        .and_then(|entry| entry.data().to_string().ok());
    name.unwrap_or_else(|| "without a name".to_owned())
}

/// Checks that a provider's origin serves no documents without TLS, repeats no unknown `Host`, and does not serve the paths of
/// the management listener.
pub(super) fn check_foreign_answers(
    checker: &mut OutsideChecker<'_, '_>,
    issuer: &Issuer,
) -> anyhow::Result<()> {
    let document = parse_address(&issuer.appended(OPENID_CONFIGURATION), "")?;
    if issuer.is_https() && issuer.port() == 443 {
        check_plain_http(checker, &document)?;
    }
    check_reflected_host(checker, &document)?;
    let path = |name: &str, content: &str| {
        Ok::<_, anyhow::Error>((parse_address(issuer.origin(), name)?, content.to_owned()))
    };
    for (url, content) in [path("/metrics", "frontdesk_")?, path("/readyz", "ready\n")?] {
        let request = get(&url);
        let Some(answer) = checker.send(&request)? else {
            continue;
        };
        if answer.status == 200 && String::from_utf8_lossy(&answer.body).contains(&content) {
            checker.add_finding(
                &checks::EXPOSED,
                &request,
                "is answered by the management listener, which is for operators only",
            )?;
        }
    }
    Ok(())
}

/// Checks that plain HTTP redirects or is closed.
fn check_plain_http(checker: &mut OutsideChecker<'_, '_>, document: &Url) -> anyhow::Result<()> {
    let mut url = document.clone();
    if url.set_scheme("http").is_err() {
        return Ok(());
    }
    let request = get(&url);
    let Ok(answer) = checker.http.send(&request) else {
        return checker.report.add_note(&format!(
            "GET {url} is not answered; plain HTTP may be closed"
        ));
    };
    checker.report.add_request(&request, answer.status)?;
    if answer
        .object()
        .is_some_and(|object| object.get("issuer").is_some_and(Value::is_string))
    {
        return checker.add_finding(&checks::PLAIN, &request, "has the document without TLS");
    }
    match answer
        .location
        .as_deref()
        .filter(|_| (300..400).contains(&answer.status))
        .map(|location| url.join(location))
    {
        Some(Ok(next)) if next.scheme() == "https" && next.host_str() != url.host_str() => checker
            .add_finding(
                &checks::OTHER_HOST,
                &request,
                &format!("is answered with a redirect to {next}"),
            ),
        Some(Ok(next)) if next.scheme() != "https" => checker.add_finding(
            &checks::LOOP,
            &request,
            &format!("is answered with a redirect to {next}"),
        ),
        _ => Ok(()),
    }
}

/// Checks that no response repeats the client's `Host` or `X-Forwarded-Host`.
fn check_reflected_host(
    checker: &mut OutsideChecker<'_, '_>,
    document: &Url,
) -> anyhow::Result<()> {
    let request = ProbeRequest::get(document)
        .with_header(HOST, UNKNOWN_HOST)
        .with_header(HeaderName::from_static("x-forwarded-host"), UNKNOWN_HOST);
    // A server may close the connection.
    let Ok(answer) = checker.http.send(&request) else {
        return Ok(());
    };
    checker.report.add_request(&request, answer.status)?;
    let head = answer.headers.values().any(|value| {
        value
            .to_str()
            .is_ok_and(|value| value.contains(UNKNOWN_HOST))
    });
    if head || String::from_utf8_lossy(&answer.body).contains(UNKNOWN_HOST) {
        checker.add_finding(
            &checks::REFLECTED,
            &request,
            &format!("reflects an unknown Host header ({UNKNOWN_HOST}), which a shared cache would serve to others"),
        )?;
    }
    Ok(())
}
