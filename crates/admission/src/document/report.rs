//! The report about a document that was agreed to, for its author: the members that were left out, and advice.

use std::borrow::Cow;

use protocol::client_id_url::ClientIdUrl;
use protocol::{Agreement, ClientInformation, ClientMetadata, Object};

use super::redirects::DocumentRules;

/// A member, or some of its values, that is not in the agreed metadata.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// The member's name, as the document has it.
    pub member: String,
    /// The values that were left out; empty for a whole member.
    pub values: Vec<String>,
    /// The rest of a sentence that begins with the member.
    pub reason: &'static str,
}

/// The reason for which each rule of the policy leaves something out.
const REASONS: [(&str, &str); 8] = [
    ("not_offered", "has values that the provider does not offer"),
    ("no_list", "is not offered by the provider"),
    ("needs", "requires a member that was not agreed"),
    (
        "not_served",
        "is about a feature that the provider does not have",
    ),
    ("empty", "has no element"),
    (
        "no_jwt",
        "counts only for a client that authenticates with a JWT",
    ),
    (
        "flow",
        "has values that do not fit the agreed grants and response types",
    ),
    ("chosen", "was replaced by another choice of the client"),
];

/// Returns the members and values of a document that are not in the agreed metadata.
pub(super) fn left_out(
    document: &Object,
    asked: &ClientMetadata,
    agreed: &Agreement,
) -> Vec<LeftOut> {
    let unused = document.keys().filter_map(|name| unused(name));
    let members = agreed.metadata.members();
    let changed = asked.present().filter_map(|(row, held)| {
        let is_merged = row.is_choices() && !members.has(row.name);
        if is_merged || asked.value(row.name) == members.value(row.name) {
            return None;
        }
        let kept = members.values(row.name).unwrap_or_default();
        let mut values: Vec<String> = held.values().into_iter().map(Cow::into_owned).collect();
        values.retain(|value| !kept.contains(&Cow::Borrowed(value.as_str())));
        if !members.has(row.name) && row.list {
            values.clear();
        }
        let mut rules = agreed.changes.iter().rev();
        let rule = rules.find(|change| change.member == row.name)?.rule;
        let (_, reason) = REASONS.iter().find(|(name, _)| *name == rule)?;
        Some(LeftOut {
            member: row.name.to_owned(),
            values,
            reason,
        })
    });
    unused.chain(changed).collect()
}

/// Returns an entry for a name that is not client metadata.
fn unused(name: &str) -> Option<LeftOut> {
    let (base, tag) = match name.split_once('#') {
        Some((base, tag)) => (base, Some(tag)),
        None => (name, None),
    };
    let is_row = ClientMetadata::ROWS
        .iter()
        .any(|row| row.name == base && (tag.is_none() || row.localized));
    let is_issued = ClientInformation::ROWS.iter().any(|row| row.name == name);
    let reason = match name {
        "client_id" | "client_secret" | "client_secret_expires_at" => return None,
        _ if is_row => return None,
        _ if is_issued => "is issued by a provider and ignored in a document",
        _ => "is not a member of client metadata",
    };
    Some(LeftOut {
        member: name.to_owned(),
        values: Vec::new(),
        reason,
    })
}

/// Returns advice about members that were accepted.
pub(super) fn warnings(
    asked: &ClientMetadata,
    agreed: &ClientMetadata,
    rules: &DocumentRules<'_>,
    id: &ClientIdUrl,
) -> Vec<String> {
    let has_name = asked.client_name.is_some();
    let names_method = asked.token_endpoint_auth_method.is_some()
        || asked.token_endpoint_auth_methods_supported.is_some();
    let has_localhost =
        redirect_hosts(agreed).any(|host| host == "localhost" || host.ends_with(".localhost"));
    let is_elsewhere = redirect_hosts(agreed).any(|host| host != id.host() && !is_loopback(&host));
    [
        (
            !has_name,
            "client_name is missing: users see the host alone, and the Model Context Protocol requires it",
        ),
        (
            asked.redirect_uris.is_none(),
            "redirect_uris is missing: the client cannot log users in",
        ),
        (
            !names_method,
            "token_endpoint_auth_method is missing and counts as none",
        ),
        (
            asked.application_type.is_none() && agreed.application_type.as_ref().is_some_and(|kind| kind.as_str() == "native"),
            "application_type is missing and counts as native because of the redirect URIs",
        ),
        (
            has_localhost,
            "redirect_uris has localhost: some authorization servers accept any port for 127.0.0.1 and [::1] only",
        ),
        (
            !agreed.is_consistent(),
            "client_uri, logo_uri, tos_uri or policy_uri is on another host than the redirect URIs: consent pages may not show it",
        ),
        (
            agreed.jwks_uri.is_some(),
            "jwks_uri is read when the client authenticates, and was not fetched for this decision",
        ),
        (
            is_elsewhere && rules.is_own_host(),
            "redirect_uris has another host than the client_id, which this provider lists and others may refuse",
        ),
    ]
    .into_iter()
    .filter(|(applies, _)| *applies)
    .map(|(_, advice)| advice.to_owned())
    .collect()
}

fn redirect_hosts(agreed: &ClientMetadata) -> impl Iterator<Item = String> {
    agreed
        .redirect_uris
        .iter()
        .flatten()
        .filter_map(protocol::RedirectUri::host)
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.ends_with(".localhost") || matches!(host, "127.0.0.1" | "[::1]")
}
