//! The rules for a provider's document as a whole: breaking a demand of the specifications is an error, breaking a
//! recommendation a note.

use std::collections::HashSet;

use protocol::member::SingleValue;
use protocol::offer::COMPUTED_MEMBERS;
use protocol::uri::EndpointUri;
use protocol::values::SubjectType;
use protocol::{InvalidMember, Issuer, Object, ProviderMetadata};
use serde_json::Value;

/// The required members besides the issuer. OIDC Discovery §3.
pub const REQUIRED: [&str; 6] = [
    "authorization_endpoint",
    "token_endpoint",
    "jwks_uri",
    "response_types_supported",
    "subject_types_supported",
    "id_token_signing_alg_values_supported",
];

/// Members OIDC Discovery §3 recommends.
const RECOMMENDED: [&str; 3] = ["userinfo_endpoint", "scopes_supported", "claims_supported"];

const RS256: &str = "RS256";

/// The values that OIDC Discovery §3 demands of a list. A server behind that has none of them is described as it is, since a
/// document that promised one would mislead every client.
const EXPECTED: [(&str, &str); 2] = [
    ("id_token_signing_alg_values_supported", RS256),
    ("scopes_supported", "openid"),
];

/// Refuses additional members that belong under `[provider.metadata]`, or are the service's own, and those that a document must not
/// have (RFC 8414 §3.2).
///
/// # Errors
/// Names the member.
pub(super) fn check_extra(extra: &Object) -> Result<(), InvalidMember> {
    let refuse =
        |name: &str, reason: &'static str| Err(InvalidMember::new(name.to_owned(), reason));
    for (name, value) in extra {
        if COMPUTED_MEMBERS.contains(&name.as_str()) {
            return refuse(name, "is set by the server and cannot be configured");
        }
        if ProviderMetadata::has_row(name) {
            return refuse(
                name,
                "is a known member, which belongs under provider.metadata",
            );
        }
        if value.as_array().is_some_and(Vec::is_empty) {
            return refuse(name, "must have at least one element");
        }
    }
    Ok(())
}

/// Refuses a document that breaks a demand; `configured` has the members from the configuration.
///
/// # Errors
/// Names the member that is wrong or missing.
pub(super) fn check(
    document: &ProviderMetadata,
    issuer: &Issuer,
    configured: &Object,
) -> Result<(), InvalidMember> {
    if let Some(missing) = REQUIRED.into_iter().find(|member| !document.has(member)) {
        let emptied = configured.get(missing).is_some_and(Value::is_array);
        return Err(InvalidMember::new(
            missing,
            match missing {
                _ if emptied => "must have at least one element",
                "response_types_supported" => {
                    "must be configured, since none of the default offer's fits grant_types_supported"
                }
                _ => "must be configured",
            },
        ));
    }
    endpoints(document, issuer)?;
    let lacks = |list, value| document.offers(list, value) == Some(false);
    let subjects = "subject_types_supported";
    if lacks(subjects, SubjectType::Public.as_str())
        && lacks(subjects, SubjectType::Pairwise.as_str())
    {
        return Err(InvalidMember::new(
            subjects,
            "must offer public or pairwise",
        ));
    }
    Ok(())
}

/// Endpoints are reached over TLS. OIDC Discovery §3, RFC 8414 §2, RFC 8705 §5.
fn endpoints(document: &ProviderMetadata, issuer: &Issuer) -> Result<(), InvalidMember> {
    let members = document.object();
    let plain =
        |value: &Value| !issuer.is_loopback() && value.as_str().is_some_and(|text| !is_https(text));
    for row in ProviderMetadata::ROWS
        .iter()
        .filter(|row| row.shape == EndpointUri::SHAPE)
    {
        let wrong = members.get(row.name).is_some_and(|value| {
            plain(value) || value.as_array().is_some_and(|list| list.iter().any(plain))
        });
        if wrong {
            return Err(InvalidMember::new(
                row.name,
                "must be https, because the issuer is not on loopback",
            ));
        }
    }
    let aliases = "mtls_endpoint_aliases";
    match members.get(aliases).and_then(Value::as_object) {
        Some(endpoints)
            if endpoints
                .values()
                .any(|value| plain(value) || EndpointUri::read(value.clone()).is_err()) =>
        {
            Err(InvalidMember::new(
                aliases,
                "must have https URLs for its values",
            ))
        }
        _ => Ok(()),
    }
}

fn is_https(text: &str) -> bool {
    text.split_once(':')
        .is_some_and(|(scheme, _)| scheme.eq_ignore_ascii_case("https"))
}

/// Returns a sentence, without its full stop, for each property of the document that no specification forbids but that is
/// probably a mistake.
pub(super) fn concerns(document: &ProviderMetadata) -> Vec<String> {
    let mut concerns: Vec<String> = RECOMMENDED
        .into_iter()
        .filter(|member| !document.has(member))
        .map(|member| format!("{member} is recommended, and the document does not have it"))
        .collect();
    for (list, value) in EXPECTED {
        if document.offers(list, value) == Some(false) {
            concerns.push(format!(
                "{list} should offer {value}, which OpenID Connect demands"
            ));
        }
    }
    for kind in document.values("subject_types_supported").iter().flatten() {
        if !["public", "pairwise"].contains(&&**kind) {
            concerns.push(format!(
                "subject_types_supported offers {kind}, which is neither public nor pairwise"
            ));
        }
    }
    if document.offers("request_object_signing_alg_values_supported", RS256) == Some(false) {
        concerns.push("request_object_signing_alg_values_supported should offer RS256".to_owned());
    }
    for row in ProviderMetadata::ROWS.iter().filter(|row| row.list) {
        let mut seen = HashSet::new();
        if let Some(twice) = document
            .values(row.name)
            .iter()
            .flatten()
            .find(|value| !seen.insert((*value).clone()))
        {
            concerns.push(format!("{} offers {twice} more than once", row.name));
        }
    }
    concerns
}
