//! `frontdesk check`: the certificate, the listen addresses, the issuer, and the report for programs.

#![expect(clippy::unwrap_used, reason = "a test says what it expects")]

mod support;

use std::fs;
use std::net::TcpListener;
use std::path::Path;

use protocol::Clock;
use serde_json::Value;
use server::tls::{development_certificates, unnamed_hosts};
use support::{Setup, TestServer};
use tempfile::TempDir;

/// The exit code, and what was printed.
fn check(setup: &Setup, folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let all: Vec<&str> = ["check"].iter().chain(arguments).copied().collect();
    let output = setup.command(folder, &all).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(!printed.is_empty(), "{:?}", output.stderr);
    (output.status.code(), printed)
}

/// The problems that are printed.
fn problems(printed: &str) -> Vec<&str> {
    let lines = printed.lines();
    lines
        .filter_map(|line| line.strip_prefix("wrong: "))
        .collect()
}

fn notes(printed: &str) -> Vec<&str> {
    let lines = printed.lines().map(str::trim_start);
    lines
        .filter_map(|line| line.strip_prefix("note: "))
        .collect()
}

/// A public provider with that issuer, on ports that the system chooses.
fn public(issuer: &str) -> Setup {
    Setup::new()
        .with("FRONTDESK_ISSUER", issuer)
        .with("FRONTDESK_LISTEN", "127.0.0.1:0")
        .with("FRONTDESK_MANAGEMENT_LISTEN", "127.0.0.1:0")
        .with(
            "FRONTDESK_AUTHORIZATION_ENDPOINT",
            "https://as.example.com/a",
        )
        .with("FRONTDESK_TOKEN_ENDPOINT", "https://as.example.com/t")
}

/// Adds a certificate for some names.
fn with_certificate(setup: &Setup, folder: &Path, names: &[&str]) -> Setup {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let now = Clock::system().now();
    let made = development_certificates(&folder.join("tls"), &names, now).unwrap();
    setup
        .clone()
        .with("FRONTDESK_TLS", "files")
        .with(
            "FRONTDESK_TLS_CERTIFICATE",
            made.certificate.to_str().unwrap(),
        )
        .with("FRONTDESK_TLS_KEY", made.key.to_str().unwrap())
}

/// A certificate of another host is a problem, which names the host and the file.
#[test]
fn certificate_of_another_host_is_found() {
    for (names, issuer, host) in [
        (
            &["login.example.com"][..],
            "https://login.example.com",
            None,
        ),
        (
            &["login.example.com", "x.example.com"],
            "https://login.example.com/t/acme",
            None,
        ),
        (&["192.0.2.7"], "https://192.0.2.7", None),
        (&["::1"], "https://[::1]:9443", None),
        (
            &["localhost"],
            "https://login.example.com",
            Some("login.example.com"),
        ),
        (
            &["www.login.example.com"],
            "https://login.example.com",
            Some("login.example.com"),
        ),
        (
            &["example.com"],
            "https://login.example.com/t/acme",
            Some("login.example.com"),
        ),
        (&["127.0.0.1"], "https://192.0.2.7", Some("192.0.2.7")),
        (&["localhost"], "https://[::1]:9443", Some("[::1]")),
    ] {
        let folder = TempDir::new().unwrap();
        let setup = with_certificate(&public(issuer), folder.path(), names);
        let (code, printed) = check(&setup, folder.path(), &[]);
        let expected: Vec<String> = host.iter().map(|host| format!(
            "The certificate in {} is not for {host}, the host of an issuer; clients refuse it there.",
            folder.path().join("tls/server.pem").display()
        )).collect();
        assert_eq!(
            problems(&printed),
            expected,
            "{names:?} {issuer}: {printed}"
        );
        assert_eq!(code, Some(i32::from(host.is_some())), "{printed}");
    }
}

