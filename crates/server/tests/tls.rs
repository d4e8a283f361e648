//! Development certificates and the acceptor, checked by OpenSSL as a client would.

#![expect(clippy::unwrap_used, reason = "a test says what it expects")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::thread;
use std::time::Duration;

use openssl::pkey::PKey;
use openssl::rsa::Rsa;
use openssl::stack::Stack;
use openssl::symm::Cipher;
use openssl::x509::store::X509StoreBuilder;
use openssl::x509::verify::X509VerifyParam;
use openssl::x509::{
    X509, X509ExtendedKeyUsage, X509KeyUsage, X509PurposeId, X509StoreContext, X509StoreContextRef,
};
use protocol::Timestamp;
use server::tls::{DevelopmentCertificates, TlsError, acceptor, concern, development_certificates};

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
const DAY: Duration = Duration::from_hours(24);

fn names() -> Vec<String> {
    ["localhost", "127.0.0.1", "[::1]"]
        .map(str::to_owned)
        .to_vec()
}

fn make(folder: &Path, now: Timestamp) -> DevelopmentCertificates {
    development_certificates(folder, &names(), now).unwrap()
}

fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<(String, Vec<u8>)> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            (
                path.file_name().unwrap().to_str().unwrap().to_owned(),
                fs::read(&path).unwrap(),
            )
        })
        .collect();
    files.sort();
    files
}

/// Returns true if a client that trusts the authority accepts the certificate for `name` at `now`.
fn trusted(made: &DevelopmentCertificates, name: &str, now: Timestamp) -> bool {
    let authority = X509::from_pem(&fs::read(&made.ca_pem).unwrap()).unwrap();
    let own = X509::stack_from_pem(&fs::read(&made.certificate).unwrap())
        .unwrap()
        .remove(0);
    let mut param = X509VerifyParam::new().unwrap();
    param.set_time(now.seconds());
    param.set_purpose(X509PurposeId::SSL_SERVER).unwrap();
    match name.parse() {
        Ok(address) => param.set_ip(address).unwrap(),
        Err(_) => param.set_host(name).unwrap(),
    }
    let mut store = X509StoreBuilder::new().unwrap();
    store.add_cert(authority).unwrap();
    store.set_param(&param).unwrap();
    let mut context = X509StoreContext::new().unwrap();
    context
        .init(
            &store.build(),
            &own,
            &Stack::new().unwrap(),
            X509StoreContextRef::verify_cert,
        )
        .unwrap()
}

/// OpenSSL trusts the server for its names and no others.
#[test]
fn openssl_trusts_only_served_names() {
    let folder = tempfile::tempdir().unwrap();
    let made = make(folder.path(), NOW);
    for name in ["localhost", "127.0.0.1", "::1"] {
        assert!(trusted(&made, name, NOW), "{name}");
    }
    for name in ["example.com", "127.0.0.2"] {
        assert!(!trusted(&made, name, NOW), "{name}");
    }
    assert!(trusted(&made, "localhost", NOW.plus(DAY * 390)));
    assert!(!trusted(&made, "localhost", NOW.plus(DAY * 398)));
}

/// The authority's certificate signs only servers, and the server's certificate signs nothing.
#[test]
fn authority_signs_only_servers() {
    let folder = tempfile::tempdir().unwrap();
    let made = make(folder.path(), NOW);
    let chain = X509::stack_from_pem(&fs::read(&made.certificate).unwrap()).unwrap();
    let [own, authority] = chain.as_slice() else {
        panic!("the chain has {} certificates", chain.len())
    };
    assert_eq!(authority.to_pem().unwrap(), fs::read(&made.ca_pem).unwrap());
    assert_eq!(authority.pathlen(), Some(0));
    assert_eq!(
        authority.key_usage().unwrap(),
        X509KeyUsage::KEY_CERT_SIGN | X509KeyUsage::CRL_SIGN
    );
    assert_eq!(own.key_usage().unwrap(), X509KeyUsage::DIGITAL_SIGNATURE);
    assert_eq!(
        own.extended_key_usage().unwrap(),
        X509ExtendedKeyUsage::SSL_SERVER
    );
    assert_eq!(
        own.authority_key_id().unwrap().as_slice(),
        authority.subject_key_id().unwrap().as_slice()
    );
    for certificate in &chain {
        let key = certificate.public_key().unwrap().ec_key().unwrap();
        assert_eq!(
            key.group().curve_name(),
            Some(openssl::nid::Nid::X9_62_PRIME256V1)
        );
    }
}

