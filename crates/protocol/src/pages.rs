//! The reference pages, rendered from the tables.

use std::fmt::Write;

use serde_json::Value;

use crate::client::{ClientInformation, ClientMetadata};
use crate::error_code::ErrorCode;
use crate::issuer::Issuer;
use crate::member::LIST_MAX;
use crate::offer::OWN_MEMBERS;
use crate::provider::ProviderMetadata;
use crate::rules::{self, REDIRECT_URIS_MAX, REQUEST_URIS_MAX};
use crate::table::{Fetched, MemberRow};
use crate::uri::URI_MAX;
use crate::values::{NAME_MAX, TEXT_MAX};

/// `docs/client-metadata.md`.
pub fn client_metadata() -> String {
    let mut page = String::from(
        "# Client metadata\n\nWhat a client may ask for when it registers, and what it gets back. Rendered from the table; a test compares.\n\n\
         A value is accepted if and only if the provider's document offers it: lists are narrowed to the governing list and refused when nothing\n\
         is left, a single value that the list lacks is refused, and a member whose governing list the document does not have is dropped, with\n\
         what needs it. So is the `true` of a boolean member that is governed, unless the document has one of the governing members and it is\n\
         not false. A default the provider does not offer becomes the first value it does offer; the default of a member that needs another\n\
         applies beside that one only. Without `subject_type`, subjects are public where the document offers that, else of the first type it\n\
         offers. An element that a list has twice is kept once. The answer shows what was agreed.\n\n\
         `#` marks members that may carry a language tag, such as `client_name#ja`. Unknown members are dropped. `null` means absent, and so\n\
         does `\"\"` except for an array.\n\n",
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
         URIs are judged as text first and by a parser second; one that the two read differently is refused. They are ASCII, of at most\n\
         {URI_MAX} characters, without user information and, except in `request_uris`, without a fragment; hosts are IP addresses or names of\n\
         letters, digits and hyphens. What is accepted is kept and returned byte for byte. One bad redirect URI refuses the request.\n\n\
         The column *fetched* names the party that follows the URIs of a member: `now` Frontdesk itself, while the client registers; `later` an\n\
         authorization server; `picture` a consent page, whose server may load it; `no` a browser only. URIs of `now` and `later` lead to public\n\
         hosts and names, on port 443 or a high port that belongs to no other protocol; those of a `picture` to public hosts. `outbound.allow`\n\
         names exceptions. In `jwks` the `x5u` of each key is judged so. A refusal does not depend on whether the member would be kept.\n\n\
         ## How much\n\n\
         At most {REDIRECT_URIS_MAX} `redirect_uris`, `claims_redirect_uris` and `post_logout_redirect_uris` each, {REQUEST_URIS_MAX} `request_uris`, {LIST_MAX} elements of any other array, {NAME_MAX} characters of a name, {TEXT_MAX} of any other text."
    );
    page.push_str("\n## What the provider adds\n\nIgnored when a client registers (RFC 7591 §3.2.1); in an update `client_id` must and `client_secret` may be repeated, the others must be left out (RFC 7592 §2.2).\n\n");
    plain_table(&mut page, ClientInformation::ROWS);
    page.push_str("\n## Rules over several members\n\n| rule | specification |\n|---|---|\n");
    for rule in rules::ALL {
        let _ = writeln!(page, "| {} | {} |", rule.doc, rule.spec);
    }
    page
}

/// `docs/provider-metadata.md`.
pub fn provider_metadata() -> String {
    let own: Vec<String> = OWN_MEMBERS
        .iter()
        .map(|member| format!("`{member}`"))
        .collect();
    let mut page = format!(
        "# Provider metadata\n\nWhat the discovery document may say, and what `[provider.metadata]` may configure. Rendered from the table; a test compares.\n\n\
         A configured member replaces the default offer's; an empty array takes the member out of the document. {}\n\
         are the service's own and cannot be configured. What is offered can be had: where one of `response_types_supported` and\n\
         `grant_types_supported` is configured and the other is not, the other's default is narrowed to what fits; configured lists that\n\
         contradict one another stop the start. An https URL may be http on loopback. `#` marks members that may carry a language tag.\n\n\
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
            .filter(|_| !OWN_MEMBERS.contains(&row.name))
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

/// `docs/errors.md`.
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

/// A value as readers know it: texts without their quotes, arrays element by element.
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

/// The list that governs a member, or the members of which one serves its demand.
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
