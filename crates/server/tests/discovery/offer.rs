//! The content of the document: its defaults, and the members an operator sets.

use serde_json::{Value, json};

use crate::support::{Setup, TestServer};
use crate::{CONFIGURATION, provider};

fn default_document(issuer: &str) -> Value {
    json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/oauth2/authorize"),
        "token_endpoint": format!("{issuer}/oauth2/token"),
        "userinfo_endpoint": format!("{issuer}/oauth2/userinfo"),
        "jwks_uri": format!("{issuer}/jwks"),
        "registration_endpoint": format!("{issuer}/register"),
        "scopes_supported": ["openid", "profile", "email", "address", "phone", "offline_access"],
        "response_types_supported": ["code", "id_token", "id_token token", "token"],
        "response_modes_supported": ["query", "fragment", "form_post"],
        "grant_types_supported": ["authorization_code", "implicit", "refresh_token", "client_credentials", "password"],
        "subject_types_supported": ["public", "pairwise"],
        "id_token_signing_alg_values_supported": ["RS256", "ES256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"],
        "token_endpoint_auth_signing_alg_values_supported": ["RS256", "PS256", "ES256", "EdDSA"],
        "claims_supported": [
            "iss", "sub", "aud", "exp", "iat", "acr", "auth_time", "name", "given_name", "family_name", "middle_name", "nickname",
            "preferred_username", "profile", "picture", "website", "email", "email_verified", "gender", "birthdate", "zoneinfo", "locale",
            "phone_number", "phone_number_verified", "address", "updated_at",
        ],
        "claims_parameter_supported": false,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
        "code_challenge_methods_supported": ["S256"],
    })
}

/// The document without its signed form, which must be there.
fn unsigned(server: &TestServer) -> Value {
    let mut document = server.get(CONFIGURATION).json();
    assert!(
        document
            .as_object_mut()
            .unwrap()
            .shift_remove("signed_metadata")
            .is_some_and(|token| token.is_string())
    );
    document
}

/// OIDC Discovery §3, RFC 8414 §2: the default document has every member that a client needs, and
/// only true statements.
#[test]
fn default_document_is_as_expected() {
    let server = TestServer::start();
    assert_eq!(unsigned(&server), default_document(&server.issuer()));
}

/// Members in the specifications' own names take the place of the defaults or come beside them. A list without elements is
/// left out (RFC 8414 §3.2).
#[test]
fn configured_members_replace_and_extend_the_defaults() {
    let metadata = r#"
        userinfo_endpoint = "https://as.example/userinfo"
        scopes_supported = ["openid", "shop:read"]
        grant_types_supported = ["authorization_code", "urn:ietf:params:oauth:grant-type:device_code"]
        response_types_supported = ["code"]
        subject_types_supported = ["public"]
        acr_values_supported = []
        claims_parameter_supported = true
        revocation_endpoint = "https://as.example/revoke"
        op_tos_uri = "https://as.example/terms"
        ui_locales_supported = ["en-GB", "de"]
        organization_name = "Example"
        "organization_name#ja" = "例"
        [provider.metadata.mtls_endpoint_aliases]
        token_endpoint = "https://mtls.as.example/token"
    "#;
    let server = Setup::new()
        .file(&provider("https://login.example.com", "", metadata))
        .start();
    let mut expected = default_document("https://login.example.com");
    for (member, value) in [
        (
            "authorization_endpoint",
            json!("https://as.example/authorize"),
        ),
        ("token_endpoint", json!("https://as.example/token")),
        ("userinfo_endpoint", json!("https://as.example/userinfo")),
        ("scopes_supported", json!(["openid", "shop:read"])),
        (
            "grant_types_supported",
            json!([
                "authorization_code",
                "urn:ietf:params:oauth:grant-type:device_code"
            ]),
        ),
        ("response_types_supported", json!(["code"])),
        ("subject_types_supported", json!(["public"])),
        ("claims_parameter_supported", json!(true)),
        ("revocation_endpoint", json!("https://as.example/revoke")),
        ("op_tos_uri", json!("https://as.example/terms")),
        ("ui_locales_supported", json!(["en-GB", "de"])),
        ("organization_name", json!("Example")),
        ("organization_name#ja", json!("例")),
        (
            "mtls_endpoint_aliases",
            json!({ "token_endpoint": "https://mtls.as.example/token" }),
        ),
    ] {
        expected[member] = value;
    }
    assert_eq!(unsigned(&server), expected);
}