/// Behind a proxy, which has a certificate of its own, a certificate of another host is a note.
#[test]
fn certificate_behind_a_proxy_may_differ() {
    let folder = TempDir::new().unwrap();
    let setup = with_certificate(
        &public("https://login.example.com"),
        folder.path(),
        &["frontdesk.internal"],
    )
    .with("FRONTDESK_PROXIES", "10.0.0.0/8");
    let (code, printed) = check(&setup, folder.path(), &[]);
    assert_eq!((code, problems(&printed).len()), (Some(0), 0), "{printed}");
    assert!(
        notes(&printed).iter().any(|note| note.contains(
            "is not for login.example.com, the host of an issuer, so only the proxies can use it"
        )),
        "{printed}"
    );
}

/// RFC 9525 §6.3: a wildcard stands for one whole label, and the common name for nothing.
#[test]
fn names_are_compared_as_clients_do() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("wildcard.pem");
    fs::write(&file, wildcard()).unwrap();
    let hosts = [
        "login.example.com",
        "LOGIN.example.com",
        "example.com",
        "a.login.example.com",
        "common.example.net",
        "192.0.2.7",
    ];
    assert_eq!(
        unnamed_hosts(&file, hosts).unwrap(),
        [
            "example.com",
            "a.login.example.com",
            "common.example.net",
            "192.0.2.7"
        ]
    );
}

/// A certificate for `*.example.com` with another common name, in PEM.
fn wildcard() -> Vec<u8> {
    use openssl::asn1::Asn1Time;
    use openssl::ec::{EcGroup, EcKey};
    use openssl::hash::MessageDigest;
    use openssl::nid::Nid;
    use openssl::pkey::PKey;
    use openssl::x509::extension::SubjectAlternativeName;
    use openssl::x509::{X509Builder, X509NameBuilder};
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    let key = PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap();
    let mut name = X509NameBuilder::new().unwrap();
    name.append_entry_by_nid(Nid::COMMONNAME, "common.example.net")
        .unwrap();
    let name = name.build();
    let mut builder = X509Builder::new().unwrap();
    builder.set_version(2).unwrap();
    builder.set_subject_name(&name).unwrap();
    builder.set_issuer_name(&name).unwrap();
    builder.set_pubkey(&key).unwrap();
    builder
        .set_not_before(&Asn1Time::days_from_now(0).unwrap())
        .unwrap();
    builder
        .set_not_after(&Asn1Time::days_from_now(30).unwrap())
        .unwrap();
    let names = SubjectAlternativeName::new()
        .dns("*.example.com")
        .build(&builder.x509v3_context(None, None))
        .unwrap();
    builder.append_extension(names).unwrap();
    builder.sign(&key, MessageDigest::sha256()).unwrap();
    builder.build().to_pem().unwrap()
}

/// An address that this machine does not have, or that another program uses, is a problem that names the setting.
#[test]
fn unusable_listen_addresses_are_found() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    for (variable, key) in [
        ("FRONTDESK_LISTEN", "listen"),
        ("FRONTDESK_MANAGEMENT_LISTEN", "management_listen"),
        ("FRONTDESK_LOOKUP_LISTEN", "lookup_listen"),
    ] {
        for (address, reason) in [
            (
                taken.as_str(),
                format!("and {taken} is in use by another program"),
            ),
            (
                "192.0.2.1:9443",
                "which cannot be listened on: Cannot assign requested address (os error 99)"
                    .to_owned(),
            ),
        ] {
            let folder = TempDir::new().unwrap();
            let setup = public("https://login.example.com")
                .with("FRONTDESK_LOOKUP_PLAIN_HTTP", "true")
                .with(variable, address);
            let (code, printed) = check(&setup, folder.path(), &[]);
            assert_eq!(
                problems(&printed),
                [format!("{key} ({variable}) is {address}, {reason}")],
                "{printed}"
            );
            assert_eq!(code, Some(1));
        }
    }
}

