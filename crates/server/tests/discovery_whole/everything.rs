//! A document with nearly everything in it, held to the rules of a client that knows every member.

use openidconnect::core::CoreProviderMetadata;
use protocol::ProviderMetadata;
use serde_json::{Value, json};

use crate::{CONFIGURATION, provider, serving};

const EVERYTHING: &str = r#"
userinfo_endpoint = "https://as.example/userinfo"
scopes_supported = ["openid", "profile", "offline_access", "shop:read"]
response_types_supported = ["code", "id_token", "token id_token", "code id_token token"]
response_modes_supported = ["query", "fragment", "form_post", "jwt"]
acr_values_supported = ["urn:mace:incommon:iap:silver"]
id_token_encryption_alg_values_supported = ["RSA-OAEP-256"]
id_token_encryption_enc_values_supported = ["A256GCM"]
userinfo_signing_alg_values_supported = ["RS256", "none"]
request_object_signing_alg_values_supported = ["none", "RS256"]
token_endpoint_auth_methods_supported = ["client_secret_basic", "private_key_jwt", "tls_client_auth"]
display_values_supported = ["page", "popup"]
claim_types_supported = ["normal"]
claims_parameter_supported = true
request_parameter_supported = true
request_uri_parameter_supported = true
require_request_uri_registration = true
service_documentation = "https://as.example/docs"
op_policy_uri = "https://as.example/policy"
op_tos_uri = "https://as.example/terms"
ui_locales_supported = ["en-GB", "de-CH", "zh-Hant-TW"]
claims_locales_supported = ["fr-CA"]
revocation_endpoint = "https://as.example/revoke"
revocation_endpoint_auth_methods_supported = ["client_secret_basic"]
introspection_endpoint = "https://as.example/introspect"
code_challenge_methods_supported = ["S256", "plain"]
device_authorization_endpoint = "https://as.example/device"
tls_client_certificate_bound_access_tokens = true
mtls_endpoint_aliases = { token_endpoint = "https://mtls.as.example/token" }
pushed_authorization_request_endpoint = "https://as.example/par"
require_pushed_authorization_requests = false
authorization_response_iss_parameter_supported = true
dpop_signing_alg_values_supported = ["ES256"]
check_session_iframe = "https://as.example/session"
end_session_endpoint = "https://as.example/end"
frontchannel_logout_supported = true
backchannel_logout_supported = true
prompt_values_supported = ["none", "login", "create"]
"#;

/// OIDC Discovery §3, RFC 8414 §2: in a document with every member configured, each member is
/// known, has its own form, and meets the rules of clients.
#[test]
fn fully_configured_document_is_valid() {
    let server = serving(&provider("https://login.example.com", "", EVERYTHING));
    let document = server.get(CONFIGURATION).json();
    for (member, value) in document.as_object().unwrap() {
        let row = ProviderMetadata::ROWS
            .iter()
            .find(|row| row.name == member)
            .expect("a known member");
        let shaped = match (row.list, row.shape) {
            (true, _) => value
                .as_array()
                .is_some_and(|list| !list.is_empty() && list.iter().all(Value::is_string)),
            (false, "boolean") => value.is_boolean(),
            (false, "object") => value.is_object(),
            (false, _) => value.is_string(),
        };
        assert!(shaped, "{member}: {value}");
        let address = member.ends_with("_endpoint")
            || member.ends_with("_uri")
            || member == "check_session_iframe";
        assert!(
            !address || value.as_str().unwrap().starts_with("https://"),
            "{member}: {value}"
        );
    }
    let has = |list: &str, value: &str| document[list].as_array().unwrap().contains(&json!(value));
    assert!(
        has("userinfo_signing_alg_values_supported", "RS256")
            && has("request_object_signing_alg_values_supported", "RS256")
    );
    assert!(has("code_challenge_methods_supported", "S256") && has("scopes_supported", "openid"));
    assert_eq!(
        document["response_types_supported"],
        json!(["code", "id_token", "id_token token", "code id_token token"])
    );
    assert_eq!(
        document["ui_locales_supported"],
        json!(["en-GB", "de-CH", "zh-Hant-TW"])
    );
    for member in [
        "request_parameter_supported",
        "request_uri_parameter_supported",
        "claims_parameter_supported",
    ] {
        assert_eq!(document[member], json!(true), "{member}");
    }
    let read: CoreProviderMetadata = serde_json::from_value(document).unwrap();
    assert_eq!(read.issuer().as_str(), "https://login.example.com");
}

/// RFC 9207 §3: the document announces the iss parameter only if it is configured, because the
/// authorization server sends it.
#[test]
fn iss_parameter_is_offered_when_set() {
    let document = |metadata: &str| {
        serving(&provider("https://login.example.com", "", metadata))
            .get(CONFIGURATION)
            .json()
    };
    let member = "authorization_response_iss_parameter_supported";
    assert_eq!(document("").get(member), None);
    for value in [true, false] {
        assert_eq!(
            document(&format!("{member} = {value}"))[member],
            json!(value)
        );
    }
}

/// RFC 8414 §2, RFC 7636 §4.2: S256 by default; an operator may offer more, or say nothing.
#[test]
fn pkce_is_offered_as_configured() {
    let document = |metadata: &str| {
        serving(&provider("https://login.example.com", "", metadata))
            .get(CONFIGURATION)
            .json()
    };
    let member = "code_challenge_methods_supported";
    assert_eq!(document("")[member], json!(["S256"]));
    assert_eq!(
        document(&format!("{member} = [\"S256\", \"plain\"]"))[member],
        json!(["S256", "plain"])
    );
    assert_eq!(document(&format!("{member} = []")).get(member), None);
}
