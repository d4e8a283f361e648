//! The reference pages, rendered from the tables.

use std::fmt::Write;

use serde_json::Value;

use crate::client::{ClientInformation, ClientMetadata};
use crate::error_code::ErrorCode;
use crate::issuer::Issuer;
use crate::member::LIST_MAX;
use crate::offer::COMPUTED_MEMBERS;
use crate::provider::ProviderMetadata;
use crate::rules::{self, REDIRECT_URIS_MAX, REQUEST_URIS_MAX};
use crate::table::{Fetched, MemberRow};
use crate::uri::{REFUSED_SCHEMES, URI_MAX};
use crate::values::{NAME_MAX, TEXT_MAX};

/// Renders `docs/client-metadata.md`.
pub fn client_metadata() -> String {
    let mut page = String::from(
        "# Client metadata\n\nThe members a client may request when it registers, and the members of the response. Rendered from the table; a test compares.\n\n\
         A value is accepted if and only if the provider's document offers it. A list is narrowed to the governing list, and refused if no\n\
         value is left; `scope` is dropped then (RFC 7591 §2). A single value is refused if the governing list lacks it. A member is dropped if\n\
         the document does not have its governing list, together with the members that need it, and so is an empty list. A boolean member that\n\
         is governed and `true`, and a URI that is governed, is dropped unless the document has one of the governing members and that one is\n\
         not false. `token_endpoint_auth_signing_alg` is dropped unless the client authenticates with a JWT, and the members about the session\n\
         of a logout are dropped unless the document offers that logout. If the provider does not offer a default, the first value it\n\
         offers is the default. The default of a member that needs another applies only if the other is present. Without `subject_type`,\n\
         subjects are public if the document offers that, otherwise of the first type it offers. Repeated elements of a list are removed. The\n\
         response contains the registered values.\n\n\
         The members of OIDC RP Metadata Choices list the values that a client supports of another member, which is governed by the list of the\n\
         same name. If that member is absent or not offered, the first of them that is offered takes its place, in the client's order; one that\n\
         a rule would refuse, or that leaves tokens unsigned, is taken only if there is no other. A value that is not in the client's own list\n\
         is refused. The lists are not registered and are in no response.\n\n\
         `#` marks members that may have a language tag, for example `client_name#ja`. Unknown members are dropped. `null` means absent, and\n\
         so does `\"\"` except for an array.\n\n",
    );
    page.push_str(
        "| member | shape | default | governed by | needs | fetched | specification | meaning |\n|---|---|---|---|---|---|---|---|\n",
    );
    for row in ClientMetadata::ROWS {
        let default = row
            .default
            .map_or_else(String::new, |default| quoted(&default()));
        let _ = writeln!(
            page,
            "| {} | {} | {default} | {} | {} | {} | {} | {} |",
            name(row),
            shape(row),
            governed(row),
            linked(row.needs),
            row.fetched.map_or("", Fetched::as_str),
            row.spec,
            row.doc.trim()
        );
    }
    let _ = writeln!(
        page,
        "\n## URIs\n\n\
         URIs are checked as text first and parsed second; a URI that the parser reads differently is refused. They are ASCII, of at most\n\
         {URI_MAX} characters, without user information and, except in `request_uris`, without a fragment; hosts are IP addresses or names of\n\
         letters, digits, hyphens and underscores. `localhost` and the names below it are loopback. Accepted URIs are stored and returned\n\
         byte for byte. One invalid redirect URI refuses the request.\n\n\
         The column *fetched* shows the party that follows the URIs of a member: `now` Frontdesk itself, while the client registers; `later` an\n\
         authorization server; `picture` a consent page, which may load it on its server; `no` a browser only. URIs of `now` and `later` must\n\
         have public hosts and names, on port 443 or a high port that belongs to no other protocol; those of `picture` must have public hosts.\n\
         `outbound.allow` adds exceptions. In `jwks` this applies to the `x5u` of each key. The check comes first, so it also refuses members that\n\
         would be dropped.\n\n\
         ## Limits\n\n\
         At most {REDIRECT_URIS_MAX} `redirect_uris`, `claims_redirect_uris` and `post_logout_redirect_uris` each, {REQUEST_URIS_MAX} `request_uris`, {LIST_MAX} elements of any other array, {NAME_MAX} characters of a name, {TEXT_MAX} of any other text."
    );
    refused_schemes(&mut page);
    page.push_str("\n## Members that the provider adds\n\nIgnored when a client registers (RFC 7591 §3.2.1). In an update `client_id` is required, `client_secret` is optional, and the others must be omitted (RFC 7592 §2.2).\n\n");
    plain_table(&mut page, ClientInformation::ROWS);
    page.push_str("\n## Rules over several members\n\n| rule | specification |\n|---|---|\n");
    for rule in rules::ALL {
        let _ = writeln!(page, "| {} | {} |", rule.doc, rule.spec);
    }
    page
}