/// Beside the running service, which uses the addresses, nothing is wrong, and the service notices nothing.
#[test]
fn running_service_may_use_the_addresses() {
    for tls in ["off", "self-signed"] {
        let server = Setup::new().with("FRONTDESK_TLS", tls).start();
        let beside = |variable: &str, setup: &Setup| {
            let setup = setup
                .clone()
                .with("FRONTDESK_LISTEN", &format!("localhost:{}", server.port))
                .with(
                    "FRONTDESK_MANAGEMENT_LISTEN",
                    &format!("127.0.0.1:{}", server.management),
                );
            let (code, printed) = check(&setup, server.folder.path(), &[]);
            assert_eq!(
                (code, problems(&printed).len()),
                (Some(0), 0),
                "{variable}: {printed}"
            );
        };
        beside("the same", &Setup::new().with("FRONTDESK_TLS", tls));
        // What the operator is about to change is no reason to call the addresses wrong.
        beside(
            "another access",
            &Setup::new()
                .with("FRONTDESK_TLS", tls)
                .with("FRONTDESK_REGISTRATION", "open"),
        );
        beside(
            "the other kind of TLS",
            &Setup::new().with(
                "FRONTDESK_TLS",
                if tls == "off" { "self-signed" } else { "off" },
            ),
        );
        assert_eq!(server.managed("/readyz").status(), 200);
    }
}

/// A slash at the end of an issuer is noted, since it belongs to the issuer's name.
#[test]
fn slash_of_an_issuer_is_noted() {
    for (issuer, noted) in [
        ("https://login.example.com", false),
        ("https://login.example.com/", true),
        ("https://login.example.com/t/acme", false),
        ("https://login.example.com/t/acme/", true),
    ] {
        let folder = TempDir::new().unwrap();
        let (code, printed) = check(&public(issuer), folder.path(), &[]);
        assert_eq!(code, Some(0), "{printed}");
        let note = format!(
            "the issuer ends with a slash, which belongs to its name: clients that are configured with {} refuse the documents",
            issuer.trim_end_matches('/')
        );
        assert_eq!(notes(&printed).contains(&note.as_str()), noted, "{printed}");
    }
}

/// The access is shown by the word of the setting, in the check and in the log of a start.
#[test]
fn access_is_shown_by_its_setting() {
    for access in ["open", "protected", "closed"] {
        let setup = Setup::new().with("FRONTDESK_REGISTRATION", access);
        let folder = TempDir::new().unwrap();
        let (_, printed) = check(
            &setup.clone().with("FRONTDESK_LISTEN", "localhost:9443"),
            folder.path(),
            &[],
        );
        assert!(
            printed.contains(&format!("\nprovider: http://localhost:9443 ({access})\n")),
            "{printed}"
        );
        let server: TestServer = setup.start();
        server.logs(&format!("\"registration\":\"{access}\""));
    }
}

/// Programs read one JSON object, in which secrets are null.
#[test]
fn report_is_one_json_object() {
    let folder = TempDir::new().unwrap();
    let setup = public("https://login.example.com/");
    let (code, printed) = check(&setup, folder.path(), &["--json"]);
    assert_eq!(code, Some(0), "{printed}");
    assert_eq!(printed.lines().count(), 1);
    let report: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(report["settings"]["admin_password"], Value::Null);
    assert!(report["settings"].get("admin_password").is_some());
    assert_eq!(report["settings"]["tls"]["mode"], "off");
    assert_eq!(report["configuration"], Value::Null);
    assert_eq!(report["development"], false);
    assert_eq!(report["listen"], "127.0.0.1:0");
    assert_eq!(
        report["providers"][0]["issuer"],
        "https://login.example.com/"
    );
    assert_eq!(report["providers"][0]["registration"], "protected");
    assert_eq!(report["providers"][0]["notes"].as_array().unwrap().len(), 2);
    assert!(report["connections"].is_u64() && report["descriptors"].is_u64());
    assert_eq!(
        report["store"],
        "does not exist yet; the first start creates it"
    );
    assert_eq!(report["problems"].as_array().unwrap().len(), 0);

    let wrong = setup.with("FRONTDESK_LISTEN", "192.0.2.1:9443");
    let (code, printed) = check(&wrong, folder.path(), &["--json"]);
    let report: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(
        (code, report["problems"].as_array().unwrap().len()),
        (Some(1), 1),
        "{printed}"
    );
}

