//! A development certificate authority, and the server certificate it signs.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use openssl::asn1::Asn1Time;
use openssl::bn::{BigNum, MsbOption};
use openssl::ec::{EcGroup, EcKey};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::x509::extension::{
    AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectAlternativeName,
    SubjectKeyIdentifier,
};
use openssl::x509::{X509, X509Builder, X509Name, X509NameBuilder, X509Ref};
use protocol::Timestamp;
use url::Host;

use super::error::TlsError;
use super::file::{self, PRIVATE, PUBLIC};

const DAY: Duration = Duration::from_hours(24);

/// The lifetime of the authority, which people add to their trust stores by hand.
const AUTHORITY_LIFETIME: Duration = Duration::from_hours(3650 * 24);

/// Browsers refuse server certificates that last longer than 398 days.
const SERVER_LIFETIME: Duration = Duration::from_hours(397 * 24);

/// The remaining lifetime below which a certificate is replaced.
const RENEWAL: Duration = Duration::from_hours(7 * 24);

/// The files of development mode's certificates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DevelopmentCertificates {
    /// The authority's certificate, in PEM, which clients must trust.
    pub ca_pem: PathBuf,
    /// The server's certificate and the authority's after it, in PEM.
    pub certificate: PathBuf,
    /// The server's private key, in PEM, for its owner only.
    pub key: PathBuf,
}

/// Creates a certificate authority (`ca.pem`, `ca.key`) and a server certificate signed by it
/// (`server.pem`, `server.key`) in the folder `data`, for `names`: DNS names and IP addresses, the latter with or without
/// the brackets of a URL.
///
/// The authority stays until it expires, because people have come to trust it. The server certificate is made anew when
/// the names or the authority changed, or when it ends within a week.
///
/// # Errors
/// A sentence naming the name, or the file that cannot be read or written or is not what it should be.
pub fn development_certificates(
    data: &Path,
    names: &[String],
    now: Timestamp,
) -> Result<DevelopmentCertificates, TlsError> {
    let names = names
        .iter()
        .map(|name| SubjectName::parse(name))
        .collect::<Result<BTreeSet<SubjectName>, TlsError>>()?;
    if names.is_empty() {
        return Err(TlsError::NoName);
    }
    let made = DevelopmentCertificates {
        ca_pem: data.join("ca.pem"),
        certificate: data.join("server.pem"),
        key: data.join("server.key"),
    };
    let _lock = file::lock(data)?;
    let authority_key = data.join("ca.key");
    let authority = match CertificatePair::stored(&made.ca_pem, &authority_key)? {
        Some(stored) if stored.lasts(now)? => stored,
        _ => {
            let authority = CertificatePair::authority(now)?;
            authority.store(&made.ca_pem, &authority_key, None)?;
            authority
        }
    };
    if !serves(&made, &authority, &names, now)? {
        CertificatePair::server(&names, &authority, now)?.store(
            &made.certificate,
            &made.key,
            Some(&authority.certificate),
        )?;
    }
    Ok(made)
}

/// True if the stored server certificate can be used. One that cannot be read is replaced.
fn serves(
    made: &DevelopmentCertificates,
    authority: &CertificatePair,
    names: &BTreeSet<SubjectName>,
    now: Timestamp,
) -> Result<bool, TlsError> {
    let Ok(Some(stored)) = CertificatePair::stored(&made.certificate, &made.key) else {
        return Ok(false);
    };
    let signed = stored
        .certificate
        .verify(&*authority.certificate.public_key()?)?;
    Ok(signed
        && stored.lasts(now)?
        && SubjectName::all_in(&stored.certificate).as_ref() == Some(names))
}

/// A certificate and the key that belongs to it.
struct CertificatePair {
    certificate: X509,
    key: PKey<Private>,
}

impl CertificatePair {
    /// Reads the two files; `None` if one is missing.
    fn stored(certificate: &Path, key: &Path) -> Result<Option<Self>, TlsError> {
        let (chain, private) = match (file::certificates(certificate), file::key(key)) {
            (Err(TlsError::Missing(_)), _) | (_, Err(TlsError::Missing(_))) => return Ok(None),
            (chain, private) => (chain?, private?),
        };
        let own = chain
            .into_iter()
            .next()
            .ok_or_else(|| TlsError::NoCertificate(certificate.to_owned()))?;
        if !own.public_key()?.public_eq(&private) {
            return Err(TlsError::Mismatch {
                certificate: certificate.to_owned(),
                key: key.to_owned(),
            });
        }
        Ok(Some(Self {
            certificate: own,
            key: private,
        }))
    }

    /// The key goes first: a certificate without its key is then never found.
    fn store(&self, certificate: &Path, key: &Path, issuer: Option<&X509>) -> Result<(), TlsError> {
        let mut chain = self.certificate.to_pem()?;
        if let Some(issuer) = issuer {
            chain.extend(issuer.to_pem()?);
        }
        file::write(key, &self.key.private_key_to_pem_pkcs8()?, PRIVATE)?;
        file::write(certificate, &chain, PUBLIC)
    }

    /// True if it is valid now and for the time of `RENEWAL`.
    fn lasts(&self, now: Timestamp) -> Result<bool, ErrorStack> {
        let (begin, end) = (self.certificate.not_before(), self.certificate.not_after());
        Ok(*begin <= Asn1Time::from_unix(now.seconds())?
            && *end > Asn1Time::from_unix(now.plus(RENEWAL).seconds())?)
    }

