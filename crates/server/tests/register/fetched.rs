//! Addresses in metadata that a server will follow: each row of the table that says so, with every spelling of a private address.

use std::thread;

use protocol::table::Fetched;
use protocol::{ClientMetadata, MemberRow};
use serde_json::{Value, json};

use super::support::{Answer, Setup, TestServer};

const CIBA: &str = "urn:openid:params:grant-type:ciba";

/// Hosts that a server must not be sent to. Some are written in a way that programs read differently.
const PRIVATE: &str = "
    127.0.0.1 127.0.0.1. 127.1 127.0.1 2130706433 0x7f000001 0x7f.1 0X7F.0.0.1 0177.0.0.1 017700000001 0x7f.0.0.0x1 %31%32%37.0.0.1
    １２７.0.0.1 ①②⑦.⓪.⓪.① 0 0.0.0.0 10.0.0.1 012.0.0.1 167772161 172.16.0.1 192.168.1.1 3232235777 169.254.169.254 0xa9fea9fe
    2852039166 0251.0376.0251.0376 100.100.100.200 192.0.0.192 168.63.129.16 255.255.255.255 224.0.0.1 [::] [::1] [0:0:0:0:0:0:0:1]
    [::ffff:127.0.0.1] [::ffff:7f00:1] [0:0:0:0:0:ffff:0a00:0001] [::127.0.0.1] [64:ff9b::127.0.0.1] [64:ff9b::7f00:1]
    [64:ff9b::a9fe:a9fe] [64:ff9b:1::1] [2002:7f00:1::] [2001:0:4136:e378:8000:63bf:3fff:fdd2] [fe80::1] [fc00::1] [fd00:ec2::254]
    [ff02::1] [2001:db8::1] [3fff::1] [5f00::1] [100::1] localhost LOCALHOST localhost. LOCALHOST. ｌｏｃａｌｈｏｓｔ loc%61lhost
    sub.localhost localhost.localdomain printer.local metadata.google.internal metadata.google.internal. router.home.arpa router.lan
    wiki.corp intranet kubernetes x.onion";

fn server() -> TestServer {
    let file = format!(
        "[[provider]]\nissuer = \"https://op.example\"\n[provider.metadata]\n\
         authorization_endpoint = \"https://op.example/authorize\"\ntoken_endpoint = \"https://op.example/token\"\ngrant_types_supported = [\"authorization_code\", \"{CIBA}\"]\n\
         backchannel_logout_supported = true\nrequest_uri_parameter_supported = true\nbackchannel_token_delivery_modes_supported = [\"poll\", \"ping\"]\n\
         backchannel_authentication_endpoint = \"https://op.example/bc\"\n"
    );
    Setup::new()
        .with("FRONTDESK_REGISTRATION", "open")
        .with("FRONTDESK_OUTBOUND_ALLOW", "10.0.0.7:8443, 10.0.0.8:80")
        .file(&file)
        .start()
}

/// A client whose member of that name has that address; in another language, for the second of a localized member.
fn asked(row: &MemberRow, language: &str, uri: &str) -> Value {
    let key = json!({
        "kty": "EC", "crv": "P-256", "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
        "x5u": uri,
    });
    let mut asked = json!({
        "redirect_uris": ["https://a.example/cb"], "grant_types": ["authorization_code", CIBA], "backchannel_token_delivery_mode": "ping",
        "backchannel_client_notification_endpoint": "https://a.example/told",
    });
    let public = "https://a.example/public";
    asked[format!("{}{language}", row.name)] = match row.name {
        "jwks" => json!({ "keys": [key] }),
        _ if row.list => json!([public, uri]),
        _ => uri.into(),
    };
    asked
}

fn register(server: &TestServer, asked: &Value) -> Answer {
    server.request("POST", "/register").json(asked).send()
}

fn rows(fetched: &[Fetched]) -> impl Iterator<Item = &'static MemberRow> {
    ClientMetadata::ROWS
        .iter()
        .filter(|row| row.fetched.is_some_and(|by| fetched.contains(&by)))
}

fn schemes(row: &MemberRow) -> &'static [&'static str] {
    if row.shape == "http or https URL" {
        &["https", "http"]
    } else {
        &["https"]
    }
}

