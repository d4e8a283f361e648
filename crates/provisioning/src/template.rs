//! The template of a provider's copies: members in the server's own words, below the members from the client.

use openssl::hash::{MessageDigest, hash};
use protocol::Object;
use serde_json::Value;

use crate::api::hexadecimal;

/// The number of digest bytes in a revision.
const DIGEST_BYTES: usize = 3;

/// The members that belong to a single client: its identifiers, secrets and addresses, in the words of each server.
const OWN_MEMBERS: [&str; 8] = [
    "id",
    "client_id",
    "clientId",
    "client_secret",
    "secret",
    "redirect_uris",
    "redirectUris",
    "registration_access_token",
];

/// A template, or none.
#[derive(Debug, Clone, Default)]
pub struct CopyTemplate {
    members: Object,
    digest: Option<String>,
}

impl CopyTemplate {
    /// Reads a template from the text of a JSON object.
    ///
    /// # Errors
    /// The rest of a sentence.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let Ok(Value::Object(members)) = serde_json::from_str(text) else {
            return Err("is not a JSON object");
        };
        if OWN_MEMBERS.iter().any(|name| members.contains_key(*name)) {
            return Err(
                "has the identifier, the secret or the redirect URIs of a client, which every copy would share",
            );
        }
        let digest = hash(MessageDigest::sha256(), text.as_bytes())
            .map_err(|_| "cannot be digested by OpenSSL")?;
        let digits = hexadecimal(digest.get(..DIGEST_BYTES).unwrap_or_default());
        Ok(Self {
            members,
            digest: Some(digits),
        })
    }

    /// Returns the members.
    pub fn members(&self) -> &Object {
        &self.members
    }

    /// Returns the revision that a copy is marked with. It differs for each template, so that a changed template reaches
    /// every copy.
    pub fn revision(&self, revision: i64) -> String {
        match &self.digest {
            Some(digest) => format!("{revision}.{digest}"),
            None => revision.to_string(),
        }
    }
}
