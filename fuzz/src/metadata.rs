//! Client metadata, from the body of a request to what is agreed and stored.

use std::collections::HashSet;
use std::sync::LazyLock;

use admission::client_keys;
use protocol::json::{JsonLimits, has_nul, read_object};
use protocol::{
    AdmissionRules, ClientMetadata, InvalidMember, Issuer, LegacyRedirects, Object,
    ProviderMetadata, RegisteredMetadata,
};
use serde_json::{Value, json};

/// The default offer, and one with a list for everything.
static PROVIDERS: LazyLock<[ProviderMetadata; 2]> = LazyLock::new(|| {
    let everything: Object = ClientMetadata::ROWS
        .iter()
        .filter_map(|row| row.offered)
        .filter(|list| {
            ![
                "grant_types_supported",
                "response_types_supported",
                "scopes_supported",
            ]
            .contains(list)
        })
        .filter(|list| !list.starts_with("token_endpoint_"))
        .map(|list| {
            (
                list.to_owned(),
                json!([
                    "value",
                    "RS256",
                    "ES256",
                    "none",
                    "RSA-OAEP",
                    "dir",
                    "A256GCM",
                    "A128CBC-HS256",
                    "pairwise"
                ]),
            )
        })
        .chain([
            (
                "end_session_endpoint".to_owned(),
                json!("https://op.example/end"),
            ),
            ("request_uri_parameter_supported".to_owned(), json!(true)),
            ("frontchannel_logout_supported".to_owned(), json!(true)),
            ("backchannel_logout_supported".to_owned(), json!(true)),
        ])
        .collect();
    [Object::new(), everything].map(|members| {
        let issuer = Issuer::parse("https://op.example").expect("an issuer");
        ProviderMetadata::default_offer(issuer)
            .configure(members)
            .expect("provider metadata")
    })
});

/// Members whose values are kept as they are sent.
const KEPT: [&str; 4] = [
    "redirect_uris",
    "claims_redirect_uris",
    "post_logout_redirect_uris",
    "request_uris",
];

/// Agreed metadata has every URI byte for byte, survives the store, and is agreed to again unchanged. A refusal names a member.
pub fn holds(bytes: &[u8]) {
    let Ok(asked) = read_object(bytes, &JsonLimits::default()) else {
        return;
    };
    for legacy in [LegacyRedirects::Refused, LegacyRedirects::Accepted] {
        let terms = AdmissionRules {
            native_schemes: &[],
            any_scope: false,
            legacy,
        };
        for provider in PROVIDERS.iter() {
            match agree(provider, &terms, &asked) {
                Ok(agreed) => keeps(provider, &terms, &asked, &agreed),
                Err(invalid) => is_named(&invalid),
            }
        }
    }
}

fn agree(
    provider: &ProviderMetadata,
    terms: &AdmissionRules<'_>,
    asked: &Object,
) -> Result<RegisteredMetadata, InvalidMember> {
    provider.admit(ClientMetadata::parse(asked.clone())?, terms)
}

fn keeps(
    provider: &ProviderMetadata,
    terms: &AdmissionRules<'_>,
    asked: &Object,
    agreed: &RegisteredMetadata,
) {
    let text = agreed.json();
    let object: Object = serde_json::from_str(text).expect("what is agreed is a JSON object");
    for uris in KEPT {
        let once = asked.get(uris).and_then(Value::as_array).map(|uris| {
            let mut seen = HashSet::new();
            uris.iter()
                .filter(|uri| seen.insert(*uri))
                .cloned()
                .collect::<Value>()
        });
        // A member that no feature of the provider uses is dropped.
        let is_used = ClientMetadata::ROWS
            .iter()
            .find(|row| row.name == uris)
            .is_some_and(|row| {
                let serves = |member: &&str| {
                    provider
                        .value(member)
                        .is_some_and(|value| value != json!(false))
                };
                row.served.is_empty() || row.served.iter().any(serves)
            });
        assert_eq!(
            object.get(uris),
            once.filter(|_| is_used).as_ref(),
            "{uris}"
        );
    }
    assert!(!has_nul(text), "PostgreSQL reads it as JSON: {text}");
    assert!(
        !object.values().any(|value| value.is_null() || value == ""),
        "what was not set is left out: {text}"
    );
    let again = agree(provider, terms, &object).map(|again| again.json().to_owned());
    assert_eq!(
        again.as_deref(),
        Ok(text),
        "what was agreed is agreed again"
    );
    let stored =
        RegisteredMetadata::from_stored(text.to_owned()).expect("what is stored is read back");
    assert_eq!(stored.members().object(), object, "{text}");
    let _ = client_keys::check(agreed.members(), provider).map_err(|invalid| is_named(&invalid));
}

/// A refusal repeats no more than a name the tables know.
fn is_named(invalid: &InvalidMember) {
    let known = ClientMetadata::ROWS
        .iter()
        .any(|row| invalid.member.split('#').next() == Some(row.name));
    assert!(
        known
            && invalid
                .to_string()
                .bytes()
                .all(|byte| byte != b'"' && byte != b'\\'),
        "{invalid}"
    );
}
