//! Response types: sets of words, so that the order of the words never matters. OAuth 2.0 Multiple Response Types §3.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::Value;

use crate::member::{Reason, Single};
use crate::values::{GrantType, token_text, words_schema};

/// A response type, such as `code` or `id_token token`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ResponseType(BTreeSet<String>);

impl ResponseType {
    /// Reads a response type; the order of its words is forgotten.
    ///
    /// # Errors
    /// When there is no word in it, or one that is not a word.
    pub fn parse(text: &str) -> Result<Self, Reason> {
        let words: BTreeSet<String> = text.split(' ').map(|word| token_text(word.to_owned())).collect::<Result<_, _>>()?;
        Ok(Self(words))
    }

    /// Its words in the registry's order, which is alphabetical: `code id_token token`.
    pub fn spelled(&self) -> String {
        self.0.iter().map(String::as_str).collect::<Vec<_>>().join(" ")
    }

    /// Whether `word` is one of its words.
    pub fn has(&self, word: &str) -> bool {
        self.0.contains(word)
    }

    /// Whether the answer is a code and nothing else.
    pub fn is_code_only(&self) -> bool {
        self.has("code") && self.0.len() == 1
    }

    /// The grants it takes: `code` the authorization code grant, `token` and `id_token` the implicit one.
    /// OIDC Registration §2, RFC 7591 §2.1.
    pub fn grants(&self) -> Vec<GrantType> {
        let mut grants = Vec::new();
        if self.has("code") {
            grants.push(GrantType::AuthorizationCode);
        }
        if self.has("token") || self.has("id_token") {
            grants.push(GrantType::Implicit);
        }
        grants
    }
}

impl Single for ResponseType {
    const SHAPE: &'static str = "string";

    fn schema() -> Value {
        words_schema()
    }

    fn read(value: Value) -> Result<Self, Reason> {
        crate::member::text(value).and_then(|text| Self::parse(&text))
    }

    fn write(&self) -> Value {
        self.spelled().into()
    }

    fn value(&self) -> Option<Cow<'_, str>> {
        Some(self.spelled().into())
    }
}
