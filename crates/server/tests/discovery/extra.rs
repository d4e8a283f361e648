//! A document that tells the truth about the server behind it: members that the table does not know, and values that OpenID Connect
//! would rather have otherwise. RFC 8414 §2.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::Setup;
use crate::{CONFIGURATION, provider};

const ISSUER: &str = "https://login.example.com";

const EXTRA: &str = r#"
[provider.extra_metadata]
mfa_challenge_endpoint = "https://as.example/mfa"
vendor_flags = ["one", "two"]
vendor_numbers = [1, 2.5, -3]
vendor_enabled = false
vendor_since = 2026-01-01
"vendor_name#de" = "Beispiel"
vendor_limits = { per_minute = 60, hosts = [{ name = "a.example" }, { name = "b.example" }], none = [] }
"#;

fn written() -> Value {
    json!({
        "mfa_challenge_endpoint": "https://as.example/mfa",
        "vendor_flags": ["one", "two"],
        "vendor_numbers": [1, 2.5, -3],
        "vendor_enabled": false,
        "vendor_since": "2026-01-01",
        "vendor_name#de": "Beispiel",
        "vendor_limits": { "per_minute": 60, "hosts": [{ "name": "a.example" }, { "name": "b.example" }], "none": [] },
    })
}

fn claims(document: &Value) -> Value {
    let token = document["signed_metadata"].as_str().unwrap();
    let part = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// RFC 8414 §2, §2.1: other members are served as they are written, at every address and in the signed form.
#[test]
fn other_members_are_served_as_written() {
    let server = Setup::new().file(&provider(ISSUER, "", EXTRA)).start();
    let without = Setup::new().file(&provider(ISSUER, "", "")).start();
    for path in [
        CONFIGURATION,
        "/.well-known/oauth-authorization-server",
        "/oauth2/oidcdiscovery/.well-known/openid-configuration",
    ] {
        let mut document = server.get(path).json();
        let signed = claims(&document);
        for (member, value) in written().as_object().unwrap() {
            assert_eq!((&document[member], &signed[member]), (value, value));
            document.as_object_mut().unwrap().shift_remove(member);
        }
        let members = document.as_object_mut().unwrap();
        members.shift_remove("signed_metadata");
        let mut plain = without.get(path).json();
        plain
            .as_object_mut()
            .unwrap()
            .shift_remove("signed_metadata");
        assert_eq!(document, plain);
    }
}

/// Asserts that a start and a check refuse the configuration with that sentence, and that nothing is made.
#[track_caller]
fn refuse(lines: &str, rest: &str) {
    let folder = TempDir::new().unwrap();
    let setup = Setup::new()
        .file(&provider(ISSUER, "", lines))
        .with("FRONTDESK_LISTEN", "127.0.0.1:0");
    let sentence = setup.refused(folder.path(), &["serve"]);
    assert!(sentence.ends_with(rest), "{lines}: {sentence}");
    let output = setup.command(folder.path(), &["check"]).output().unwrap();
    assert!(!output.status.success(), "{lines}");
    assert!(!folder.path().join("frontdesk-data").exists(), "{lines}");
}

/// RFC 8414 §2: a member that has its own row, or that the service computes, is refused among the others by name, and so is what
/// a document cannot have.
#[test]
fn known_members_are_refused_among_others() {
    let known = "is a known member, which belongs under provider.metadata";
    let own = "is set by the server and cannot be configured";
    for (line, rest) in [
        (
            "scopes_supported = [\"openid\"]",
            format!("scopes_supported {known}"),
        ),
        (
            "end_session_endpoint = \"https://as.example/end\"",
            format!("end_session_endpoint {known}"),
        ),
        (
            "jwks_uri = \"https://as.example/jwks\"",
            format!("jwks_uri {known}"),
        ),
        (
            "\"organization_name#de\" = \"Beispiel\"",
            format!("organization_name#de {known}"),
        ),
        (
            "client_id_metadata_document_supported = true",
            format!("client_id_metadata_document_supported {known}"),
        ),
        (
            "issuer = \"https://other.example\"",
            format!("issuer {own}"),
        ),
        (
            "registration_endpoint = \"https://as.example/register\"",
            format!("registration_endpoint {own}"),
        ),
        (
            "signed_metadata = \"e30.e30.\"",
            format!("signed_metadata {own}"),
        ),
        (
            "vendor_flags = []",
            "vendor_flags must have at least one element".to_owned(),
        ),
        (
            "vendor_numbers = [inf]",
            "vendor_numbers has an infinite number, which JSON does not have".to_owned(),
        ),
    ] {
        refuse(
            &format!("[provider.extra_metadata]\n{line}"),
            &format!("provider.extra_metadata.{rest}"),
        );
    }
    refuse(
        "mfa_challenge_endpoint = \"https://as.example/mfa\"",
        "provider.metadata.mfa_challenge_endpoint is not a member of provider metadata",
    );
}

/// MSC4191, draft-ietf-oauth-client-id-metadata-document: the members about account management and client documents have their form.
#[test]
fn members_about_accounts_have_their_form() {
    let lines = r#"
client_id_metadata_document_supported = true
account_management_uri = "https://as.example/account"
account_management_actions_supported = ["org.matrix.profile", "org.matrix.device_delete"]
"#;
    let server = Setup::new().file(&provider(ISSUER, "", lines)).start();
    let document = server.get(CONFIGURATION).json();
    assert_eq!(document["client_id_metadata_document_supported"], true);
    assert_eq!(
        document["account_management_uri"],
        "https://as.example/account"
    );
    assert_eq!(
        document["account_management_actions_supported"],
        json!(["org.matrix.profile", "org.matrix.device_delete"])
    );
    for (line, rest) in [
        (
            "client_id_metadata_document_supported = \"yes\"",
            "client_id_metadata_document_supported must be true or false",
        ),
        (
            "account_management_uri = \"/account\"",
            "account_management_uri must be an https or http URL",
        ),
        (
            "account_management_actions_supported = \"org.matrix.profile\"",
            "account_management_actions_supported must be an array",
        ),
    ] {
        refuse(line, &format!("provider.metadata.{rest}"));
    }
}

/// OIDC Discovery §3: a server behind that offers neither `openid` nor RS256 is described as it is. The check command notes it, and a
/// client's default algorithm is one that is offered.
#[test]
fn unusual_values_are_noted() {
    let folder = TempDir::new().unwrap();
    let lines = "scopes_supported = [\"mcp\"]\nid_token_signing_alg_values_supported = [\"ES256\"]\n\
                 userinfo_endpoint = \"https://as.example/userinfo\"";
    let setup = Setup::new()
        .file(&provider(ISSUER, "registration = \"open\"", lines))
        .with("FRONTDESK_LISTEN", "127.0.0.1:0");
    let output = setup.command(folder.path(), &["check"]).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{printed}");
    for note in [
        "id_token_signing_alg_values_supported should offer RS256, which OpenID Connect demands",
        "scopes_supported should offer openid, which OpenID Connect demands",
    ] {
        assert!(printed.contains(&format!("  note: {note}\n")), "{printed}");
    }
    let server = setup.start();
    let document = server.get(CONFIGURATION).json();
    assert_eq!(document["scopes_supported"], json!(["mcp"]));
    assert_eq!(
        document["id_token_signing_alg_values_supported"],
        json!(["ES256"])
    );
    let client = server
        .request("POST", "/register")
        .json(&json!({ "redirect_uris": ["https://rp.example/cb"], "scope": "mcp openid" }))
        .send()
        .created();
    assert_eq!(
        (&client["id_token_signed_response_alg"], &client["scope"]),
        (&json!("ES256"), &json!("mcp"))
    );
}
