//! How often anybody may register.

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

#[test]
fn an_account_that_registers_too_often_is_told_when_to_come_back() {
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

#[test]
fn strangers_are_counted_by_the_address_a_trusted_proxy_names() {
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

/// RFC 7239 §8.1: what a proxy did not write is its client's word.
#[test]
fn only_the_header_that_the_proxies_write_is_believed() {
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

#[test]
fn what_a_stranger_says_of_its_address_counts_for_nothing() {
    let server = limited("open").start();
    let statuses: Vec<u16> = (0..4)
        .map(|n| anybody(&server, &format!("203.0.113.{n}"), &n.to_string()))
        .collect();
    assert_eq!(statuses, [201, 201, 201, 429]);
}

#[test]
fn the_same_client_from_many_addresses_is_one_machine_gone_wild() {
    let server = limited("open")
        .with("FRONTDESK_PROXIES", "127.0.0.1, ::1")
        .start();
    let statuses: Vec<u16> = (0..4)
        .map(|n| anybody(&server, &format!("203.0.113.{n}"), "the same"))
        .collect();
    assert_eq!(statuses, [201, 201, 201, 429]);
}

/// RFC 7617 §4: a password is worth as much as the guesses it takes.
#[test]
fn a_password_that_was_wrong_too_often_is_not_looked_at_for_a_while() {
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
    // Whoever proved the password a moment ago goes on working.
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

/// RFC 7617 §4: guesses that come all at once are no more than guesses that come one by one.
#[test]
fn guesses_at_the_same_time_are_counted_before_they_are_looked_at() {
    let server = Setup::new()
        .with("FRONTDESK_LIMITS_FAILED_LOGINS_PER_MINUTE", "3")
        .start();
    let looked_at = looked_at(&at_once(&server, &vec!["admin".to_owned(); 100], "wrong"));
    // The bucket gains one attempt every twenty seconds.
    assert!((3..=4).contains(&looked_at), "{looked_at}");
    assert!(server.clients().is_empty());
}

/// RFC 7617 §4: a guesser does not become another one with another name.
#[test]
fn guesses_are_counted_for_all_names_of_an_address_together() {
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

#[test]
fn a_right_password_works_for_many_requests_at_the_same_time() {
    let server = Setup::new()
        .with("FRONTDESK_LIMITS_FAILED_LOGINS_PER_MINUTE", "3")
        .start();
    assert_eq!(
        at_once(&server, &vec!["admin".to_owned(); 20], support::PASSWORD),
        [201; 20]
    );
}

#[test]
fn a_changed_password_counts_at_once_and_a_removed_account_is_gone_at_once() {
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