    /// A new authority: it signs server certificates and nothing that signs further (RFC 5280 §4.2.1.9).
    fn authority(now: Timestamp) -> Result<Self, ErrorStack> {
        let key = new_key()?;
        let name = subject("Frontdesk development certificate authority")?;
        let mut builder = unsigned(&key, &name, &name, now, AUTHORITY_LIFETIME)?;
        builder.append_extension(BasicConstraints::new().critical().ca().pathlen(0).build()?)?;
        builder.append_extension(
            KeyUsage::new()
                .critical()
                .key_cert_sign()
                .crl_sign()
                .build()?,
        )?;
        let own_id = SubjectKeyIdentifier::new().build(&builder.x509v3_context(None, None))?;
        builder.append_extension(own_id)?;
        let issuer_id = AuthorityKeyIdentifier::new()
            .keyid(true)
            .build(&builder.x509v3_context(None, None))?;
        builder.append_extension(issuer_id)?;
        builder.sign(&key, MessageDigest::sha256())?;
        Ok(Self {
            certificate: builder.build(),
            key,
        })
    }

    /// A new server certificate for `names`, signed by `authority`.
    fn server(
        names: &BTreeSet<SubjectName>,
        authority: &Self,
        now: Timestamp,
    ) -> Result<Self, ErrorStack> {
        let key = new_key()?;
        let issuer: &X509Ref = &authority.certificate;
        let mut builder = unsigned(
            &key,
            &*subject("Frontdesk development server")?,
            issuer.subject_name(),
            now,
            SERVER_LIFETIME,
        )?;
        builder.append_extension(BasicConstraints::new().critical().build()?)?;
        builder.append_extension(KeyUsage::new().critical().digital_signature().build()?)?;
        builder.append_extension(ExtendedKeyUsage::new().server_auth().build()?)?;
        let own_id =
            SubjectKeyIdentifier::new().build(&builder.x509v3_context(Some(issuer), None))?;
        builder.append_extension(own_id)?;
        let issuer_id = AuthorityKeyIdentifier::new()
            .keyid(true)
            .build(&builder.x509v3_context(Some(issuer), None))?;
        builder.append_extension(issuer_id)?;
        let mut alternatives = SubjectAlternativeName::new();
        for name in names {
            match name {
                SubjectName::Dns(name) => alternatives.dns(name),
                SubjectName::Ip(address) => alternatives.ip(&address.to_string()),
            };
        }
        let alternatives = alternatives.build(&builder.x509v3_context(Some(issuer), None))?;
        builder.append_extension(alternatives)?;
        builder.sign(&authority.key, MessageDigest::sha256())?;
        Ok(Self {
            certificate: builder.build(),
            key,
        })
    }
}

fn new_key() -> Result<PKey<Private>, ErrorStack> {
    let curve = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
    PKey::from_ec_key(EcKey::generate(&curve)?)
}

fn subject(common_name: &str) -> Result<X509Name, ErrorStack> {
    let mut name = X509NameBuilder::new()?;
    name.append_entry_by_nid(Nid::COMMONNAME, common_name)?;
    Ok(name.build())
}

fn unsigned(
    key: &PKey<Private>,
    subject: &openssl::x509::X509NameRef,
    issuer: &openssl::x509::X509NameRef,
    now: Timestamp,
    lifetime: Duration,
) -> Result<X509Builder, ErrorStack> {
    let mut serial = BigNum::new()?;
    serial.rand(159, MsbOption::MAYBE_ZERO, false)?;
    let begin = now.minus(DAY); // a client's clock, or a container's, may be behind
    let mut builder = X509::builder()?;
    builder.set_version(2)?; // counted from zero: X.509 v3
    builder.set_serial_number(&*serial.to_asn1_integer()?)?;
    builder.set_subject_name(subject)?;
    builder.set_issuer_name(issuer)?;
    builder.set_pubkey(key)?;
    builder.set_not_before(&*Asn1Time::from_unix(begin.seconds())?)?;
    builder.set_not_after(&*Asn1Time::from_unix(begin.plus(lifetime).seconds())?)?;
    Ok(builder)
}

/// A name a certificate is made for. RFC 5280 §4.2.1.6.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum SubjectName {
    Dns(String),
    Ip(IpAddr),
}

impl SubjectName {
    fn parse(text: &str) -> Result<Self, TlsError> {
        let wrong = || TlsError::Name(text.to_owned());
        if let Ok(address) = text.parse() {
            return Ok(Self::Ip(address));
        }
        match Host::parse(text) {
            Ok(Host::Ipv4(address)) => Ok(Self::Ip(address.into())),
            Ok(Host::Ipv6(address)) => Ok(Self::Ip(address.into())),
            // The extension is built from text in which these would begin another name.
            Ok(Host::Domain(name))
                if name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte)) =>
            {
                Ok(Self::Dns(name))
            }
            _ => Err(wrong()),
        }
    }

    /// Returns the names of a certificate; `None` if one is of another kind.
    fn all_in(certificate: &X509Ref) -> Option<BTreeSet<Self>> {
        let mut names = BTreeSet::new();
        for name in certificate.subject_alt_names()? {
            let address = || match name.ipaddress()?.len() {
                4 => <[u8; 4]>::try_from(name.ipaddress()?)
                    .ok()
                    .map(IpAddr::from),
                _ => <[u8; 16]>::try_from(name.ipaddress()?)
                    .ok()
                    .map(IpAddr::from),
            };
            names.insert(
                name.dnsname()
                    .map(|name| Self::Dns(name.to_owned()))
                    .or_else(|| address().map(Self::Ip))?,
            );
        }
        Some(names)
    }
}
