//! The audit trail, as `frontdesk audit` tells it.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test says what it expects"
)]

mod support;

use std::collections::BTreeMap;

use serde_json::{Value, json};
use support::{Ask, PASSWORD, Postgres, Setup, TestServer, until};

fn rows(server: &TestServer, arguments: &[&str]) -> Vec<Value> {
    let text = server.ran(&[&["audit", "--json"], arguments].concat());
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Adds up the refusals by kind, account and address.
fn refused(rows: &[Value]) -> BTreeMap<String, i64> {
    let mut sums = BTreeMap::new();
    for row in rows.iter().filter(|row| {
        row["event"].as_str().unwrap().ends_with("refused") || row["event"] == "throttled"
    }) {
        let text = |name: &str| row[name].as_str().unwrap_or("-").to_owned();
        let kind = [
            text("event"),
            text("account"),
            text("address"),
            text("detail"),
        ]
        .join(" | ");
        *sums.entry(kind).or_default() += row["times"].as_i64().unwrap();
    }
    sums
}

fn metadata(redirect_uri: &str) -> Value {
    json!({ "redirect_uris": [redirect_uri], "client_name": "A client" })
}

#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn attack(setup: Setup) {
    let mut server = setup
        .with("FRONTDESK_REGISTRATION", "open")
        .with("FRONTDESK_PROXIES", "127.0.0.0/8, ::1")
        .with("FRONTDESK_LIMITS_REGISTRATIONS_PER_MINUTE", "5")
        .with("FRONTDESK_LIMITS_FAILED_LOGINS_PER_MINUTE", "3")
        .start();
    let ask = |from: &str, id: &str| -> Ask {
        server
            .request("POST", "/register")
            .header("X-Forwarded-For", from)
            .header("X-Request-Id", id)
    };
    let registered = ask("198.51.100.1", "good-1")
        .admin()
        .json(&metadata("https://rp.example/cb"))
        .send()
        .created();
    for number in 0..5 {
        let guess =
            ask("203.0.113.9", &format!("guess-{number}")).basic("admin", "guess of a password");
        assert_eq!(
            guess
                .json(&metadata("https://rp.example/cb"))
                .send()
                .status(),
            if number < 3 { 401 } else { 429 }
        );
    }
    for number in 0..7 {
        let evil =
            ask("203.0.113.7", &format!("evil-{number}")).json(&metadata("javascript:alert(1)"));
        assert_eq!(evil.send().status(), if number < 5 { 400 } else { 429 });
    }
    let foreign = format!("/register/{}", registered["client_id"].as_str().unwrap());
    server
        .request("DELETE", &foreign)
        .header("X-Forwarded-For", "203.0.113.7")
        .bearer("rat_guess")
        .send()
        .refused(401, "invalid_token");
    until("the attack is told while it goes on", || {
        refused(&rows(&server, &[])).len() == 5
    });
    server.signal("-TERM");
    assert!(server.wait().success());

    let all = rows(&server, &[]);
    let told: Vec<(String, i64)> = refused(&all).into_iter().collect();
    let expected = [
        (
            "log-in refused | admin | 203.0.113.9 | 401 invalid_token",
            3,
        ),
        (
            "management refused | - | 203.0.113.7 | 401 invalid_token",
            1,
        ),
        (
            "registration refused | - | 203.0.113.7 | 400 invalid_redirect_uri redirect_uris",
            5,
        ),
        (
            "throttled | - | 203.0.113.7 | 429 invalid_request registrations",
            2,
        ),
        (
            "throttled | - | 203.0.113.9 | 429 invalid_request wrong passwords",
            2,
        ),
    ];
    assert_eq!(told, expected.map(|(kind, times)| (kind.to_owned(), times)));
    let first_of =
        |event: &str| all.iter().find(|row| row["event"] == event).unwrap()["request_id"].clone();
    assert_eq!(
        (first_of("log-in refused"), first_of("registration refused")),
        (json!("guess-0"), json!("evil-0"))
    );

    let id = registered["client_id"].as_str().unwrap();
    let of_client = rows(&server, &["--client", id]);
    let [row] = of_client.as_slice() else {
        panic!("{of_client:?}")
    };
    assert_eq!(
        (
            &row["event"],
            &row["account"],
            &row["address"],
            &row["request_id"],
            &row["times"]
        ),
        (
            &json!("client registered"),
            &json!("admin"),
            &json!("198.51.100.1"),
            &json!("good-1"),
            &json!(1)
        )
    );
    assert_eq!(rows(&server, &["--since", "1h"]), all);
    assert_eq!(
        rows(&server, &["--since", "2020-01-01T00:00:00+02:00"]),
        all
    );
    assert!(rows(&server, &["--since", "2200-01-01T00:00:00Z"]).is_empty());
    assert_eq!(
        server.run(&["audit", "--since", "yesterday"]).status.code(),
        Some(2)
    );

    let table = server.ran(&["audit"]);
    assert_eq!(table.lines().count(), all.len() + 1, "{table}");
    assert!(
        table.lines().any(|line| line.contains("log-in refused")
            && line.contains("admin")
            && line.contains("203.0.113.9")),
        "{table}"
    );
    let told = format!(
        "{table}{}{}",
        server.ran(&["audit", "--json"]),
        server.log()
    );
    for secret in [
        PASSWORD,
        "guess of a password",
        "javascript",
        "rat_guess",
        registered["registration_access_token"].as_str().unwrap(),
    ] {
        assert!(!told.contains(secret), "{secret}: {told}");
    }
}

