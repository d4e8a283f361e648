//! `docs/openapi.json`, the `OpenAPI` 3.1 description of every address. It is written by hand in `openapi/description.json`, but for
//! what the program has as data, since a second copy would go out of date:
//!
//! - the keys of `paths` are kinds of addresses; each is replaced by the addresses that routes are mounted for (`addresses`);
//! - `{"$as": "get"}` in place of an operation is a copy of the address's GET;
//! - `{"$schema-of": "NAME"}` is replaced by a schema that is rendered from a table (`schemas`); members beside it are added.

use serde_json::{Value, json};

mod addresses;
mod schemas;

use schemas::object;

const DESCRIPTION: &str = include_str!("openapi/description.json");

/// Returns the text of `docs/openapi.json`.
pub fn page() -> String {
    let mut page = serde_json::to_string_pretty(&description()).unwrap_or_default();
    page.push('\n');
    page
}

/// Returns the description. `OpenAPI` 3.1.1.
pub fn description() -> Value {
    let mut description = filled(serde_json::from_str(DESCRIPTION).unwrap_or_default());
    if let Some(version) = description.pointer_mut("/info/version") {
        *version = json!(env!("CARGO_PKG_VERSION"));
    }
    if let Some(paths) = description.get_mut("paths") {
        *paths = addresses::paths(paths);
    }
    description
}

/// Replaces every `{"$schema-of": …}` below a value.
fn filled(value: Value) -> Value {
    match value {
        Value::Array(elements) => elements.into_iter().map(filled).collect(),
        Value::Object(mut members) => {
            let rendered = members.shift_remove("$schema-of");
            let beside = members
                .into_iter()
                .map(|(name, value)| (name, filled(value)));
            match rendered
                .as_ref()
                .and_then(Value::as_str)
                .map(schemas::named)
            {
                Some(Value::Object(rendered)) => object(rendered.into_iter().chain(beside)),
                Some(rendered) => rendered,
                None => object(beside),
            }
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers and names of the program that the hand-written text repeats.
    #[test]
    fn description_repeats_the_programs_constants() {
        let longest = oauth_http::request_id::LONGEST;
        assert!(DESCRIPTION.contains(&format!("\"^[A-Za-z0-9._-]{{1,{longest}}}$\"")));
        assert!(DESCRIPTION.contains(&format!("[\"{}\"]", webfinger::ISSUER_REL)));
    }

    #[test]
    fn every_marker_is_replaced() {
        let page = page();
        assert!(!page.contains("\"$schema-of\"") && !page.contains("\"$as\""));
    }
}