/// Key files are readable by their owner only, certificate files by every user.
#[test]
fn key_files_are_private() {
    let folder = tempfile::tempdir().unwrap();
    make(folder.path(), NOW);
    let modes: Vec<(String, u32)> = files(folder.path())
        .into_iter()
        .map(|(name, _)| {
            (
                name.clone(),
                fs::metadata(folder.path().join(name))
                    .unwrap()
                    .permissions()
                    .mode()
                    & 0o777,
            )
        })
        .collect();
    let expected = [
        ("ca.key", 0o600),
        ("ca.pem", 0o644),
        ("server.key", 0o600),
        ("server.pem", 0o644),
    ];
    assert_eq!(modes, expected.map(|(name, mode)| (name.to_owned(), mode)));
}

/// Valid files of keys and certificates stay byte for byte.
#[test]
fn valid_files_stay_byte_for_byte() {
    let folder = tempfile::tempdir().unwrap();
    make(folder.path(), NOW);
    let before = files(folder.path());
    make(folder.path(), NOW.plus(DAY * 300));
    assert_eq!(files(folder.path()), before);
}

/// The server certificate is renewed when its names change or it expires; the authority stays.
#[test]
fn server_certificate_is_renewed() {
    let folder = tempfile::tempdir().unwrap();
    let made = make(folder.path(), NOW);
    let (authority, own) = (
        fs::read(&made.ca_pem).unwrap(),
        fs::read(&made.certificate).unwrap(),
    );

    development_certificates(folder.path(), &["frontdesk.test".to_owned()], NOW).unwrap();
    assert!(trusted(&made, "frontdesk.test", NOW) && !trusted(&made, "localhost", NOW));

    let renewed = NOW.plus(DAY * 392);
    make(folder.path(), renewed);
    assert_ne!(fs::read(&made.certificate).unwrap(), own);
    assert!(trusted(&made, "localhost", renewed.plus(DAY * 300)));
    assert_eq!(fs::read(&made.ca_pem).unwrap(), authority);
}

/// An expired authority is replaced together with the certificates that it signed.
#[test]
fn expired_authority_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let made = make(folder.path(), NOW);
    let authority = fs::read(&made.ca_pem).unwrap();
    let later = NOW.plus(DAY * 3650);
    make(folder.path(), later);
    assert_ne!(fs::read(&made.ca_pem).unwrap(), authority);
    assert!(trusted(&made, "localhost", later));
}

/// Processes that start at the same time use the same certificates.
#[test]
fn concurrent_starts_share_certificates() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    thread::scope(|scope| {
        let starts: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    let made = make(path, NOW);
                    acceptor(&made.certificate, &made.key).map(|_| fs::read(&made.ca_pem).unwrap())
                })
            })
            .collect();
        let mut authorities: Vec<Vec<u8>> = starts
            .into_iter()
            .map(|start| start.join().unwrap().unwrap())
            .collect();
        authorities.dedup();
        assert_eq!(authorities.len(), 1);
    });
    assert!(trusted(&make(path, NOW), "localhost", NOW));
}

/// Names that a certificate cannot have are refused.
#[test]
fn impossible_names_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["", "local host", "a,DNS:evil.example", "*"] {
        let refused = development_certificates(folder.path(), &[name.to_owned()], NOW).unwrap_err();
        assert!(
            matches!(&refused, TlsError::Name(told) if told == name),
            "{name}: {refused}"
        );
    }
    let refused = development_certificates(folder.path(), &[], NOW).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "A certificate needs at least one name."
    );
}