/// OWASP server-side request forgery: a client cannot register a private address that a server
/// would fetch.
#[test]
fn private_addresses_are_refused() {
    let server = server();
    let judge = |row: &MemberRow, language: &str, uri: &str| {
        let told =
            register(&server, &asked(row, language, uri)).refused(400, "invalid_client_metadata");
        assert!(told.starts_with(row.name), "{uri}: {told}");
    };
    let judge_all = |row: &MemberRow| {
        for (host, scheme) in PRIVATE
            .split_whitespace()
            .flat_map(|host| schemes(row).iter().map(move |scheme| (host, scheme)))
        {
            judge(row, "", &format!("{scheme}://{host}/x"));
        }
        for uri in [
            "https://169.254.169.254:8443/latest",
            "https://10.0.0.7/x",
            "https://10.0.0.7:8444/x",
            "https://127.0.0.1:6379/",
        ] {
            judge(row, "", uri);
            if row.localized {
                judge(row, "#de", uri);
            }
        }
    };
    let (judge_all, mut judged) = (&judge_all, 0);
    thread::scope(|scope| {
        for row in rows(&[Fetched::Now, Fetched::Later, Fetched::Picture]) {
            judged += 1;
            scope.spawn(move || judge_all(row));
        }
    });
    assert_eq!(judged, 8);
    assert!(server.clients().is_empty());
}

/// RFC 7517 §4.6: certificates are fetched with TLS.
#[test]
fn certificates_are_at_https_addresses() {
    let server = server();
    let jwks = ClientMetadata::ROWS
        .iter()
        .find(|row| row.name == "jwks")
        .unwrap();
    for uri in [
        "http://a.example/x",
        "a.example",
        "https://user@a.example/x",
    ] {
        let told = register(&server, &asked(jwks, "", uri)).refused(400, "invalid_client_metadata");
        assert_eq!(
            told, "jwks could not be fetched, or its content is not acceptable.",
            "{uri}"
        );
    }
    assert!(server.clients().is_empty());
}

/// Public addresses, addresses that the operator allows, and pages that only a browser opens are
/// accepted.
#[test]
fn public_and_allowed_are_accepted() {
    let server = server();
    for row in rows(&[Fetched::Later, Fetched::Picture]) {
        for host in ["a.example", "a.example:8443", "8.8.8.8", "10.0.0.7:8443"] {
            for scheme in schemes(row) {
                let client =
                    register(&server, &asked(row, "", &format!("{scheme}://{host}/x"))).created();
                assert!(client.get(row.name).is_some(), "{} {host}", row.name);
            }
        }
    }
    for (member, uri) in [
        ("logo_uri", "http://10.0.0.8/logo"),
        ("logo_uri", "http://a.example:6379/logo"),
        ("client_uri", "http://localhost:3000/"),
        ("tos_uri", "https://intranet/tos"),
        ("policy_uri", "https://10.0.0.1/policy"),
        ("initiate_login_uri", "https://10.0.0.1/login"),
    ] {
        let row = ClientMetadata::ROWS
            .iter()
            .find(|row| row.name == member)
            .unwrap();
        assert_eq!(
            register(&server, &asked(row, "", uri)).created()[member],
            uri
        );
    }
    let fragment = ["https://a.example/request.jwt#GkurKxf5T0Y-mnPFCHqWOMiZi4VS138cQO_V7PZHAdM"];
    let client = register(
        &server,
        &json!({ "redirect_uris": ["https://a.example/cb"], "request_uris": fragment }),
    )
    .created();
    assert_eq!(client["request_uris"], json!(fragment));
}

/// An update follows the rules of a registration.
#[test]
fn updates_follow_registration_rules() {
    let server = server();
    let client = register(
        &server,
        &json!({ "redirect_uris": ["https://a.example/cb"] }),
    )
    .created();
    for row in rows(&[Fetched::Later, Fetched::Picture]) {
        let mut update = asked(row, "", "https://127.0.0.1/x");
        update["client_id"] = client["client_id"].clone();
        let told = server
            .manage("PUT", &client)
            .json(&update)
            .send()
            .refused(400, "invalid_client_metadata");
        assert!(told.starts_with(row.name), "{told}");
    }
    assert_eq!(server.manage("GET", &client).send().ok(), client);
}
