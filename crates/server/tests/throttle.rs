//! The rate limits of registration.

mod support;

use serde_json::{Value, json};
use support::{Setup, TestServer};

fn limited(access: &str) -> Setup {
    Setup::new()
        .with("FRONTDESK_REGISTRATION", access)
        .with("FRONTDESK_LIMITS_REGISTRATIONS_PER_MINUTE", "3")
}

fn metadata(name: &str) -> Value {
    json!({ "redirect_uris": ["https://rp.example/cb"], "client_name": name })
}

fn anybody(server: &TestServer, from: &str, name: &str) -> u16 {
    server
        .request("POST", "/register")
        .header("X-Forwarded-For", from)
        .json(&metadata(name))
        .send()
        .status()
}

/// An account that registers too often gets the time to wait in Retry-After.
#[test]
fn limited_account_gets_retry_after() {
    let server = limited("protected").start();
    for name in ["1", "2", "3"] {
        server.register(&metadata(name)).created();
    }
    let refused = server.register(&metadata("4"));
    refused.refused(429, "invalid_request");
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=20).contains(&wait), "{wait}");
    assert_eq!(server.ran(&["client", "list", "--json"]).lines().count(), 3);
    let token = server.ran(&["token", "issue"]);
    server
        .request("POST", "/register")
        .bearer(token.trim())
        .json(&metadata("5"))
        .send()
        .created();
}

/// Anonymous clients are counted by the address that a trusted proxy names.
#[test]
fn anonymous_clients_count_by_address() {
    let server = limited("open")
        .with("FRONTDESK_PROXIES", "127.0.0.0/8, ::1")
        .start();
    for name in ["1", "2", "3"] {
        assert_eq!(anybody(&server, "203.0.113.5", name), 201);
    }
    assert_eq!(anybody(&server, "203.0.113.5", "4"), 429);
    assert_eq!(anybody(&server, "203.0.113.6", "5"), 201);
    assert_eq!(anybody(&server, "2001:db8::1", "6"), 201);
    assert_eq!(anybody(&server, "2001:db8::2", "7"), 201);
    assert_eq!(anybody(&server, "2001:db8::3", "8"), 201);
    assert_eq!(anybody(&server, "2001:db8:0:0:ffff::4", "9"), 429);
    assert_eq!(anybody(&server, "2001:db8:0:1::1", "10"), 201);
}

/// RFC 7239 §8.1: a header that the proxy did not write is a claim of the client and is not
/// trusted.
#[test]
fn only_the_configured_header_is_trusted() {
    let server = limited("open")
        .with("FRONTDESK_PROXIES", "127.0.0.0/8, ::1")
        .start();
    let statuses: Vec<u16> = (0..4)
        .map(|n| {
            let ask = server
                .request("POST", "/register")
                .header("X-Forwarded-For", "203.0.113.5");
            ask.header("Forwarded", &format!("for=198.51.100.{n}"))
                .json(&metadata(&n.to_string()))
                .send()
                .status()
        })
        .collect();
    assert_eq!(statuses, [201, 201, 201, 429]);
}

/// An address that a client claims for itself is ignored.
#[test]
fn claimed_client_address_is_ignored() {
    let server = limited("open").start();
    let statuses: Vec<u16> = (0..4)
        .map(|n| anybody(&server, &format!("203.0.113.{n}"), &n.to_string()))
        .collect();
    assert_eq!(statuses, [201, 201, 201, 429]);
}

/// One editor registers the same metadata for each of its users, so equal metadata is not counted: the MCP recipe has a limit
/// for each address only.
#[test]
fn equal_metadata_is_not_limited() {
    let recipe = include_str!("../../../docs/recipes/mcp/frontdesk.toml");
    let server = Setup::default()
        .with("FRONTDESK_TLS", "off")
        .with("FRONTDESK_PROXIES", "127.0.0.0/8, ::1")
        .file(recipe)
        .start();
    let register = |from: &str| {
        let editor = json!({
            "client_name": "Cursor", "redirect_uris": ["http://localhost:8787/callback"], "token_endpoint_auth_method": "none",
        });
        server
            .request("POST", "/register")
            .header("X-Forwarded-For", from)
            .json(&editor)
            .send()
    };
    for number in 1..=14 {
        register(&format!("203.0.113.{number}")).created();
    }
    for _ in 2..=10 {
        register("203.0.113.1").created();
    }
    let eleventh = register("203.0.113.1");
    eleventh.refused(429, "invalid_request");
    let wait: u64 = eleventh.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=6).contains(&wait), "{wait}");
    assert_eq!(server.clients().len(), 23);
}

