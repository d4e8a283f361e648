//! What a provider says of its registration endpoint, which is a protected resource. RFC 9728.

use std::time::Duration;

use oauth_http::StaticDocument;
use protocol::{Issuer, ProviderMetadata};
use serde_json::{Value, json};

/// The well-known name of a protected resource's metadata. RFC 9728 §3.
const OAUTH_PROTECTED_RESOURCE: &str = "oauth-protected-resource";

/// What is said of the registration endpoint, with the path where it is said: the well-known segment between the endpoint's
/// host and path (RFC 9728 §3.1). Nothing where nobody can register.
pub fn protected_resource(issuer: &Issuer, provider: &ProviderMetadata) -> Option<(String, Value)> {
    let resource = provider.registration_endpoint.as_ref()?.as_str();
    let path = resource.strip_prefix(issuer.origin())?;
    let document = json!({
        "resource": resource,
        "authorization_servers": [issuer.as_str()],
        "bearer_methods_supported": ["header"],
        "resource_name": "Client registration",
    });
    Some((
        format!("/.well-known/{OAUTH_PROTECTED_RESOURCE}{path}"),
        document,
    ))
}

/// The same, frozen.
pub(crate) fn freeze(
    issuer: &Issuer,
    provider: &ProviderMetadata,
    max_age: Duration,
) -> Option<(String, StaticDocument)> {
    protected_resource(issuer, provider).map(|(path, document)| {
        (
            path,
            StaticDocument::from_json(document.to_string(), max_age),
        )
    })
}
