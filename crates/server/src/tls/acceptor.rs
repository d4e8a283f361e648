//! TLS settings of a listener from a certificate file and a key file.

use std::path::Path;
use std::time::Duration;

use openssl::asn1::Asn1Time;
use openssl::error::ErrorStack;
use openssl::ssl::{AlpnError, SslAcceptor, SslAcceptorBuilder, SslMethod, select_next_proto};
use openssl::stack::Stack;
use openssl::x509::store::X509StoreBuilder;
use openssl::x509::verify::{X509CheckFlags, X509VerifyFlags, X509VerifyParam};
use openssl::x509::{X509, X509StoreContext, X509StoreContextRef};
use protocol::Timestamp;

use super::error::TlsError;
use super::file;

/// The time before its end in which a certificate is reported.
pub(crate) const EXPIRES_SOON: Duration = Duration::from_hours(7 * 24);

/// The one protocol that ALPN offers, in its form on the wire. RFC 7301 §3.1.
const HTTP_1_1: &[u8] = b"\x08http/1.1";

/// A TLS listener's settings: TLS 1.2 and 1.3 with the ciphers of Mozilla's intermediate recommendation, HTTP/1.1 in ALPN, the chain in
/// `certificate` (PEM, the server's own first) and the private key in `key` (PEM, not encrypted).
///
/// # Errors
/// A sentence naming the file that is missing, cannot be read, is not PEM, or does not fit the other.
pub fn acceptor(certificate: &Path, key: &Path) -> Result<SslAcceptorBuilder, TlsError> {
    let mut chain = file::certificates(certificate)?.into_iter();
    let own = chain
        .next()
        .ok_or_else(|| TlsError::NoCertificate(certificate.to_owned()))?;
    let private = file::key(key)?;
    if !own.public_key()?.public_eq(&private) {
        return Err(TlsError::Mismatch {
            certificate: certificate.to_owned(),
            key: key.to_owned(),
        });
    }
    let mut builder = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server())?;
    let unusable = |source| TlsError::Unusable {
        path: certificate.to_owned(),
        source,
    };
    builder.set_certificate(&own).map_err(unusable)?;
    for issuer in chain {
        builder.add_extra_chain_cert(issuer).map_err(unusable)?;
    }
    builder.set_private_key(&private).map_err(unusable)?;
    builder.check_private_key().map_err(unusable)?;
    builder.set_alpn_select_callback(|_, offered| {
        select_next_proto(HTTP_1_1, offered).ok_or(AlpnError::ALERT_FATAL)
    });
    Ok(builder)
}

/// Returns the end of the certificate in `certificate`. RFC 5280 §4.1.2.5.
///
/// # Errors
/// As [`acceptor`], for this one file.
pub fn end(certificate: &Path) -> Result<Timestamp, TlsError> {
    let chain = file::certificates(certificate)?;
    let own = chain
        .first()
        .ok_or_else(|| TlsError::NoCertificate(certificate.to_owned()))?;
    let since_1970 = Asn1Time::from_unix(0)?.diff(own.not_after())?;
    Ok(Timestamp::from_seconds(
        i64::from(since_1970.days) * 86_400 + i64::from(since_1970.secs),
    ))
}

/// Returns a sentence if the certificate in `certificate` is not valid yet, expired, or about to
/// expire within a week. A server can start with it, but clients refuse it.
///
/// # Errors
/// As [`acceptor`], for this one file.
pub fn concern(certificate: &Path, now: Timestamp) -> Result<Option<String>, TlsError> {
    let chain = file::certificates(certificate)?;
    let own = chain
        .first()
        .ok_or_else(|| TlsError::NoCertificate(certificate.to_owned()))?;
    let (now, soon) = (
        Asn1Time::from_unix(now.seconds())?,
        Asn1Time::from_unix(now.plus(EXPIRES_SOON).seconds())?,
    );
    let (begin, end) = (own.not_before(), own.not_after());
    let place = certificate.display();
    Ok(if *end < now {
        Some(format!(
            "The certificate in {place} expired on {end}; clients refuse it."
        ))
    } else if *begin > now {
        Some(format!(
            "The certificate in {place} is not valid before {begin}; until then clients refuse it."
        ))
    } else if *end < soon {
        Some(format!("The certificate in {place} expires on {end}."))
    } else {
        None
    })
}

/// Returns those of `hosts` that the certificate in `certificate` does not name, so that clients refuse it there. Hosts are
/// DNS names and IP addresses, the latter with or without the brackets of a URL. RFC 9525 §6.
///
/// # Errors
/// As [`acceptor`], for this one file.
pub fn unnamed_hosts<'a>(
    certificate: &Path,
    hosts: impl IntoIterator<Item = &'a str>,
) -> Result<Vec<&'a str>, TlsError> {
    let chain = file::certificates(certificate)?;
    let own = chain
        .first()
        .ok_or_else(|| TlsError::NoCertificate(certificate.to_owned()))?;
    let mut unnamed = Vec::new();
    for host in hosts {
        if !is_named(own, host.trim_matches(['[', ']']))? {
            unnamed.push(host);
        }
    }
    Ok(unnamed)
}

/// Lets OpenSSL compare a name as a client does. The certificate itself is trusted here and its dates are not looked at, so
/// that nothing but the name is refused.
fn is_named(certificate: &X509, host: &str) -> Result<bool, ErrorStack> {
    let mut param = X509VerifyParam::new()?;
    param.set_flags(X509VerifyFlags::PARTIAL_CHAIN | X509VerifyFlags::NO_CHECK_TIME)?;
    param.set_hostflags(X509CheckFlags::NEVER_CHECK_SUBJECT);
    match host.parse() {
        Ok(address) => param.set_ip(address)?,
        Err(_) => param.set_host(host)?,
    }
    let mut store = X509StoreBuilder::new()?;
    store.add_cert(certificate.clone())?;
    store.set_param(&param)?;
    X509StoreContext::new()?.init(
        &store.build(),
        certificate,
        &*Stack::new()?,
        X509StoreContextRef::verify_cert,
    )
}
