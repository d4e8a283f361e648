//! The settings of documents and of the hop.

use serde_json::Value;
use tempfile::TempDir;

use crate::scripted::{self, Script, Scripted, document};
use crate::support::Setup;
use crate::{TARGET, setup};

const ISSUER: &str = "https://id.example";

fn public() -> Setup {
    Setup::new()
        .with("FRONTDESK_ISSUER", ISSUER)
        .with("FRONTDESK_AUTHORIZATION_ENDPOINT", TARGET)
        .with("FRONTDESK_TOKEN_ENDPOINT", "https://login.example/token")
}

/// A mistake is named with its setting.
#[test]
fn mistake_about_documents_is_named() {
    let refused = |setup: Setup| setup.refused(TempDir::new().unwrap().path(), &["serve"]);
    for (setup, sentence) in [
        (
            public().with("FRONTDESK_DOCUMENTS", "all"),
            "provider.documents (FRONTDESK_DOCUMENTS) must be closed, listed or open, not \"all\"",
        ),
        (
            public().with("FRONTDESK_DOCUMENTS", "listed"),
            "provider.documents (FRONTDESK_DOCUMENTS) is listed and provider.document_hosts (FRONTDESK_DOCUMENT_HOSTS) names no host",
        ),
        (
            public().with("FRONTDESK_DOCUMENT_HOSTS", "https://a"),
            "provider.document_hosts (FRONTDESK_DOCUMENT_HOSTS): \"https://a\" must be a host name or *. and a host name",
        ),
        (
            public().with("FRONTDESK_DOCUMENT_HOSTS", "a.example:443"),
            "provider.document_hosts (FRONTDESK_DOCUMENT_HOSTS): \"a.example:443\" must be a host name or *. and a host name",
        ),
        (
            public().with("FRONTDESK_DOCUMENT_REDIRECTS", "none"),
            "provider.document_redirects (FRONTDESK_DOCUMENT_REDIRECTS) must be own-host or any, not \"none\"",
        ),
        (
            public()
                .with("FRONTDESK_DOCUMENT_KEEP_MIN", "2h")
                .with("FRONTDESK_DOCUMENT_KEEP_MAX", "1h"),
            "provider.document_keep_min (FRONTDESK_DOCUMENT_KEEP_MIN) must not be more than provider.document_keep_max (FRONTDESK_DOCUMENT_KEEP_MAX)",
        ),
        (
            public().with("FRONTDESK_DOCUMENT_KEEP_MIN", "0s"),
            "provider.document_keep_min (FRONTDESK_DOCUMENT_KEEP_MIN) must be at least 1s, not 0s",
        ),
        (
            public().with("FRONTDESK_DOCUMENT_STALE", "8d"),
            "provider.document_stale (FRONTDESK_DOCUMENT_STALE) must be at most 7days, not 8d",
        ),
        (
            public().with("FRONTDESK_DOCUMENT_PASS", "https://app.example"),
            "provider.document_pass (FRONTDESK_DOCUMENT_PASS): \"https://app.example\" must have a path after its host",
        ),
        (
            Setup::new().with("FRONTDESK_AUTHORIZATION_HOP", "true"),
            "provider.authorization_hop (FRONTDESK_AUTHORIZATION_HOP) needs the authorization_endpoint of the server behind it",
        ),
        (
            public().with("FRONTDESK_AUTHORIZATION_HOP", "true").with(
                "FRONTDESK_AUTHORIZATION_ENDPOINT",
                "https://ID.example:443/authorize/",
            ),
            "provider.authorization_hop (FRONTDESK_AUTHORIZATION_HOP) leads to itself: provider.metadata.authorization_endpoint (FRONTDESK_AUTHORIZATION_ENDPOINT) must be that of the server behind it",
        ),
        (
            public().with("FRONTDESK_LIMITS_DOCUMENT_BYTES", "1023"),
            "limits.document_bytes (FRONTDESK_LIMITS_DOCUMENT_BYTES) must be at least 1024, not 1023",
        ),
    ] {
        assert_eq!(refused(setup), sentence);
    }
}

