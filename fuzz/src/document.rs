//! Client ID metadata documents, from their bytes to the verdict.

use std::sync::LazyLock;

use admission::{DocumentRedirects, DocumentRules, JudgedDocument, Policy, judge_document};
use outbound::{FetchSettings, Fetcher};
use protocol::json::{JsonLimits, read_object};
use protocol::jwks::PRIVATE_MEMBERS;
use protocol::values::takes_a_secret;
use protocol::{
    ClientIdUrl, ClientMetadata, Issuer, Object, ProviderMetadata, RegisteredMetadata, Timestamp,
};
use serde_json::{Value, json};

const ID: &str = "https://rp.example/client.json";

/// 2027-01-15T08:00:00Z.
const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

struct Reader {
    policies: [Policy; 2],
    fetcher: Fetcher,
    id: ClientIdUrl,
}

/// The default offer, and one with every method and with algorithms of both kinds.
static READER: LazyLock<Reader> = LazyLock::new(|| {
    let algorithms = json!(["HS256", "RS256", "ES256", "EdDSA"]);
    let management = json!(["dir", "A128KW", "RSA-OAEP", "ECDH-ES"]);
    let everything = json!({
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_jwt", "private_key_jwt", "tls_client_auth", "none"],
        "token_endpoint_auth_signing_alg_values_supported": algorithms,
        "id_token_signing_alg_values_supported": algorithms,
        "userinfo_signing_alg_values_supported": algorithms,
        "request_object_signing_alg_values_supported": algorithms,
        "id_token_encryption_alg_values_supported": management,
        "end_session_endpoint": "https://op.example/end",
        "request_uri_parameter_supported": true,
        "frontchannel_logout_supported": true,
        "backchannel_logout_supported": true,
    });
    Reader {
        policies: [json!({}), everything].map(|members| policy(&members)),
        fetcher: Fetcher::new(FetchSettings::default()).expect("a fetcher"),
        id: ClientIdUrl::parse(ID).expect("an identifier"),
    }
});

fn policy(members: &Value) -> Policy {
    let issuer = Issuer::parse("https://op.example").expect("an issuer");
    let members = members.as_object().expect("an object").clone();
    Policy {
        provider: ProviderMetadata::default_offer(issuer.clone())
            .configure(members)
            .expect("provider metadata"),
        any_scope: false,
        issuer,
        native_schemes: Vec::new(),
        open_terms: None,
        trusted: Vec::new(),
    }
}

/// Agreed metadata has no shared secret and no private key, sends users and codes to the document's host and to loopback alone, survives
/// the store, and is agreed to again unchanged. A refusal names a member, or says that the text is not a JSON object.
///
/// The bytes are a document; an object is judged with the right `client_id` as well.
pub fn holds(bytes: &[u8]) {
    judge(bytes);
    if let Ok(mut members) = read_object(bytes, &JsonLimits::default()) {
        members.insert("client_id".to_owned(), json!(ID));
        judge(Value::Object(members).to_string().as_bytes());
    }
}

fn judge(body: &[u8]) {
    for policy in &READER.policies {
        match verdict(policy, body) {
            Ok(judged) => is_harmless(policy, &judged),
            Err((member, message)) => {
                let named = member.is_some_and(|member| message.starts_with(&member));
                assert!(named || message.starts_with("The document "), "{message}");
            }
        }
    }
}

fn verdict(policy: &Policy, body: &[u8]) -> Result<JudgedDocument, (Option<String>, String)> {
    let Reader { fetcher, id, .. } = &*READER;
    let rules = DocumentRules {
        redirects: DocumentRedirects::OwnHost,
        hosts: &[],
    };
    judge_document(
        policy,
        fetcher,
        &rules,
        id,
        body,
        &JsonLimits::default(),
        NOW,
    )
    .map_err(|rejected| (rejected.member().map(str::to_owned), rejected.message()))
}

fn is_harmless(policy: &Policy, judged: &JudgedDocument) {
    let json = judged.metadata.json();
    let members = judged.metadata.members();
    let methods = [
        "token_endpoint_auth_method",
        "token_endpoint_auth_methods_supported",
    ];
    let named = methods
        .map(|member| members.values(member).unwrap_or_default())
        .concat();
    assert!(
        !named.is_empty()
            && !named
                .iter()
                .any(|method| method.starts_with("client_secret_")),
        "{json}"
    );
    for (row, held) in members.present() {
        let is_algorithm = row.name.ends_with("_alg") || row.name.contains("_alg_values");
        let secret = held.values().iter().any(|value| takes_a_secret(value));
        assert!(!(is_algorithm && secret), "{} {json}", row.name);
    }
    for key in members.jwks.iter().flat_map(protocol::jwks::JwkSet::keys) {
        let is_private = PRIVATE_MEMBERS
            .iter()
            .any(|member| key.contains_key(*member));
        assert!(
            !is_private && key.get("kty").is_some_and(|kty| kty != "oct"),
            "{json}"
        );
    }
    stays_on_its_host(members);
    let stored = RegisteredMetadata::from_stored_document(json.to_owned());
    assert_eq!(stored.as_ref(), Ok(&judged.metadata));
    let mut again: Object = serde_json::from_str(json).expect("JSON");
    again.insert("client_id".to_owned(), json!(ID));
    let again = verdict(policy, Value::Object(again).to_string().as_bytes());
    assert_eq!(
        again.map(|judged| judged.metadata.into_json()),
        Ok(json.to_owned())
    );
}

/// Reads hosts in another way than the rule does: an agreed URI has its authority as it is written.
fn stays_on_its_host(members: &ClientMetadata) {
    for member in [
        "redirect_uris",
        "claims_redirect_uris",
        "post_logout_redirect_uris",
        "request_uris",
        "jwks_uri",
        "backchannel_logout_uri",
    ] {
        let value = members.value(member).unwrap_or_default();
        let several = match value {
            Value::Array(several) => several,
            Value::Null => Vec::new(),
            one => vec![one],
        };
        for uri in several.iter().filter_map(Value::as_str) {
            let lower = uri.to_ascii_lowercase();
            let (is_https, rest) = match (
                lower.strip_prefix("https://"),
                lower.strip_prefix("http://"),
            ) {
                (Some(rest), _) => (true, rest),
                (_, Some(rest)) => (false, rest),
                _ => continue,
            };
            let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
            let host = match authority.rsplit_once(':') {
                Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
                _ => authority,
            };
            let is_loopback = matches!(host, "localhost" | "127.0.0.1" | "[::1]")
                || host.ends_with(".localhost")
                || host.starts_with("127.")
                || host.ends_with("::1]")
                || host.ends_with(":1]");
            assert!(
                is_loopback || (is_https && host == "rp.example"),
                "{member} {uri}"
            );
        }
    }
}