/// RFC 7591 §3.2.1: registration agrees to exactly the values that the document offers.
#[test]
fn registration_agrees_to_the_document() {
    let metadata = "scopes_supported = [\"openid\", \"shop:read\"]\ngrant_types_supported = [\"authorization_code\"]\n";
    let server = Setup::new()
        .file(&provider("https://login.example.com", "", metadata))
        .start();
    let uris = json!(["https://rp.example/cb"]);
    let client = server
        .register(&json!({ "redirect_uris": uris, "scope": "openid shop:read email" }))
        .created();
    assert_eq!(client["scope"], "openid shop:read");
    let client = server
        .register(&json!({ "redirect_uris": uris, "scope": "email" }))
        .created();
    assert_eq!(client.get("scope"), None);
    server
        .register(&json!({ "grant_types": ["password"] }))
        .refused(400, "invalid_client_metadata");
    assert_eq!(server.clients().len(), 2);
}

/// RFC 7591 §2.1: the default offer follows what is configured.
#[test]
fn unusable_response_types_are_dropped() {
    let metadata = "grant_types_supported = [\"authorization_code\", \"password\"]\n";
    let server = Setup::new()
        .file(&provider("https://login.example.com", "", metadata))
        .start();
    assert_eq!(
        server.get(CONFIGURATION).json()["response_types_supported"],
        json!(["code"])
    );
}

/// OIDC Core §8: where subjects are pairwise only, every client's are, and have one sector.
#[test]
fn pairwise_client_has_one_sector() {
    let server = Setup::new()
        .file(&provider(
            "https://login.example.com",
            "",
            "subject_types_supported = [\"pairwise\"]\n",
        ))
        .start();
    let client = server
        .register(&json!({ "redirect_uris": ["https://rp.example/a", "https://rp.example/b"] }))
        .created();
    assert_eq!(client["subject_type"], "pairwise");
    let refused = server
        .register(&json!({ "redirect_uris": ["https://a.example/cb", "https://b.example/cb"] }));
    let sentence = refused.refused(400, "invalid_client_metadata");
    assert!(
        sentence.contains("subject_type requires sector_identifier_uri"),
        "{sentence}"
    );
    assert_eq!(server.clients().len(), 1);
}

/// OIDC Discovery §3: an endpoint that is closed is not there.
#[test]
fn a_closed_provider_names_no_registration_endpoint() {
    let server = Setup::new()
        .file(&provider(
            "https://login.example.com",
            "registration = \"closed\"",
            "",
        ))
        .start();
    let document = server.get(CONFIGURATION).json();
    assert_eq!(document.get("registration_endpoint"), None);
    assert_eq!(document["jwks_uri"], "https://login.example.com/jwks");
    server
        .register(&json!({ "redirect_uris": ["https://rp.example/cb"] }))
        .refused(403, "access_denied");
}

/// OIDC Discovery §3: when another server signs, the document names its keys; ours are served all the same.
#[test]
fn configured_jwks_uri_wins() {
    let metadata = "jwks_uri = \"https://as.example/keys\"\n";
    let server = Setup::new()
        .file(&provider("https://login.example.com", "", metadata))
        .start();
    let document = server.get(CONFIGURATION).json();
    assert_eq!(
        (&document["jwks_uri"], document.get("signed_metadata")),
        (&json!("https://as.example/keys"), None)
    );
    for path in ["/jwks", "/oauth2/jwks"] {
        assert_eq!(
            server.get(path).json()["keys"].as_array().map(Vec::len),
            Some(2),
            "{path}"
        );
    }
}

/// RFC 9110 §15.6.2: until an authorization server is configured, its addresses say which setting names it.
#[test]
fn a_placeholder_names_the_setting_that_is_missing() {
    let server = TestServer::start();
    for (path, member) in [
        ("authorize", "authorization_endpoint"),
        ("token", "token_endpoint"),
        ("userinfo", "userinfo_endpoint"),
    ] {
        let address = format!("/oauth2/{path}");
        assert_eq!(
            server.get(CONFIGURATION).json()[member],
            format!("{}{address}", server.issuer())
        );
        let setting = format!(
            "provider.metadata.{member} (FRONTDESK_{})",
            member.to_uppercase()
        );
        for method in ["GET", "POST"] {
            assert_eq!(
                server
                    .request(method, &format!("{address}?response_type=code"))
                    .send()
                    .expect(501),
                json!({
                    "error": "not_implemented",
                    "error_description": format!("This endpoint is a placeholder; set {setting} to the real endpoint."),
                })
            );
        }
        assert!(
            server
                .log()
                .contains(&format!("{}{address}", server.issuer()))
                && server.log().contains(&setting),
            "{}",
            server.log()
        );

        let real = Setup::new()
            .with(
                &format!("FRONTDESK_{}", member.to_uppercase()),
                "https://as.example/real",
            )
            .start();
        assert_eq!(
            real.get(CONFIGURATION).json()[member],
            "https://as.example/real"
        );
        real.get(&address).refused(404, "not_found");
    }
}