/// The audit trail on SQLite shows a registration attack.
#[test]
fn attack_is_audited_on_sqlite() {
    attack(Setup::new());
}

/// The audit trail on PostgreSQL shows a registration attack.
#[test]
fn attack_is_audited_on_postgresql() {
    let database = Postgres::new();
    attack(Setup::new().on(&database));
}

/// Beyond 1024 kinds of refusals, those of IPv6 networks share the row of their /48, which has their number.
#[test]
fn networks_of_one_48_share_a_row() {
    let mut server = Setup::new()
        .with("FRONTDESK_PROXIES", "127.0.0.0/8, ::1")
        .start();
    for number in 0..2_000 {
        let from = format!("2001:db8:1:{number:x}::7");
        server
            .request("DELETE", "/register/nobody")
            .header("X-Forwarded-For", &from)
            .bearer("rat_guess")
            .send()
            .refused(401, "invalid_token");
    }
    let guesser = server
        .request("DELETE", "/register/nobody")
        .header("X-Forwarded-For", "2001:db8:2::7")
        .bearer("rat_guess");
    guesser.send().refused(401, "invalid_token");
    server.signal("-TERM");
    assert!(server.wait().success());

    let told = rows(&server, &[]);
    let of = |address: &str| -> i64 {
        let alike = told.iter().filter(|row| {
            row["detail"] == "401 invalid_token, from networks of this /48"
                && row["address"] == address
        });
        alike.map(|row| row["times"].as_i64().unwrap()).sum()
    };
    assert_eq!((of("2001:db8:1::"), of("2001:db8:2::")), (2_000 - 1_024, 1));
    assert_eq!(
        told.iter()
            .filter(|row| row["detail"] == "401 invalid_token")
            .count(),
        1_024
    );
    assert!(
        told.iter().all(|row| row["event"] != "more refused"),
        "{told:?}"
    );
}

/// The audit trail names the actor of each change.
#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn actor_of_each_change_is_recorded() {
    let server = TestServer::start();
    server.account("alice", "registrar");
    let token = server.ran(&["token", "issue", "--label", "partners"]);
    let ask = server
        .request("POST", "/register")
        .bearer(token.trim())
        .json(&metadata("https://rp.example/cb"));
    let client = ask.send().created();
    let mut update = metadata("https://rp.example/other");
    update["client_id"] = client["client_id"].clone();
    server.manage("PUT", &client).json(&update).send().ok();
    update["redirect_uris"] = json!(["http://rp.example/cb"]);
    server
        .manage("PUT", &client)
        .json(&update)
        .send()
        .refused(400, "invalid_redirect_uri");
    server.manage("DELETE", &client).send().deleted();
    let legacy = server
        .request("POST", "/identity/register")
        .basic("alice", PASSWORD)
        .json(&metadata("https://rp.example/cb"))
        .send();
    let legacy = legacy.created()["client_id"].as_str().unwrap().to_owned();
    let away = |name: &str| {
        let path = format!("/identity/register/{legacy}?userId=alice&applicationName={name}");
        server
            .request("DELETE", &path)
            .basic("alice", PASSWORD)
            .send()
    };
    away("Another%20client").refused(403, "access_denied");
    away("A%20client").deleted();
    let other = server.client()["client_id"].as_str().unwrap().to_owned();
    server.ran(&["client", "reissue", &other]);
    server.ran(&["client", "--as", "admin", "delete", &other]);
    until("what was refused is told", || {
        rows(&server, &[])
            .iter()
            .filter(|row| row["event"] == "management refused")
            .count()
            == 2
    });

    let told: Vec<String> = rows(&server, &[])
        .iter()
        .filter(|row| row["client_id"].is_string() || row["event"] == "management refused")
        .map(|row| {
            let text = |name: &str| row[name].as_str().unwrap_or("-").to_owned();
            let token = text("token")
                .split_once(' ')
                .map_or("-", |(_, label)| {
                    if label == "itself" {
                        "itself"
                    } else {
                        "partners"
                    }
                })
                .to_owned();
            [text("event"), text("account"), token, text("detail")].join(" | ")
        })
        .collect();
    let (refused, changes): (Vec<String>, Vec<String>) = told
        .into_iter()
        .partition(|line| line.starts_with("management refused"));
    assert_eq!(
        changes,
        [
            "client registered | - | partners | -",
            "client updated | - | itself | redirect_uris",
            "client deleted | - | itself | -",
            "client registered | alice | - | -",
            "client unregistered | alice | - | -",
            "client registered | admin | - | -",
            "client reissued | - | - | command line",
            "client deleted | admin | - | command line",
        ]
    );
    let mut refused = refused;
    refused.sort();
    assert_eq!(
        refused,
        [
            "management refused | - | itself | 400 invalid_redirect_uri redirect_uris",
            "management refused | alice | - | 403 access_denied",
        ]
    );
    let events: Vec<String> = rows(&server, &[])
        .iter()
        .map(|row| row["event"].as_str().unwrap().to_owned())
        .collect();
    for event in ["account added", "keys made", "token issued"] {
        assert!(
            events.iter().any(|known| known == event),
            "{event}: {events:?}"
        );
    }
    // The log has the same story.
    for message in [
        "client registered",
        "client updated",
        "client deleted",
        "client unregistered",
        "management refused",
    ] {
        server.logs(message);
    }
    let log = server.log();
    assert!(
        !log.contains("applicationName") && !log.contains("userId"),
        "{log}"
    );
}

