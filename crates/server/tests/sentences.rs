//! Every sentence of the specifications that demands something of this service has its test, and `docs/conformance.md` says
//! which. `UPDATE_PAGES=1 cargo test -p server --test sentences` writes the page.

#![expect(clippy::unwrap_used, reason = "a test says what it expects")]

mod support;

#[path = "sentences/discovery.rs"]
mod discovery;
#[path = "sentences/oidc_registration.rs"]
mod oidc_registration;
#[path = "sentences/page.rs"]
mod page;
#[path = "sentences/proof.rs"]
mod proof;
#[path = "sentences/rfc7033.rs"]
mod rfc7033;
#[path = "sentences/rfc7591.rs"]
mod rfc7591;
#[path = "sentences/rfc7592.rs"]
mod rfc7592;
#[path = "sentences/suites.rs"]
mod suites;
#[path = "sentences/table/mod.rs"]
mod table;
#[path = "sentences/tls.rs"]
mod tls;

use support::{Setup, TestServer};
use tempfile::TempDir;

/// A provider whose authorization server is elsewhere; `more` is what else its section says, then its document's.
fn provider(issuer: &str, more: &str, metadata: &str) -> String {
    format!(
        "[[provider]]\nissuer = \"{issuer}\"\n{more}\n[provider.metadata]\n\
         authorization_endpoint = \"https://as.example/authorize\"\ntoken_endpoint = \"https://as.example/token\"\n{metadata}\n"
    )
}

fn serving(issuer: &str) -> TestServer {
    Setup::new().file(&provider(issuer, "", "")).start()
}

/// Asserts that a start with that configuration is refused; returns the message.
#[track_caller]
fn stops(text: &str) -> String {
    let folder = TempDir::new().unwrap();
    let setup = Setup::new()
        .with("FRONTDESK_LISTEN", "127.0.0.1:0")
        .with("FRONTDESK_MANAGEMENT_LISTEN", "127.0.0.1:0");
    setup.file(text).refused(folder.path(), &["serve"])
}

/// A function that is not a test, or that cites another section, proves nothing.
#[test]
fn unrelated_test_proves_nothing() {
    let this = "server/tests/sentences.rs";
    for wrong in ["serving", "stops", "nothing", "", "mod"] {
        assert!(proof::find(&format!("{this}::{wrong}")).is_err(), "{wrong}");
    }
    assert!(
        proof::find("server/tests/nowhere.rs::serving").is_err() && proof::find("serving").is_err()
    );
    let says = |says: &str| proof::Test {
        says: says.to_owned(),
    };
    let test =
        says("name: RFC 7591 §3.2.1, §2, OIDC Registration §2.1: and RFC 6750 §3. Fetch §3.2");
    for (specification, section, cites) in [
        ("RFC 7591", "3.2.1", true),
        ("RFC 7591", "3.2", true),
        ("RFC 7591", "3", true),
        ("RFC 7591", "2", true),
        ("RFC 7591", "2.1", false),
        ("RFC 7591", "3.2.2", false),
        ("OIDC Registration", "2.1", true),
        ("OIDC Registration", "3", false),
        ("RFC 6750", "3", true),
        ("RFC 6750", "3.2", false),
        ("RFC 7592", "2", false),
    ] {
        assert_eq!(
            test.cites(specification, section),
            cites,
            "{specification} §{section}"
        );
    }
}

/// Every sentence has a test that cites it, or a reason.
#[test]
fn every_sentence_has_test_or_reason() {
    let mut wrong = Vec::new();
    for table::Table {
        cited, title, rows, ..
    } in &table::ALL
    {
        for row in *rows {
            let (tests, problems): (Vec<_>, Vec<_>) = row
                .tests
                .iter()
                .map(|test| proof::find(test))
                .partition(Result::is_ok);
            wrong.extend(problems.into_iter().filter_map(Result::err));
            if row.says.is_empty()
                || row.level.is_empty()
                || (row.tests.is_empty() && row.note.is_empty())
            {
                wrong.push(format!("{title} {}: neither a test nor a reason", row.at));
            }
            let cites = tests.iter().flatten().any(|test| test.cites(cited, row.at));
            if !cited.is_empty() && !row.tests.is_empty() && !cites {
                wrong.push(format!(
                    "{cited} §{}: none of its tests cites it: {}",
                    row.at, row.says
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The page says what the tables say.
#[test]
fn page_matches_the_tables() {
    page::keep(&page::render());
}