/// An authority whose files were altered is not replaced silently.
#[test]
fn altered_authority_is_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let made = make(folder.path(), NOW);
    fs::copy(&made.key, folder.path().join("ca.key")).unwrap();
    let refused = development_certificates(folder.path(), &names(), NOW)
        .unwrap_err()
        .to_string();
    assert!(
        refused.contains("ca.key does not belong to the first certificate in")
            && refused.contains("ca.pem"),
        "{refused}"
    );
    fs::write(&made.ca_pem, "nonsense").unwrap();
    let refused = development_certificates(folder.path(), &names(), NOW)
        .unwrap_err()
        .to_string();
    assert!(
        refused.contains("ca.pem holds no certificate in PEM"),
        "{refused}"
    );
}

#[test]
fn every_mistake_names_its_file() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (made, foreign) = (make(folder.path(), NOW), make(other.path(), NOW));
    assert!(acceptor(&made.certificate, &made.key).is_ok());

    let at = |name: &str| folder.path().join(name);
    fs::write(at("empty.pem"), "").unwrap();
    let encrypted = PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap();
    fs::write(
        at("locked.key"),
        encrypted
            .private_key_to_pem_pkcs8_passphrase(Cipher::aes_256_cbc(), b"open")
            .unwrap(),
    )
    .unwrap();
    fs::create_dir(at("folder")).unwrap();
    let told = |name: &str, what: &str| format!("{} {what}.", at(name).display());
    for (certificate, key, expected) in [
        (
            at("missing.pem"),
            made.key.clone(),
            format!("The file {}", told("missing.pem", "does not exist")),
        ),
        (
            made.certificate.clone(),
            at("missing.key"),
            format!("The file {}", told("missing.key", "does not exist")),
        ),
        (
            at("empty.pem"),
            made.key.clone(),
            format!(
                "The file {}",
                told("empty.pem", "holds no certificate in PEM")
            ),
        ),
        (
            made.key.clone(),
            made.key.clone(),
            format!(
                "The file {}",
                told("server.key", "holds no certificate in PEM")
            ),
        ),
        (
            made.certificate.clone(),
            made.certificate.clone(),
            format!(
                "The file {}",
                told("server.pem", "holds no private key in PEM")
            ),
        ),
        (
            made.certificate.clone(),
            at("locked.key"),
            format!(
                "The private key in {}",
                told("locked.key", "is encrypted; store it without a passphrase")
            ),
        ),
        (
            at("folder"),
            made.key.clone(),
            format!(
                "The file {}",
                told("folder", "cannot be read: Is a directory (os error 21)")
            ),
        ),
        (
            made.certificate.clone(),
            foreign.key,
            format!(
                "The private key in {} does not belong to the first certificate in {}.",
                other.path().join("server.key").display(),
                made.certificate.display()
            ),
        ),
    ] {
        let sentence = acceptor(&certificate, &key)
            .err()
            .map(|error| error.to_string());
        assert_eq!(sentence, Some(expected));
    }
}

/// Dates that an operator must know are reported.
#[test]
fn near_expiry_dates_are_reported() {
    let folder = tempfile::tempdir().unwrap();
    let made = make(folder.path(), NOW);
    let told = |now: Timestamp| concern(&made.certificate, now).unwrap().unwrap_or_default();
    assert_eq!(told(NOW), "");
    assert!(
        told(NOW.plus(DAY * 400)).contains("server.pem expired on "),
        "{}",
        told(NOW.plus(DAY * 400))
    );
    assert!(
        told(NOW.minus(DAY * 2)).contains("is not valid before "),
        "{}",
        told(NOW.minus(DAY * 2))
    );
    assert!(
        told(NOW.plus(DAY * 392)).contains("expires on "),
        "{}",
        told(NOW.plus(DAY * 392))
    );
}