/// A combination of settings that is probably a mistake is a note of `frontdesk check`.
#[test]
fn concerns_about_documents_are_notes() {
    let notes = |setup: Setup| -> Vec<String> {
        let folder = TempDir::new().unwrap();
        let output = setup
            .command(folder.path(), &["check", "--json"])
            .output()
            .unwrap();
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let notes = report["providers"][0]["notes"].as_array().unwrap();
        notes
            .iter()
            .map(|note| note.as_str().unwrap().to_owned())
            .collect()
    };
    let has = |notes: &[String], part: &str| notes.iter().any(|note| note.contains(part));
    let about = [
        "documents",
        "document_hosts",
        "pushed",
        "client_id_metadata",
    ];
    let quiet = notes(public());
    assert!(!about.iter().any(|part| has(&quiet, part)), "{quiet:?}");
    let open = notes(public().with("FRONTDESK_DOCUMENTS", "open"));
    assert!(
        has(
            &open,
            "neither lookup_listen nor provider.authorization_hop"
        ),
        "{open:?}"
    );
    assert!(!has(&open, "does not offer none"), "{open:?}");
    let closed = notes(public().with("FRONTDESK_DOCUMENT_HOSTS", "app.example"));
    assert!(
        has(&closed, "provider.document_hosts has no effect"),
        "{closed:?}"
    );
    let file = format!(
        "[[provider]]\nissuer = \"{ISSUER}\"\ndocuments = \"open\"\nauthorization_hop = true\n[provider.metadata]\n\
         authorization_endpoint = \"{TARGET}\"\ntoken_endpoint = \"https://login.example/token\"\n\
         token_endpoint_auth_methods_supported = [\"private_key_jwt\"]\nclient_id_metadata_document_supported = false\n\
         require_pushed_authorization_requests = true\n"
    );
    let all = notes(Setup::new().file(&file));
    for part in [
        "does not offer none, which most published documents need",
        "client_id_metadata_document_supported is configured as false",
        "require_pushed_authorization_requests is true",
    ] {
        assert!(has(&all, part), "{part}: {all:?}");
    }
    let unprovisioned = "neither lookup_listen nor [provider.provision]";
    assert!(has(&all, unprovisioned), "{all:?}");
    let file = file.replace(
        "[provider.metadata]",
        "[provider.provision]\nto = \"http\"\nat = \"http://127.0.0.1:9/clients\"\n[provider.metadata]",
    );
    let provisioned = notes(Setup::new().file(&file));
    assert!(!has(&provisioned, "neither"), "{provisioned:?}");
}

/// draft-ietf-oauth-client-id-metadata-document §6: the document says that documents are accepted exactly when they can be (CIMD §6).
#[test]
fn cimd_6_support_is_in_the_document() {
    let flag = |setup: Setup| {
        let server = setup.start();
        let document = server.get("/.well-known/openid-configuration").json();
        document
            .get("client_id_metadata_document_supported")
            .cloned()
    };
    assert_eq!(flag(Setup::new()), None);
    assert_eq!(flag(setup()), Some(false.into()));
    let open = Setup::new().with("FRONTDESK_DOCUMENTS", "open");
    assert_eq!(flag(open), Some(true.into()));
    let issuer = "http://localhost:9443";
    let with = |more: &str| {
        Setup::new().file(&format!(
            "[[provider]]\nissuer = \"{issuer}\"\ndocuments = \"open\"\n[provider.metadata]\n{more}\n"
        ))
    };
    let secrets = with("token_endpoint_auth_methods_supported = [\"client_secret_basic\"]");
    assert_eq!(flag(secrets), Some(false.into()));
    let configured = with("client_id_metadata_document_supported = false");
    assert_eq!(flag(configured), Some(false.into()));
}

/// In front of a server whose document is served, its endpoint is the target, and the document has the hop in its place.
#[test]
fn hop_stands_before_the_endpoint_of_a_server() {
    let with = |document: &Value| {
        let behind = Scripted::start(Script::json(document));
        let setup = Setup::new()
            .with("FRONTDESK_ISSUER", scripted::ISSUER)
            .with("FRONTDESK_UPSTREAM_DOCUMENT", &behind.url())
            .with("FRONTDESK_AUTHORIZATION_HOP", "true");
        (behind, setup)
    };
    let described = document();
    let (_behind, provider) = with(&described);
    let server = provider.start();
    let endpoint = format!("{}/authorize", scripted::ISSUER);
    let path = url::Url::parse(&endpoint).unwrap().path().to_owned();
    let configuration = path.replace("/authorize", "/.well-known/openid-configuration");
    let found = server.get(&configuration).json();
    assert_eq!(found["authorization_endpoint"], endpoint);
    let target = described["authorization_endpoint"].as_str().unwrap();
    let answer = server.get(&format!("{path}?client_id=x&a=+%20"));
    assert_eq!(answer.status(), 302);
    let location = format!("{target}?client_id=x&a=+%20");
    assert_eq!(answer.header("location"), Some(&*location));
    let mut looped = document();
    looped["authorization_endpoint"] = endpoint.into();
    let (_behind, setup) = with(&looped);
    let Err((_, said)) = setup.try_start() else {
        panic!("it started");
    };
    assert!(
        said.contains("authorization_endpoint leads to the authorization hop itself"),
        "{said}"
    );
}