/// Renders `docs/provider-metadata.md`.
pub fn provider_metadata() -> String {
    let own: Vec<String> = COMPUTED_MEMBERS
        .iter()
        .map(|member| format!("`{member}`"))
        .collect();
    let mut page = format!(
        "# Provider metadata\n\nThe members of the discovery document, which `[provider.metadata]` configures. Rendered from the table; a test compares.\n\n\
         A configured member replaces that of the default offer; an empty array removes the member from the document. {}\n\
         are set by the server and cannot be configured. If only one of `response_types_supported` and `grant_types_supported` is\n\
         configured, the default of the other is narrowed to the values that fit it. Configured lists that contradict each other\n\
         prevent the start. An https URL may be http on loopback. `#` marks members that may have a language tag.\n\n\
         | member | shape | default offer | specification | meaning |\n|---|---|---|---|---|\n",
        own.join(", ")
    );
    let offer = Issuer::parse("https://op.example")
        .map(ProviderMetadata::default_offer)
        .unwrap_or_default();
    let offer = offer.object();
    for row in ProviderMetadata::ROWS {
        let offered = offer
            .get(row.name)
            .filter(|_| !COMPUTED_MEMBERS.contains(&row.name))
            .map_or_else(String::new, quoted);
        let _ = writeln!(
            page,
            "| {} | {} | {offered} | {} | {} |",
            name(row),
            shape(row),
            row.spec,
            row.doc.trim()
        );
    }
    page
}

/// Renders `docs/errors.md`.
pub fn errors() -> String {
    let mut page = String::from(
        "# Error codes\n\nThe `error` member of refusals, which are JSON objects with `error` and `error_description`. Rendered from the table; a test compares.\n\n\
         | code | status | specification | meaning |\n|---|---|---|---|\n",
    );
    for row in ErrorCode::ROWS {
        let _ = writeln!(
            page,
            "| `{}` | {} | {} | {} |",
            row.name,
            row.status,
            row.spec,
            row.doc.trim()
        );
    }
    page
}

/// Formats the schemes that no provider can allow.
fn refused_schemes(page: &mut String) {
    page.push_str(
        "\n## Refused schemes\n\n\
         A private-use scheme is a reversed domain name, or one that `native_schemes` of the provider allows; `native_schemes = [\"*\"]` allows\n\
         all. These schemes are refused in any case, since no application is reached by them; `*` stands for any rest.\n\n\
         | a redirection to it | schemes |\n|---|---|\n",
    );
    for row in REFUSED_SCHEMES {
        let schemes: Vec<String> = row.schemes().map(|scheme| format!("`{scheme}`")).collect();
        let _ = writeln!(page, "| {} | {} |", row.reason, schemes.join(", "));
    }
}

fn plain_table(page: &mut String, rows: &[MemberRow]) {
    page.push_str("| member | shape | specification | meaning |\n|---|---|---|---|\n");
    for row in rows {
        let _ = writeln!(
            page,
            "| {} | {} | {} | {} |",
            name(row),
            shape(row),
            row.spec,
            row.doc.trim()
        );
    }
}

/// Formats a value as code, and an array as its elements.
fn quoted(value: &Value) -> String {
    match value {
        Value::Array(elements) => elements.iter().map(quoted).collect::<Vec<_>>().join(", "),
        Value::String(text) => format!("`{text}`"),
        other => format!("`{other}`"),
    }
}

fn name(row: &MemberRow) -> String {
    format!("`{}`{}", row.name, if row.localized { " #" } else { "" })
}

fn shape(row: &MemberRow) -> String {
    if row.list {
        format!("array of {}s", row.shape)
    } else {
        row.shape.to_owned()
    }
}

/// Formats the list that governs a member, or the members of which one must serve its demand.
fn governed(row: &MemberRow) -> String {
    let members: Vec<String> = row
        .offered
        .iter()
        .chain(row.served)
        .map(|member| format!("`{member}`"))
        .collect();
    members.join(" or ")
}

fn linked(member: Option<&str>) -> String {
    member.map_or_else(String::new, |member| format!("`{member}`"))
}
