//! RFC 7591 §5: what a client shows of itself belongs to where it takes people.

#![expect(clippy::expect_used, reason = "a test says what it expects")]

use protocol::ClientMetadata;
use serde_json::{Value, json};

fn is_consistent(pages: &Value) -> bool {
    let mut members = json!({
        "redirect_uris": ["https://rp.example:8443/callback", "http://127.0.0.1/callback", "com.example.app:/callback", "https://[2001:db8::1]/"],
    });
    let members = members.as_object_mut().expect("an object");
    members.extend(pages.as_object().expect("an object").clone());
    ClientMetadata::parse(members.clone())
        .expect("metadata")
        .is_consistent()
}

#[test]
fn pages_at_the_site_of_a_redirect_uri_are_consistent() {
    for pages in [
        json!({}),
        json!({ "client_uri": "https://rp.example" }),
        json!({ "client_uri": "HTTPS://RP.example:9/a?b", "logo_uri": "https://rp.example/logo.png" }),
        json!({ "tos_uri": "http://127.0.0.1:3000/terms" }),
        json!({ "tos_uri": "https://[2001:DB8::1]:444/terms" }),
        // Only what a consent page would show is looked at.
        json!({ "jwks_uri": "https://keys.example/jwks", "contacts": ["alice@other.example"] }),
    ] {
        assert!(is_consistent(&pages), "{pages}");
    }
}

#[test]
fn one_page_on_another_host_is_inconsistent() {
    for pages in [
        json!({ "client_uri": "https://bank.example/" }),
        json!({ "client_uri": "https://rp.example/", "logo_uri": "https://bank.example/logo.png" }),
        json!({ "policy_uri": "https://rp.example/", "policy_uri#ja": "https://bank.example/ja" }),
        json!({ "tos_uri": "http://rp.example/terms" }),
        json!({ "tos_uri": "https://rp.example.evil.example/" }),
        json!({ "tos_uri": "https://example/?https://rp.example/" }),
        json!({ "logo_uri": "https://www.rp.example/" }),
        json!({ "client_uri": "https://com.example.app/" }),
    ] {
        assert!(!is_consistent(&pages), "{pages}");
    }
    let nowhere = json!({ "client_uri": "https://rp.example/" });
    let nowhere =
        ClientMetadata::parse(nowhere.as_object().expect("an object").clone()).expect("metadata");
    assert!(
        !nowhere.is_consistent(),
        "nothing vouches for the page of a client without redirect URIs"
    );
}