/// Networks that the operator names have no limit on anonymous registrations. The address that counts is the one that the
/// proxies name (RFC 7239 §8.1).
#[test]
fn unthrottled_networks_have_no_limit() {
    let server = limited("open")
        .with("FRONTDESK_PROXIES", "127.0.0.0/8, ::1")
        .with(
            "FRONTDESK_LIMITS_UNTHROTTLED",
            "203.0.113.0/24, 2001:db8:1::/48, 198.51.100.7, 2001:db8:5::7",
        )
        .start();
    let statuses =
        |from: &str| -> Vec<u16> { (0..5).map(|_| anybody(&server, from, "x")).collect() };
    for free in [
        "203.0.113.5",
        "::ffff:203.0.113.6",
        "2001:db8:1::1",
        "2001:db8:1:ffff::1",
        "198.51.100.7",
        "2001:db8:5::7",
        "192.0.2.1, 203.0.113.9",
    ] {
        assert_eq!(statuses(free), [201; 5], "{free}");
    }
    let limit = [201, 201, 201, 429, 429];
    for limited in [
        "203.0.114.5",
        "2001:db8:2::1",
        "198.51.100.8",
        "2001:db8:5::8",
    ] {
        assert_eq!(statuses(limited), limit, "{limited}");
    }
    // An address in front of the one that the proxy wrote is a claim of the client.
    assert_eq!(statuses("203.0.113.5, 192.0.2.9"), limit);
    assert_eq!(server.clients().len(), 7 * 5 + 5 * 3);
}

/// A client that is no proxy names no network for itself.
#[test]
fn claimed_unthrottled_address_is_ignored() {
    let server = limited("open")
        .with("FRONTDESK_LIMITS_UNTHROTTLED", "203.0.113.0/24")
        .start();
    let statuses: Vec<u16> = (0..4)
        .map(|_| anybody(&server, "203.0.113.5", "x"))
        .collect();
    assert_eq!(statuses, [201, 201, 201, 429]);
}

/// Accounts and tokens are limited over all addresses, and wrong passwords from every address, unthrottled networks included.
#[test]
fn unthrottled_network_is_limited_elsewhere() {
    let server = limited("protected")
        .with("FRONTDESK_PROXIES", "127.0.0.0/8, ::1")
        .with("FRONTDESK_LIMITS_UNTHROTTLED", "203.0.113.0/24")
        .with("FRONTDESK_LIMITS_FAILED_LOGINS_PER_MINUTE", "2")
        .with("FRONTDESK_LIMITS_UPDATES_PER_MINUTE", "1")
        .start();
    let token = server.ran(&["token", "issue"]);
    let ask = |from: u8| {
        let address = format!("203.0.113.{from}");
        server
            .request("POST", "/register")
            .header("X-Forwarded-For", &address)
            .json(&metadata("A client"))
    };
    let by_account: Vec<u16> = (1..=4)
        .map(|from| ask(from).admin().send().status())
        .collect();
    assert_eq!(by_account, [201, 201, 201, 429]);
    let by_token: Vec<u16> = (1..=4)
        .map(|from| ask(from).bearer(token.trim()).send().status())
        .collect();
    assert_eq!(by_token, [201, 201, 201, 429]);
    let guesses: Vec<u16> = (0..3)
        .map(|_| ask(9).basic("admin", "wrong").send().status())
        .collect();
    assert_eq!(guesses, [401, 401, 429]);
    assert_eq!(server.clients().len(), 6);
}

