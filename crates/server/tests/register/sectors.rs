//! Pairwise subjects: the sector document, and what the fetch of it must not give away.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;

use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::PKey;
use openssl::ssl::{SslAcceptor, SslMethod};
use openssl::x509::extension::{BasicConstraints, SubjectAlternativeName};
use openssl::x509::{X509, X509NameBuilder};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::support::{Setup, TestServer};

/// Answers TLS connections on loopback: each path in `pages` with the head lines and the body beside it. Gives its port,
/// the certificate to trust, and the paths that were asked for.
pub fn site(
    pages: &'static [(&'static str, &'static str, &'static str)],
) -> (u16, Vec<u8>, Arc<Mutex<Vec<String>>>) {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    let key = PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap();
    let mut name = X509NameBuilder::new().unwrap();
    name.append_entry_by_nid(Nid::COMMONNAME, "sector documents")
        .unwrap();
    let name = name.build();
    let mut certificate = X509::builder().unwrap();
    certificate.set_version(2).unwrap();
    certificate
        .set_serial_number(&BigNum::from_u32(1).unwrap().to_asn1_integer().unwrap())
        .unwrap();
    certificate.set_subject_name(&name).unwrap();
    certificate.set_issuer_name(&name).unwrap();
    certificate.set_pubkey(&key).unwrap();
    certificate
        .set_not_before(&Asn1Time::days_from_now(0).unwrap())
        .unwrap();
    certificate
        .set_not_after(&Asn1Time::days_from_now(1).unwrap())
        .unwrap();
    certificate
        .append_extension(BasicConstraints::new().critical().ca().build().unwrap())
        .unwrap();
    let names = SubjectAlternativeName::new()
        .ip("127.0.0.1")
        .build(&certificate.x509v3_context(None, None))
        .unwrap();
    certificate.append_extension(names).unwrap();
    certificate.sign(&key, MessageDigest::sha256()).unwrap();
    let certificate = certificate.build();
    let mut acceptor = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server()).unwrap();
    acceptor.set_private_key(&key).unwrap();
    acceptor.set_certificate(&certificate).unwrap();
    let acceptor = acceptor.build();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked);
    thread::spawn(move || {
        for connection in listener.incoming().map_while(Result::ok) {
            let Ok(mut stream) = acceptor.accept(connection) else {
                continue;
            };
            let (mut head, mut byte) = (Vec::new(), [0]);
            while !head.ends_with(b"\r\n\r\n") && matches!(stream.read(&mut byte), Ok(1)) {
                head.push(byte[0]);
            }
            let head = String::from_utf8(head).unwrap();
            let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
            let (_, lines, body) = pages
                .iter()
                .find(|(page, ..)| *page == path)
                .copied()
                .unwrap_or(("", "404 Not Found\r\n", ""));
            let _ = write!(
                stream,
                "HTTP/1.1 {lines}Content-Length: {}\r\n\r\n{body}",
                body.len()
            );
            let _ = stream.shutdown();
            seen.lock().unwrap().push(path);
        }
    });
    (port, certificate.to_pem().unwrap(), asked)
}

/// An open server that may fetch from `port` on loopback and trusts `certificate`.
fn server(port: u16, certificate: &[u8], folder: &TempDir) -> TestServer {
    fetching(&[port], certificate, folder).start()
}

/// The setup of an open server that may fetch from those ports on loopback and trusts `certificate`.
pub fn fetching(ports: &[u16], certificate: &[u8], folder: &TempDir) -> Setup {
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, certificate).unwrap();
    Setup::new()
        .with("FRONTDESK_REGISTRATION", "open")
        .with(
            "FRONTDESK_OUTBOUND_ALLOW",
            &ports
                .iter()
                .map(|port| format!("127.0.0.1:{port}"))
                .collect::<Vec<_>>()
                .join(","),
        )
        .with("FRONTDESK_OUTBOUND_CA", ca.to_str().unwrap())
}

pub const JSON: &str = "200 OK\r\nContent-Type: application/json\r\n";
const LISTED: &str = r#"["https://a.example/cb","https://b.example/cb","com.example.app:/cb"]"#;
pub const TOLD: &str =
    "sector_identifier_uri could not be fetched, or its content is not acceptable.";
pub const NOT_PUBLIC: &str = "sector_identifier_uri has an address that is not public.";