/// Two listeners cannot have the same address, although each could have it alone. `0.0.0.0` has every IPv4 address and `[::]`
/// every address.
#[test]
fn shared_listen_addresses_are_found() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let all = [
        ("FRONTDESK_LISTEN", "listen"),
        ("FRONTDESK_MANAGEMENT_LISTEN", "management_listen"),
        ("FRONTDESK_LOOKUP_LISTEN", "lookup_listen"),
    ];
    for (first, second) in [(0, 1), (0, 2), (1, 2)] {
        for (one, other) in [
            ("127.0.0.1", "127.0.0.1"),
            ("0.0.0.0", "127.0.0.1"),
            ("127.0.0.1", "[::]"),
        ] {
            let folder = TempDir::new().unwrap();
            let ((variable, key), (second, second_key)) = (all[first], all[second]);
            let setup = public("https://login.example.com")
                .with("FRONTDESK_LOOKUP_PLAIN_HTTP", "true")
                .with(variable, &format!("{one}:{port}"))
                .with(second, &format!("{other}:{port}"));
            let (code, printed) = check(&setup, folder.path(), &[]);
            assert_eq!(
                (code, problems(&printed)),
                (
                    Some(1),
                    vec![
                        format!(
                            "{key} ({variable}) and {second_key} ({second}) both have {other}:{port}; give each an address of its own"
                        )
                        .as_str()
                    ]
                ),
                "{printed}"
            );
        }
    }
}

/// The folder of a SQLite file is made by no start, so that it is missing is a problem, in the words of `migrate`.
#[test]
fn missing_folder_of_the_store_is_found() {
    let folder = TempDir::new().unwrap();
    for (database, data, is_missing) in [
        ("sqlite://nowhere/x.db", "data", true),
        ("sqlite://data/deeper/x.db", "data", true),
        ("sqlite://data/x.db", "data", false),
        ("sqlite://data/x.db", "./data/deeper", false),
        ("sqlite://x.db", "data", false),
    ] {
        let setup = public("https://login.example.com")
            .with("FRONTDESK_DATABASE", database)
            .with("FRONTDESK_DATA", data);
        let (code, printed) = check(&setup, folder.path(), &[]);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        if is_missing {
            let sentence = setup.refused(folder.path(), &["migrate"]);
            assert_eq!(
                (code, problems(&printed)),
                (Some(1), vec![sentence.as_str()])
            );
            assert!(sentence.ends_with(" does not exist"), "{sentence}");
        } else {
            assert_eq!((code, problems(&printed).len()), (Some(0), 0), "{printed}");
            let migrated = setup.command(folder.path(), &["migrate"]).output().unwrap();
            assert_eq!(migrated.status.code(), Some(0), "{database} {data}");
        }
        let _ = fs::remove_dir_all(folder.path().join("data"));
        let _ = fs::remove_file(folder.path().join("x.db"));
    }
}

/// Beside the running service its lookup may have the address of `lookup_listen`, with TLS or without.
#[test]
fn running_lookup_may_use_its_address() {
    for (tls, other) in [("off", "self-signed"), ("self-signed", "off")] {
        let setup = Setup::new().with("FRONTDESK_TLS", tls);
        let server = setup.with("FRONTDESK_LOOKUP_LISTEN", "127.0.0.1:0").start();
        let log = server.log();
        let line = log
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .map(|line| line["fields"].clone())
            .find(|fields| fields["message"] == "the lookup answers authorization servers")
            .unwrap();
        for tls in [tls, other] {
            let setup = Setup::new()
                .with("FRONTDESK_TLS", tls)
                .with("FRONTDESK_LISTEN", "127.0.0.1:0")
                .with("FRONTDESK_MANAGEMENT_LISTEN", "127.0.0.1:0")
                .with("FRONTDESK_LOOKUP_LISTEN", line["listen"].as_str().unwrap());
            let (code, printed) = check(&setup, server.folder.path(), &[]);
            assert_eq!((code, problems(&printed).len()), (Some(0), 0), "{printed}");
        }
    }
}