/// A text that a client sends stays on one line, in the audit trail and in the log, and moves no
/// cursor.
#[test]
fn client_text_forges_no_line() {
    const HOSTILE: &str = "x\n2026-01-01  client deleted\r\u{1b}[2J\u{9b}2J\u{202e}\u{2028}\"}";
    let server = Setup::new().with("FRONTDESK_LOG", "debug").start();
    let post = || server.request("POST", "/register");
    post()
        .basic(HOSTILE, "wrong")
        .json(&metadata("https://rp.example/cb"))
        .send()
        .refused(401, "invalid_token");
    let mut tagged = metadata("https://rp.example/cb");
    tagged[&format!("client_name#{HOSTILE}")] = json!(1);
    post().admin().json(&tagged).send();
    tagged = metadata(HOSTILE);
    tagged["client_uri"] = json!(HOSTILE);
    post()
        .admin()
        .json(&tagged)
        .send()
        .refused(400, "invalid_redirect_uri");
    let path = "x%0A2026%1B%5B2J%E2%80%AE";
    server
        .request("GET", &format!("/register/{path}"))
        .bearer("rat_x")
        .send()
        .refused(401, "invalid_token");
    server
        .request(
            "DELETE",
            &format!("/identity/register/{path}?userId={path}&applicationName={path}"),
        )
        .admin()
        .send()
        .refused(403, "access_denied");
    server.get(&format!(
        "/.well-known/webfinger?resource=acct:{path}@localhost"
    ));
    server.get(&format!("/{path}"));
    until("what was refused is told", || {
        refused(&rows(&server, &[])).len() >= 4
    });

    let table = server.ran(&["audit"]);
    let deceiving = |text: &str| {
        text.contains(|character: char| {
            character != '\n' && (character.is_control() || "\u{202e}\u{2028}".contains(character))
        })
    };
    assert!(!deceiving(&table), "{table:?}");
    assert_eq!(
        table.lines().count(),
        rows(&server, &[]).len() + 1,
        "{table}"
    );
    assert!(table.contains(r#""x\u{a}2026-01-01"#), "{table}");
    assert!(!deceiving(&server.ran(&["audit", "--json"])));
    let login = rows(&server, &[])
        .into_iter()
        .find(|row| row["event"] == "log-in refused")
        .unwrap();
    assert_eq!(login["account"], HOSTILE);
    let log = server.log();
    assert!(!deceiving(&log), "{log:?}");
    assert!(
        log.lines()
            .all(|line| serde_json::from_str::<Value>(line).is_ok()),
        "{log}"
    );
}

/// The audit trail is kept as long as the setting says.
#[test]
fn audit_trail_is_kept_for_its_lifetime() {
    let database = Postgres::new();
    let count = |server: &TestServer, event: &str| {
        rows(server, &[])
            .iter()
            .filter(|row| row["event"] == event)
            .count()
    };
    let server = Setup::new().on(&database).start();
    server.client();
    assert_eq!(
        (
            count(&server, "account added"),
            count(&server, "client registered")
        ),
        (1, 1)
    );
    drop(server);
    database.execute(
        "UPDATE audit SET id = '000000000001' || substr(id, 13) WHERE event = 'account added'",
    );
    let for_ever = Setup::new()
        .on(&database)
        .with("FRONTDESK_AUDIT_KEEP", "0")
        .with("FRONTDESK_CLIENT_LIFETIME", "1s")
        .start();
    for_ever.client();
    assert_eq!(count(&for_ever, "account added"), 1);
    drop(for_ever);
    let server = Setup::new().on(&database).start();
    until("the old row is purged", || {
        count(&server, "account added") == 0
    });
    assert!(count(&server, "client registered") >= 2);
}

/// A token that was sent as a name, as `curl -u TOKEN:` does, is in no log line and no row.
#[test]
fn token_sent_as_name_is_not_recorded() {
    let server = TestServer::start();
    let token = server.ran(&["token", "issue"]).trim().to_owned();
    server
        .request("POST", "/register")
        .basic(&token, "")
        .json(&metadata("https://rp.example/cb"))
        .send()
        .refused(401, "invalid_token");
    until("the refusal is recorded", || {
        rows(&server, &[])
            .iter()
            .any(|row| row["account"] == "(a token)")
    });
    let trail = server.ran(&["audit", "--json"]);
    assert!(!trail.contains(&token) && !server.log().contains(&token));
}
