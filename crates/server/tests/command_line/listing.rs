//! Lists of clients and providers, and the removal of expired rows.

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Postgres, Setup, TestServer, until};
use crate::{audited, fixed, gave, with_store};

fn names(server: &TestServer, arguments: &[&str]) -> Vec<String> {
    let printed = server.ran(&[&["client", "list", "--json"], arguments].concat());
    let name = |line: &str| {
        serde_json::from_str::<Value>(line).unwrap()["metadata"]["client_name"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    printed.lines().map(name).collect()
}

/// The store opens more connections than a command waits for. With a password that takes cryptography, which must be there until the
/// program has ended.
#[test]
fn command_ends_while_store_connects() {
    let database = Postgres::new();
    let (folder, setup) = (
        TempDir::new().unwrap(),
        fixed(Some(&database)).with("FRONTDESK_DATABASE", &database.with_password()),
    );
    gave(&setup, folder.path(), &["migrate"], b"");
    for _ in 0..40 {
        assert_eq!(
            gave(&setup, folder.path(), &["client", "list", "--json"], b""),
            ""
        );
    }
}

#[test]
fn clients_are_listed_by_name_owner_provider_and_time() {
    let database = Postgres::new();
    for setup in [fixed(None), fixed(Some(&database))] {
        let server = setup.start();
        server.account("alice", "registrar");
        let uris = ["https://rp.example/cb"];
        let wiki = json!({ "redirect_uris": uris, "client_name": "The WIKI", "client_name#de": "Das Nachschlagewerk Ä" });
        server.register(&wiki).created();
        let shop = server
            .request("POST", "/register")
            .basic("alice", crate::support::PASSWORD);
        shop.json(&json!({ "redirect_uris": uris, "client_name": "Shop" }))
            .send()
            .created();
        for (arguments, expected) in [
            (&[][..], &["The WIKI", "Shop"][..]),
            (&["--name", "wiki"], &["The WIKI"]),
            (&["--name", "schlagewerk ä"], &["The WIKI"]),
            (&["--name", "nothing"], &[]),
            (&["--owner", "alice"], &["Shop"]),
            (&["--owner", "alice", "--name", "wiki"], &[]),
            (
                &["--provider", "http://localhost:9443"],
                &["The WIKI", "Shop"],
            ),
            (&["--created-after", "1h"], &["The WIKI", "Shop"]),
            (&["--created-before", "1h"], &[]),
            (&["--unused", "1h"], &[]),
            (&["--created-after", "2026-01-31"], &["The WIKI", "Shop"]),
            (&["--created-before", "2026-01-31"], &[]),
            (
                &["--created-after", "2026-01-31T12:00:00Z"],
                &["The WIKI", "Shop"],
            ),
            (&["--created-before", "2026-01-31T12:00:00+01:00"], &[]),
        ] {
            assert_eq!(names(&server, arguments), expected, "{arguments:?}");
        }
        let output = server.run(&["client", "list", "--created-after", "yesterday"]);
        assert_eq!(output.status.code(), Some(2));
        let said = String::from_utf8(output.stderr).unwrap();
        let reason = "invalid value 'yesterday' for '--created-after <WHEN>': must be a date such as 2026-01-31, a time such as 2026-01-31T12:00:00Z, or a duration such as 7d or 12h";
        assert!(said.contains(reason), "{said}");
    }
}

/// Providers are listed with their domains, clients and signing keys.
#[test]
fn providers_are_listed_with_details() {
    let server = Setup::new()
        .file("[[provider]]\nissuer = \"http://localhost:9443\"\ndomains = [\"example.com\"]\n[[provider]]\nissuer = \"http://localhost:9443/t/acme\"\nregistration = \"open\"\n")
        .start();
    server.client();
    assert_eq!(
        server.ran(&["provider", "list"]),
        "ISSUER                        REGISTRATION  DOMAINS                 CLIENTS  SIGNING KEYS\n\
         http://localhost:9443         protected     localhost, example.com  1        RS256 0days, ES256 0days\n\
         http://localhost:9443/t/acme  open          localhost               0        RS256 0days, ES256 0days\n"
    );
    let listed: Vec<Value> = server
        .ran(&["provider", "list", "--json"])
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(listed.len(), 2);
    let keys = listed[0]["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| key["kid"].as_str().unwrap().to_owned())
        .collect::<Vec<_>>();
    let published = server.get("/jwks").json();
    let published: Vec<&str> = published["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| key["kid"].as_str().unwrap())
        .collect();
    assert_eq!(keys, published);
    let key = &listed[0]["keys"][0];
    assert_eq!(
        (&key["algorithm"], &key["state"], &key["signs_until"]),
        (&json!("RS256"), &json!("signing"), &Value::Null)
    );
    let plain = |listed: &Value| json!({ "issuer": listed["issuer"], "registration": listed["registration"], "domains": listed["domains"], "clients": listed["clients"] });
    assert_eq!(
        plain(&listed[1]),
        json!({ "issuer": "http://localhost:9443/t/acme", "registration": "open", "domains": ["localhost"], "clients": 0 })
    );
}

/// Expired rows are counted and purged.
#[test]
fn expired_rows_are_counted_and_purged() {
    let database = Postgres::new();
    for setup in [fixed(None), fixed(Some(&database))] {
        let folder = with_store(&setup);
        let purge = |arguments: &[&str]| {
            gave(
                &setup,
                folder.path(),
                &[&["purge"], arguments].concat(),
                b"",
            )
        };
        let told = |clients: u8, tokens: u8, keys: u8| {
            format!(
                "clients that expired: {clients}, initial access tokens that expired or are used up: {tokens}, retired keys: {keys}\n"
            )
        };
        assert_eq!(
            purge(&["--dry-run"]),
            format!("would be purged: {}", told(0, 0, 0))
        );
        drop(
            setup
                .clone()
                .with("FRONTDESK_CLIENT_LIFETIME", "1s")
                .within(&folder)
                .start()
                .client(),
        );
        until("the client has expired", || {
            purge(&["--dry-run"]) == format!("would be purged: {}", told(1, 0, 0))
        });
        assert_eq!(purge(&[]), format!("purged: {}", told(1, 0, 0)));
        assert_eq!(purge(&[]), format!("purged: {}", told(0, 0, 0)));

        let server = setup.clone().within(&folder).start();
        let stays = server.client();
        let once = server.ran(&["token", "issue", "--uses", "1"]);
        server.ran(&["token", "issue", "--expires-in", "1s"]);
        server.ran(&["token", "issue", "--uses", "1", "--label", "unused"]);
        let metadata = json!({ "redirect_uris": ["https://rp.example/cb"] });
        let paid = server
            .request("POST", "/register")
            .bearer(once.trim_end())
            .json(&metadata)
            .send()
            .created();
        let purge = |arguments: &[&str]| server.ran(&[&["purge"], arguments].concat());
        until("the token has expired", || {
            purge(&["--dry-run"]) == format!("would be purged: {}", told(0, 2, 0))
        });
        assert_eq!(purge(&[]), format!("purged: {}", told(0, 2, 0)));
        assert_eq!(purge(&[]), format!("purged: {}", told(0, 0, 0)));
        assert!(server.ran(&["token", "list"]).contains("unused"));
        let rows: Vec<String> = audited(&server)
            .into_iter()
            .filter(|row| row.contains(" purged") || row.contains("expired"))
            .collect();
        let [expired, spent] = &rows[..] else {
            panic!("{rows:?}")
        };
        assert!(
            expired.starts_with("client expired | ") && expired.ends_with(" | - | command line"),
            "{expired}"
        );
        assert_eq!(
            spent, "tokens purged | - | - | command line; 2",
            "a purge that finds nothing writes nothing"
        );
        assert_eq!(
            server.manage("GET", &paid).send().status(),
            200,
            "its client stays"
        );
        assert_eq!(server.manage("GET", &stays).send().status(), 200);
    }
}

/// The date of last use is saved when the service stops, and shown.
#[test]
fn last_use_is_saved_at_shutdown() {
    let database = Postgres::new();
    for setup in [fixed(None), fixed(Some(&database))] {
        let mut server = setup.start();
        let client = server.client();
        server.manage("GET", &client).send().ok();
        let id = client["client_id"].as_str().unwrap();
        let shown = || {
            serde_json::from_str::<Value>(&server.ran(&["client", "show", id])).unwrap()["last_used_at"].clone()
        };
        assert_eq!(shown(), Value::Null, "a read writes nothing");
        server.signal("-TERM");
        assert!(server.wait().success());
        let shown = serde_json::from_str::<Value>(&server.ran(&["client", "show", id])).unwrap();
        let used = shown["last_used_at"].as_i64().unwrap();
        assert!(used > 1_767_225_600 && used % 86_400 == 0, "{used}");
        assert_eq!(
            server
                .ran(&["client", "list", "--unused", "1s"])
                .lines()
                .count(),
            1,
            "the heads alone"
        );
    }
}
