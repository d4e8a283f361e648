//! Which clients and providers there are, and what is good for nothing any more.

use serde_json::{Value, json};

use crate::fixed;
use crate::support::{Postgres, TestServer};

fn names(server: &TestServer, arguments: &[&str]) -> Vec<String> {
    let printed = server.ran(&[&["client", "list", "--json"], arguments].concat());
    let name = |line: &str| serde_json::from_str::<Value>(line).unwrap()["metadata"]["client_name"].as_str().unwrap().to_owned();
    printed.lines().map(name).collect()
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
        let shop = server.request("POST", "/register").basic("alice", crate::support::PASSWORD);
        shop.json(&json!({ "redirect_uris": uris, "client_name": "Shop" })).send().created();
        for (arguments, expected) in [
            (&[][..], &["The WIKI", "Shop"][..]),
            (&["--name", "wiki"], &["The WIKI"]),
            (&["--name", "schlagewerk ä"], &["The WIKI"]),
            (&["--name", "nothing"], &[]),
            (&["--owner", "alice"], &["Shop"]),
            (&["--owner", "alice", "--name", "wiki"], &[]),
            (&["--provider", "http://localhost:9443"], &["The WIKI", "Shop"]),
            (&["--provider", "http://localhost:9443/"], &[]),
            (&["--created-after", "1h"], &["The WIKI", "Shop"]),
            (&["--created-before", "1h"], &[]),
            (&["--created-after", "2026-01-31T12:00:00Z"], &["The WIKI", "Shop"]),
            (&["--created-before", "2026-01-31T12:00:00+01:00"], &[]),
        ] {
            assert_eq!(names(&server, arguments), expected, "{arguments:?}");
        }
        let output = server.run(&["client", "list", "--created-after", "yesterday"]);
        assert_eq!(output.status.code(), Some(2));
        let said = String::from_utf8(output.stderr).unwrap();
        let reason = "invalid value 'yesterday' for '--created-after <WHEN>': must be a date such as 2026-01-31T12:00:00Z, or a span such as 7d or 12h";
        assert!(said.contains(reason), "{said}");
    }
}