/// RFC 7617 §4: after too many failed logins a password is not verified for a time.
#[test]
fn too_many_failed_logins_are_refused() {
    let server = Setup::new()
        .with("FRONTDESK_LIMITS_FAILED_LOGINS_PER_MINUTE", "3")
        .with("FRONTDESK_PROXIES", "127.0.0.1, ::1")
        .start();
    let attempt = |name: &str, password: &str, from: &str| {
        let ask = server
            .request("POST", "/register")
            .basic(name, password)
            .header("X-Forwarded-For", from);
        ask.json(&metadata("A client")).send()
    };
    for _ in 0..3 {
        attempt("admin", "wrong", "203.0.113.5").refused(401, "invalid_token");
    }
    let refused = attempt("admin", "wrong", "203.0.113.5");
    refused.refused(429, "invalid_request");
    assert!(
        (1..=21).contains(
            &refused
                .header("retry-after")
                .unwrap()
                .parse::<u64>()
                .unwrap()
        )
    );
    attempt("admin", support::PASSWORD, "203.0.113.5").refused(429, "invalid_request");
    attempt("admin", support::PASSWORD, "203.0.113.6").created();
    attempt("nobody", "wrong", "203.0.113.5").refused(401, "invalid_token");
    // A caller whose password was verified a moment ago can go on.
    attempt("admin", support::PASSWORD, "203.0.113.6").created();
    support::until("wrong passwords are logged", || {
        server.log().contains("log-in refused")
    });
    assert!(!server.log().contains(support::PASSWORD));
}

/// The statuses of as many requests at once as there are names, all with that password and from one address.
fn at_once(server: &TestServer, names: &[String], password: &str) -> Vec<u16> {
    std::thread::scope(|scope| {
        let attempt = |name: &str| {
            server
                .request("POST", "/register")
                .basic(name, password)
                .json(&metadata(name))
                .send()
                .status()
        };
        let threads: Vec<_> = names
            .iter()
            .map(|name| scope.spawn(move || attempt(name)))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_default())
            .collect()
    })
}

fn looked_at(statuses: &[u16]) -> usize {
    assert!(
        statuses.iter().all(|status| [401, 429].contains(status)),
        "{statuses:?}"
    );
    statuses.iter().filter(|status| **status == 401).count()
}

/// RFC 7617 §4: concurrent logins are counted before they are verified, so that they are limited
/// like sequential logins.
#[test]
fn concurrent_logins_are_counted_first() {
    let server = Setup::new()
        .with("FRONTDESK_LIMITS_FAILED_LOGINS_PER_MINUTE", "3")
        .start();
    let looked_at = looked_at(&at_once(&server, &vec!["admin".to_owned(); 100], "wrong"));
    // The bucket gains one attempt every twenty seconds.
    assert!((3..=4).contains(&looked_at), "{looked_at}");
    assert!(server.clients().is_empty());
}

/// RFC 7617 §4: failed logins are counted for all account names of an address together.
#[test]
fn failed_logins_count_by_address() {
    let server = Setup::new()
        .with("FRONTDESK_LIMITS_FAILED_LOGINS_PER_MINUTE", "1")
        .with("FRONTDESK_PROXIES", "127.0.0.1, ::1")
        .start();
    let from = |address: &str, name: &str, password: &str| {
        let ask = server
            .request("POST", "/register")
            .basic(name, password)
            .header("X-Forwarded-For", address);
        ask.json(&metadata("A client")).send().status()
    };
    let statuses: Vec<u16> = (0..15)
        .map(|number| from("203.0.113.5", &format!("name{number}"), "wrong"))
        .collect();
    // The bucket gains one attempt every six seconds.
    assert!((10..=12).contains(&looked_at(&statuses)), "{statuses:?}");
    assert_eq!(from("203.0.113.5", "admin", support::PASSWORD), 429);
    assert_eq!(from("203.0.113.6", "admin", support::PASSWORD), 201);
    // A password that was proved a moment ago is no guess.
    assert_eq!(from("203.0.113.5", "admin", support::PASSWORD), 201);
}

/// A right password works for many concurrent requests.
#[test]
fn right_password_works_concurrently() {
    let server = Setup::new()
        .with("FRONTDESK_LIMITS_FAILED_LOGINS_PER_MINUTE", "3")
        .start();
    assert_eq!(
        at_once(&server, &vec!["admin".to_owned(); 20], support::PASSWORD),
        [201; 20]
    );
}

/// A changed password and the removal of an account take effect at once.
#[test]
fn account_changes_take_effect_at_once() {
    let server = TestServer::start();
    server.account("robot", "registrar");
    let attempt = || {
        server
            .request("POST", "/register")
            .basic("robot", support::PASSWORD)
            .json(&metadata("A client"))
            .send()
    };
    attempt().created();
    server.ran(&["account", "remove", "robot"]);
    attempt().refused(401, "invalid_token");
    server.account("robot", "registrar");
    attempt().created();
}