/// OIDC Registration §5, OIDC Core §8.1: the document at `sector_identifier_uri` lists every redirect URI of the client, on POST and on PUT.
#[test]
fn a_sector_document_lists_every_redirect_uri() {
    let (port, certificate, asked) = site(&[
        ("/sector.json", JSON, LISTED),
        ("/other.json", JSON, r#"["https://other.example/cb"]"#),
    ]);
    let folder = TempDir::new().unwrap();
    let server = server(port, &certificate, &folder);
    let sector = |path: &str| format!("https://127.0.0.1:{port}{path}");
    let pairwise = |uris: &[&str], path: &str| json!({ "redirect_uris": uris, "subject_type": "pairwise", "sector_identifier_uri": sector(path) });
    let register = |metadata: &Value| server.request("POST", "/register").json(metadata).send();
    let hosts = ["https://a.example/cb", "https://b.example/cb"];

    let client = register(&pairwise(&hosts, "/sector.json")).created();
    assert_eq!(
        (&client["subject_type"], &client["sector_identifier_uri"]),
        (&json!("pairwise"), &json!(sector("/sector.json")))
    );
    assert_eq!(*asked.lock().unwrap(), ["/sector.json"]);
    for (uris, path) in [
        (&hosts[..], "/other.json"),
        (
            &["https://a.example/cb", "https://a.example/cb/"],
            "/sector.json",
        ),
        (&["https://A.example/cb"], "/sector.json"),
        (&hosts, "/nowhere.json"),
    ] {
        assert_eq!(
            register(&pairwise(uris, path)).refused(400, "invalid_client_metadata"),
            TOLD,
            "{uris:?} {path}"
        );
    }
    // A sector may be named without pairwise subjects, and is then looked at all the same.
    let mut public = pairwise(&hosts, "/other.json");
    public["subject_type"] = "public".into();
    assert_eq!(
        register(&public).refused(400, "invalid_client_metadata"),
        TOLD
    );

    let mut update = pairwise(&["https://other.example/cb"], "/sector.json");
    update["client_id"] = client["client_id"].clone();
    assert_eq!(
        server
            .manage("PUT", &client)
            .json(&update)
            .send()
            .refused(400, "invalid_client_metadata"),
        TOLD
    );
    assert_eq!(server.manage("GET", &client).send().ok(), client);
    update["sector_identifier_uri"] = sector("/other.json").into();
    assert_eq!(
        server.manage("PUT", &client).json(&update).send().ok()["redirect_uris"],
        json!(["https://other.example/cb"])
    );
    assert_eq!(server.clients().len(), 1);
}

/// OIDC Core §8.1: without a sector document the host of the redirect URIs is the sector, so there is one.
#[test]
fn pairwise_subjects_need_one_host_or_a_sector() {
    let server = TestServer::open();
    let register = |uris: &[&str]| {
        server
            .request("POST", "/register")
            .json(&json!({ "redirect_uris": uris, "subject_type": "pairwise" }))
            .send()
    };
    for one in [
        &["https://a.example/cb"][..],
        &["https://a.example/1", "https://A.example:8443/2"],
    ] {
        assert_eq!(register(one).created()["subject_type"], "pairwise");
    }
    let told = register(&["https://a.example/cb", "https://b.example/cb"])
        .refused(400, "invalid_client_metadata");
    assert_eq!(
        told,
        "subject_type requires sector_identifier_uri when redirect_uris have several hosts."
    );
}

/// OIDC Core §8.1: a redirect URI without a host belongs to the owner of its scheme.
#[test]
fn private_use_schemes_are_own_sectors() {
    let server = TestServer::open();
    let register = |uris: &[&str]| {
        let asked = json!({ "redirect_uris": uris, "subject_type": "pairwise", "application_type": "native" });
        server.request("POST", "/register").json(&asked).send()
    };
    register(&[
        "com.example.app:/cb",
        "com.example.app:/other",
        "COM.example.app:/third",
    ])
    .created();
    for uris in [
        &["com.example.app:/cb", "com.example.other:/cb"][..],
        &["com.example.app:/cb", "https://a.example/cb"],
    ] {
        let told = register(uris).refused(400, "invalid_client_metadata");
        assert_eq!(
            told,
            "subject_type requires sector_identifier_uri when redirect_uris have several hosts."
        );
    }
    assert_eq!(server.clients().len(), 1);
}

/// OWASP server-side request forgery: an address that is stored for the provider to call is public,
/// or allowed by the operator.
#[test]
fn later_called_addresses_are_public() {
    let ciba = "urn:openid:params:grant-type:ciba";
    let file = format!(
        "[[provider]]\nissuer = \"https://op.example\"\n[provider.metadata]\n\
         authorization_endpoint = \"https://op.example/authorize\"\ntoken_endpoint = \"https://op.example/token\"\ngrant_types_supported = [\"authorization_code\", \"{ciba}\"]\n\
         backchannel_logout_supported = true\nbackchannel_token_delivery_modes_supported = [\"poll\", \"ping\"]\n\
         backchannel_authentication_endpoint = \"https://op.example/bc\"\n"
    );
    let server = Setup::new()
        .with("FRONTDESK_REGISTRATION", "open")
        .with("FRONTDESK_OUTBOUND_ALLOW", "10.0.0.7:8080, 10.0.0.8:80")
        .file(&file)
        .start();
    let register = |member: &str, uri: &str| {
        let mut asked = json!({
            "redirect_uris": ["https://a.example/cb"], "grant_types": ["authorization_code", ciba], "backchannel_token_delivery_mode": "ping",
            "backchannel_client_notification_endpoint": "https://a.example/told",
        });
        asked[member] = uri.into();
        server.request("POST", "/register").json(&asked).send()
    };
    let private = [
        "127.0.0.1",
        "localhost",
        "10.0.0.1",
        "169.254.169.254",
        "[::1]",
        "intranet",
        "db.internal",
        "10.0.0.7:8081",
    ];
    for member in [
        "jwks_uri",
        "backchannel_logout_uri",
        "backchannel_client_notification_endpoint",
    ] {
        for host in private {
            let told = register(member, &format!("https://{host}/x"))
                .refused(400, "invalid_client_metadata");
            assert_eq!(
                told,
                format!("{member} has an address that is not public."),
                "{host}"
            );
        }
        for host in ["a.example", "a.example:8443", "10.0.0.7:8080"] {
            register(member, &format!("https://{host}/x")).created();
        }
    }
    for host in private {
        let told = register("backchannel_logout_uri", &format!("http://{host}/x"))
            .refused(400, "invalid_client_metadata");
        assert_eq!(
            told, "backchannel_logout_uri has an address that is not public.",
            "{host}"
        );
    }
    for host in [
        "a.example",
        "a.example:80",
        "a.example:8443",
        "10.0.0.7:8080",
        "10.0.0.8",
    ] {
        register("backchannel_logout_uri", &format!("http://{host}/x")).created();
    }
    assert_eq!(server.clients().len(), 14);
}

/// OIDC Registration §5: every defect of the sector document or its address is answered with the
/// same error.
#[test]
fn invalid_sector_document_is_refused() {
    let (port, certificate, asked) = site(&[
        ("/text", "200 OK\r\nContent-Type: text/plain\r\n", LISTED),
        (
            "/created",
            "201 Created\r\nContent-Type: application/json\r\n",
            LISTED,
        ),
        (
            "/error",
            "500 Internal Server Error\r\nContent-Type: application/json\r\n",
            LISTED,
        ),
        (
            "/moved",
            "302 Found\r\nContent-Type: application/json\r\nLocation: /sector.json\r\n",
            LISTED,
        ),
        ("/sector.json", JSON, LISTED),
        (
            "/object",
            JSON,
            r#"{"redirect_uris":["https://a.example/cb"]}"#,
        ),
        ("/numbers", JSON, r#"["https://a.example/cb",1]"#),
        ("/html", JSON, "<html>https://a.example/cb</html>"),
        ("/empty", JSON, ""),
    ]);
    let folder = TempDir::new().unwrap();
    let server = server(port, &certificate, &folder);
    let register = |sector: &str| {
        let asked = json!({ "redirect_uris": ["https://a.example/cb"], "subject_type": "pairwise", "sector_identifier_uri": sector });
        server.request("POST", "/register").json(&asked).send()
    };
    let paths = [
        "/text", "/created", "/error", "/moved", "/object", "/numbers", "/html", "/empty",
        "/nowhere",
    ];
    for path in paths {
        assert_eq!(
            register(&format!("https://127.0.0.1:{port}{path}"))
                .refused(400, "invalid_client_metadata"),
            TOLD,
            "{path}"
        );
    }
    assert_eq!(*asked.lock().unwrap(), paths);
    assert!(server.clients().is_empty());
}

/// OIDC Registration §5, OWASP server-side request forgery: no connection is made to an address that is not public, however
/// it is spelled, and the answer says that it is not public, which the client knows.
#[test]
fn private_address_gets_no_connection() {
    let server = TestServer::open();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let private = "127.0.0.1 localhost sub.localhost [::1] [::ffff:7f00:1] [64:ff9b::7f00:1] [2002:7f00:1::] 10.0.0.1 169.254.169.254";
    // What is written in a way that programs read differently is refused before that.
    let strange = "LOCALHOST. [::127.0.0.1] 2130706433 017700000001 0177.0.0.1 0x7f000001 0x7f.1 127.1 0 loc%61lhost";
    for host in private.split(' ').chain(strange.split(' ')) {
        let asked = json!({
            "redirect_uris": ["https://a.example/cb"], "subject_type": "pairwise", "sector_identifier_uri": format!("https://{host}:{port}/sector.json"),
        });
        let answer = server.request("POST", "/register").json(&asked).send();
        let told = answer.refused(400, "invalid_client_metadata");
        assert!(
            told == NOT_PUBLIC
                || (strange.contains(host) && told.starts_with("sector_identifier_uri ")),
            "{host}: {told}"
        );
    }
    assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
    for sector in [
        "http://a.example/",
        "https://user@a.example/",
        "https://a.example/#",
        "https://127.1/",
        "https://0x7f000001/",
        "https://[::ffff:127.0.0.1]/",
        "ftp://a.example/",
    ] {
        let asked =
            json!({ "redirect_uris": ["https://a.example/cb"], "sector_identifier_uri": sector });
        let told = server
            .request("POST", "/register")
            .json(&asked)
            .send()
            .refused(400, "invalid_client_metadata");
        assert!(
            told.starts_with("sector_identifier_uri "),
            "{sector}: {told}"
        );
    }
    assert!(server.clients().is_empty());
}
