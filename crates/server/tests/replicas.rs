//! Several processes, one store: replicas agree from their first start on, and a restart changes nothing.

#![expect(clippy::unwrap_used, reason = "a test says what it expects")]

mod support;

use std::sync::Barrier;
use std::thread;

use serde_json::{Value, json};
use support::{PASSWORD, Postgres, Setup, TestServer, until};

/// A served provider with a fixed issuer, independent of the port.
fn fixed() -> Setup {
    Setup::new().with("FRONTDESK_ISSUER", "http://localhost:9443")
}

/// Replicas that start in the same moment.
fn at_once(setups: Vec<Setup>) -> Vec<TestServer> {
    let barrier = Barrier::new(setups.len());
    thread::scope(|scope| {
        let start = |setup: Setup| {
            barrier.wait();
            setup.start()
        };
        let started: Vec<_> = setups
            .into_iter()
            .map(|setup| scope.spawn(move || start(setup)))
            .collect();
        started
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    })
}

fn administrators(server: &TestServer) -> usize {
    server.ran(&["account", "list"]).lines().skip(1).count()
}

fn metadata() -> Value {
    json!({ "redirect_uris": ["https://rp.example/cb"], "client_name": "A client" })
}

/// RFC 7517 §5: replicas that start together on an empty database publish the same keys, so that
/// every replica has the key of any signature.
#[test]
fn replicas_agree_on_an_empty_database() {
    let database = Postgres::new();
    let replicas = at_once(vec![fixed().on(&database); 3]);
    let jwks = replicas[0].get("/jwks");
    assert_eq!(jwks.json()["keys"].as_array().unwrap().len(), 2);
    let document = replicas[0].get("/.well-known/openid-configuration");
    for replica in &replicas {
        assert_eq!(administrators(replica), 1);
        assert_eq!(replica.get("/jwks").text, jwks.text);
        assert_eq!(replica.get("/jwks").header("etag"), jwks.header("etag"));
        let same = replica.get("/.well-known/openid-configuration");
        assert_eq!(
            same.json()["registration_endpoint"],
            document.json()["registration_endpoint"]
        );
        assert_eq!(replica.register(&metadata()).status(), 201);
    }
}

/// RFC 7592 §2: a client is the same at every replica, at once.
#[test]
fn clients_are_shared_by_replicas() {
    let database = Postgres::new();
    let (one, other) = (fixed().on(&database).start(), fixed().on(&database).start());
    let client = one.client();
    assert_eq!(other.manage("GET", &client).send().ok(), client);
    let asked = json!({ "client_id": client["client_id"], "redirect_uris": ["https://rp.example/other"], "client_name": "Another name" });
    let replaced = other.manage("PUT", &client).json(&asked).send().ok();
    assert_eq!(one.manage("GET", &client).send().ok(), replaced);
    assert_eq!(replaced["client_name"], "Another name");
    one.manage("DELETE", &client).send().deleted();
    other
        .manage("GET", &client)
        .send()
        .refused(401, "invalid_token");
    other
        .manage("DELETE", &client)
        .send()
        .refused(401, "invalid_token");
    assert_eq!(other.ran(&["client", "list", "--json"]), "");
}

/// RFC 7591 §3: an account or token that the operator removes is removed at every replica.
#[test]
fn replicas_share_accounts_and_tokens() {
    let database = Postgres::new();
    let (one, other) = (fixed().on(&database).start(), fixed().on(&database).start());
    for replica in [&one, &other] {
        assert_eq!(replica.register(&metadata()).status(), 201);
    }
    let issued = one.ran(&["token", "issue", "--uses", "4"]);
    let with_token = |replica: &TestServer| {
        replica
            .request("POST", "/register")
            .bearer(issued.trim_end())
            .json(&metadata())
            .send()
            .status()
    };
    let statuses: Vec<u16> = thread::scope(|scope| {
        let replicas = [&one, &other].into_iter().cycle().take(12);
        let asked: Vec<_> = replicas
            .map(|replica| scope.spawn(|| with_token(replica)))
            .collect();
        asked
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    assert_eq!(
        statuses.iter().filter(|status| **status == 201).count(),
        4,
        "{statuses:?}"
    );
    assert_eq!(
        statuses.iter().filter(|status| **status == 401).count(),
        8,
        "{statuses:?}"
    );
    assert_eq!(one.ran(&["client", "list", "--json"]).lines().count(), 6);

    one.ran(&["account", "remove", "admin"]);
    for replica in [&one, &other] {
        replica.register(&metadata()).refused(401, "invalid_token");
    }
}

/// OIDC Core §10.1.1: a successor is seen everywhere before it signs anywhere.
#[test]
fn rotated_keys_reach_every_replica() {
    let database = Postgres::new();
    let (one, other) = (fixed().on(&database).start(), fixed().on(&database).start());
    one.ran(&["key", "rotate"]);
    let published = |replica: &TestServer| {
        replica.get("/jwks").json()["keys"]
            .as_array()
            .unwrap()
            .len()
    };
    until("both replicas publish the successors", || {
        published(&one) == 4 && published(&other) == 4
    });
    assert_eq!(one.get("/jwks").text, other.get("/jwks").text);
}

/// Of several replicas that generate the first password, exactly one shows it.
#[test]
fn one_replica_shows_first_password() {
    let database = Postgres::new();
    let setup = || Setup::default().with("FRONTDESK_TLS", "off").on(&database);
    let mut replicas = at_once(vec![setup(), setup()]);
    let shown = "The account is admin, its password ";
    let told = |replica: &TestServer| {
        replica
            .printed()
            .lines()
            .any(|line| line.starts_with("The account "))
    };
    until("both say what the account is", || replicas.iter().all(told));
    assert_eq!(
        replicas
            .iter()
            .filter(|replica| replica.printed().contains(shown))
            .count(),
        1
    );
    replicas.push(setup().start());
    until("the third says so too", || replicas.iter().all(told));
    let passwords: Vec<String> = replicas
        .iter()
        .filter_map(|replica| {
            Some(
                replica
                    .printed()
                    .split_once(shown)?
                    .1
                    .split(';')
                    .next()?
                    .to_owned(),
            )
        })
        .collect();
    let [password] = passwords.as_slice() else {
        panic!("{passwords:?}")
    };
    for replica in &replicas {
        assert_eq!(administrators(replica), 1);
        assert_eq!(
            replica
                .request("POST", "/register")
                .basic("admin", password)
                .json(&metadata())
                .send()
                .status(),
            201
        );
    }
}

/// RFC 7592 §3: the keys and the clients are the same after a restart.
#[test]
fn restart_changes_nothing() {
    let database = Postgres::new();
    for setup in [fixed(), fixed().on(&database)] {
        let before = setup.clone().start();
        let (jwks, client) = (before.get("/jwks"), before.client());
        let setup = setup.inside(&before);
        drop(before);
        let after = setup
            .with("FRONTDESK_ADMIN_PASSWORD", "another password")
            .start();
        assert_eq!(after.get("/jwks").text, jwks.text);
        assert_eq!(after.get("/jwks").header("etag"), jwks.header("etag"));
        assert_eq!(after.manage("GET", &client).send().ok(), client);
        assert_eq!(
            after.register(&metadata()).status(),
            201,
            "{PASSWORD:?} is still the password"
        );
        assert_eq!(administrators(&after), 1);
    }
}
