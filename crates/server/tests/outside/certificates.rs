//! An authority, one below it, and certificates for a server, right and wrong.

use openssl::asn1::{Asn1Time, Asn1TimeRef};
use openssl::bn::{BigNum, MsbOption};
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::ssl::{SslAcceptor, SslMethod};
use openssl::x509::extension::{BasicConstraints, SubjectAlternativeName};
use openssl::x509::{X509, X509Builder, X509Name, X509NameBuilder};

struct Signed {
    certificate: X509,
    key: PKey<Private>,
}

/// The certificates that a server presents.
pub struct Certificates {
    /// The authority that clients trust.
    pub authority: Vec<u8>,
    /// For the right names, with the intermediate certificate.
    pub whole: SslAcceptor,
    /// For the right names, without the intermediate certificate.
    pub alone: SslAcceptor,
    /// For another host.
    pub other_name: SslAcceptor,
    /// Good for two days.
    pub ends_soon: SslAcceptor,
    /// Over since a day.
    pub over: SslAcceptor,
}

impl Certificates {
    pub fn make(names: &[&str]) -> Self {
        let root = signed("Test Root", None, &[], -30, 300);
        let middle = signed("Test Intermediate", Some(&root), &[], -30, 300);
        let acceptor = |own: &Signed, between: Option<&Signed>| {
            let mut builder = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls()).unwrap();
            builder.set_certificate(&own.certificate).unwrap();
            builder.set_private_key(&own.key).unwrap();
            if let Some(between) = between {
                builder
                    .add_extra_chain_cert(between.certificate.clone())
                    .unwrap();
            }
            builder.build()
        };
        let own = signed("server", Some(&middle), names, -30, 60);
        let of = |names: &[&str], begin, end| {
            acceptor(
                &signed("server", Some(&middle), names, begin, end),
                Some(&middle),
            )
        };
        Self {
            authority: root.certificate.to_pem().unwrap(),
            whole: acceptor(&own, Some(&middle)),
            alone: acceptor(&own, None),
            other_name: of(&["elsewhere.test"], -30, 60),
            ends_soon: of(names, -30, 2),
            over: of(names, -30, -1),
        }
    }
}

/// A certificate from one day to another, counted from now; an authority when it is for no names.
fn signed(name: &str, by: Option<&Signed>, names: &[&str], begin: i64, end: i64) -> Signed {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    let key = PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap();
    let mut builder = X509Builder::new().unwrap();
    builder.set_version(2).unwrap();
    let mut serial = BigNum::new().unwrap();
    serial.rand(120, MsbOption::MAYBE_ZERO, false).unwrap();
    builder
        .set_serial_number(&serial.to_asn1_integer().unwrap())
        .unwrap();
    let subject = named(name);
    builder.set_subject_name(&subject).unwrap();
    builder
        .set_issuer_name(by.map_or(&*subject, |by| by.certificate.subject_name()))
        .unwrap();
    let at = |day: i64| {
        Asn1Time::from_unix(protocol::Clock::system().now().seconds() + day * 24 * 60 * 60).unwrap()
    };
    let set = |builder: &mut X509Builder, begin: &Asn1TimeRef, end: &Asn1TimeRef| {
        builder.set_not_before(begin).unwrap();
        builder.set_not_after(end).unwrap();
    };
    set(&mut builder, &at(begin), &at(end));
    builder.set_pubkey(&key).unwrap();
    if names.is_empty() {
        builder
            .append_extension(BasicConstraints::new().critical().ca().build().unwrap())
            .unwrap();
    } else {
        let mut alternatives = SubjectAlternativeName::new();
        for name in names {
            alternatives.dns(name);
        }
        let context = builder.x509v3_context(None, None);
        let alternatives = alternatives.build(&context).unwrap();
        builder.append_extension(alternatives).unwrap();
    }
    builder
        .sign(by.map_or(&key, |by| &by.key), MessageDigest::sha256())
        .unwrap();
    Signed {
        certificate: builder.build(),
        key,
    }
}

fn named(name: &str) -> X509Name {
    let mut builder = X509NameBuilder::new().unwrap();
    builder.append_entry_by_nid(Nid::COMMONNAME, name).unwrap();
    builder.build()
}
