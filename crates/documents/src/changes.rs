//! The members in which two versions of a document differ. draft-ietf-oauth-client-id-metadata-document §8.4.
//!
//! Members that matter for consent and tokens are told by name. If others alone differ, they are told, since copies of the client
//! in an authorization server must follow every change.

use protocol::published::changed_members;
use protocol::{Object, RegisteredMetadata};
use store::StoreError;

/// Returns the names of the members that differ in two agreed versions.
///
/// # Errors
/// [`StoreError::Corrupt`].
pub fn changes(older: &str, newer: &str) -> Result<Vec<String>, StoreError> {
    if older == newer {
        return Ok(Vec::new());
    }
    let agreed = |text: &str| {
        RegisteredMetadata::from_stored_document(text.to_owned()).map_err(|_| corrupt())
    };
    let watched = changed_members(agreed(older)?.members(), agreed(newer)?.members());
    if !watched.is_empty() {
        return Ok(watched.into_iter().map(str::to_owned).collect());
    }
    let (older, newer) = (read(older)?, read(newer)?);
    let added = newer.keys().filter(|name| !older.contains_key(*name));
    Ok(older
        .iter()
        .filter(|(name, value)| newer.get(*name) != Some(value))
        .map(|(name, _)| name)
        .chain(added)
        .cloned()
        .collect())
}

fn read(metadata: &str) -> Result<Object, StoreError> {
    serde_json::from_str(metadata).map_err(|_| corrupt())
}

fn corrupt() -> StoreError {
    StoreError::Corrupt {
        table: "client_document",
        column: "metadata",
        key: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_named() {
        let older = r#"{"client_name":"A","tos_uri":"https://app.example/tos"}"#;
        for (newer, names) in [
            (older, &[][..]),
            (
                r#"{"client_name":"B","tos_uri":"https://app.example/tos"}"#,
                &["client_name"],
            ),
            (r#"{"client_name":"B"}"#, &["client_name"]),
            (r#"{"client_name":"A"}"#, &["tos_uri"]),
            (
                r#"{"client_name":"A","tos_uri":"https://app.example/tos","software_id":"1"}"#,
                &["software_id"],
            ),
        ] {
            assert_eq!(changes(older, newer).unwrap(), names, "{newer}");
        }
    }
}
