//! The authorization hop in a provider's document: its authorization endpoint is this service's own.

use protocol::{InvalidMember, Issuer, ProviderMetadata};
use serde_json::Value;

use crate::config::DocumentsConfig;

/// The member that the hop replaces.
const MEMBER: &str = "authorization_endpoint";

/// The member that says that clients may be identified by URLs.
pub const FLAG: &str = "client_id_metadata_document_supported";

/// Adds to a provider's document that clients may be identified by URLs, unless that is configured, and puts the address of the
/// hop in place of the server's. Returns the server's authorization endpoint.
///
/// # Errors
/// The server's authorization endpoint is absent, or the hop itself.
pub fn advertise(
    issuer: &Issuer,
    documents: &DocumentsConfig,
    is_flag_configured: bool,
    metadata: &mut ProviderMetadata,
) -> Result<Option<String>, InvalidMember> {
    let is_usable = documents.are_accepted() && offers_method(metadata);
    if !is_flag_configured && (documents.are_accepted() || documents.has_hop) {
        metadata.set(FLAG, is_usable.into())?;
    }
    if !documents.has_hop {
        return Ok(None);
    }
    let target = metadata
        .object()
        .get(MEMBER)
        .and_then(Value::as_str)
        .map(str::to_owned);
    let target = target.ok_or_else(|| InvalidMember::new(MEMBER, "must be configured"))?;
    if authorize::is_endpoint(issuer, &target) {
        return Err(InvalidMember::new(
            MEMBER,
            "leads to the authorization hop itself",
        ));
    }
    metadata.set(MEMBER, authorize::endpoint(issuer).into())?;
    Ok(Some(target))
}

/// Returns true if an authentication method without a shared secret is offered.
fn offers_method(metadata: &ProviderMetadata) -> bool {
    let methods = metadata.values("token_endpoint_auth_methods_supported");
    methods
        .iter()
        .flatten()
        .any(|method| !method.starts_with("client_secret_"))
}

/// Returns a sentence, without its full stop, for each setting of documents that is probably a mistake.
pub fn concerns(
    documents: &DocumentsConfig,
    metadata: &ProviderMetadata,
    has_lookup: bool,
    is_provisioned: bool,
) -> Vec<String> {
    let mut concerns = Vec::new();
    let is_true = |member: &str| metadata.object().get(member).and_then(Value::as_bool);
    if documents.are_accepted() {
        if metadata.offers("token_endpoint_auth_methods_supported", "none") != Some(true) {
            concerns.push("client ID metadata documents are accepted and token_endpoint_auth_methods_supported does not offer none, which most published documents need".to_owned());
        }
        if is_true(FLAG) == Some(false) && offers_method(metadata) {
            concerns.push(format!("client ID metadata documents are accepted and {FLAG} is configured as false, so clients do not try them"));
        }
        let missing = match documents.has_hop {
            _ if has_lookup => None,
            true if is_provisioned => None,
            true => Some(
                "[provider.provision], without which the authorization hop tells the server nothing",
            ),
            false => Some("provider.authorization_hop"),
        };
        concerns.extend(missing.map(|missing| format!("client ID metadata documents are accepted, and there is neither lookup_listen nor {missing}, so no authorization server can find these clients")));
    } else if !documents.hosts.is_empty() {
        concerns.push(
            "provider.document_hosts has no effect while provider.documents is closed".to_owned(),
        );
    }
    if documents.has_hop && is_true("require_pushed_authorization_requests") == Some(true) {
        concerns.push("require_pushed_authorization_requests is true, and a client with a document cannot push its authorization request before the authorization hop has seen it".to_owned());
    }
    concerns
}
