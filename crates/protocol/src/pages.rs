//! The reference pages, rendered from the tables.

use std::fmt::Write;

use crate::client::{ClientInformation, ClientMetadata};
use crate::error_code::ErrorCode;
use crate::provider::ProviderMetadata;
use crate::rules;
use crate::table::Row;

/// `docs/client-metadata.md`.
pub fn client_metadata() -> String {
    let mut page = String::from(
        "# Client metadata\n\nWhat a client may ask for when it registers, and what it gets back. Rendered from the table; a test compares.\n\n\
         A value is accepted if and only if the provider's document offers it: lists are narrowed to the governing list and refused when nothing\n\
         is left, a single value that the list lacks is refused, and a member whose governing list the document does not have is dropped, with\n\
         what needs it. A default the provider does not offer becomes the first value it does offer; the default of a member that needs another\n\
         applies beside that one only. The answer shows what was agreed.\n\n\
         `#` marks members that may carry a language tag, such as `client_name#ja`. Unknown members are dropped. `null` means absent, and so\n\
         does `\"\"` except for an array.\n\n",
    );
    page.push_str("| member | shape | default | governed by | needs | specification | meaning |\n|---|---|---|---|---|---|---|\n");
    for row in ClientMetadata::ROWS {
        let default = row.default.map_or_else(String::new, |default| format!("`{}`", default().to_string().trim_matches('"')));
        let _ = writeln!(
            page,
            "| {} | {} | {default} | {} | {} | {} | {} |",
            name(row),
            shape(row),
            linked(row.offered),
            linked(row.needs),
            row.spec,
            row.doc.trim()
        );
    }
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
    let mut page = String::from(
        "# Provider metadata\n\nWhat the discovery document may say, and what `[provider.metadata]` may configure. Rendered from the table; a test compares.\n\n",
    );
    plain_table(&mut page, ProviderMetadata::ROWS);
    page
}

/// `docs/errors.md`.
pub fn errors() -> String {
    let mut page = String::from(
        "# Error codes\n\nThe `error` member of refusals, which are JSON objects with `error` and `error_description`. Rendered from the table; a test compares.\n\n\
         | code | status | specification | meaning |\n|---|---|---|---|\n",
    );
    for row in ErrorCode::ROWS {
        let _ = writeln!(page, "| `{}` | {} | {} | {} |", row.name, row.status, row.spec, row.doc.trim());
    }
    page
}

fn plain_table(page: &mut String, rows: &[Row]) {
    page.push_str("| member | shape | specification | meaning |\n|---|---|---|---|\n");
    for row in rows {
        let _ = writeln!(page, "| {} | {} | {} | {} |", name(row), shape(row), row.spec, row.doc.trim());
    }
}

fn name(row: &Row) -> String {
    format!("`{}`{}", row.name, if row.localized { " #" } else { "" })
}

fn shape(row: &Row) -> String {
    if row.list { format!("array of {}", row.shape) } else { row.shape.to_owned() }
}

fn linked(member: Option<&str>) -> String {
    member.map_or_else(String::new, |member| format!("`{member}`"))
}
