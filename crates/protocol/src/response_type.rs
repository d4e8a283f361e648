//! Response types: sets of words, so that the order of the words never matters. OAuth 2.0 Multiple Response Types §3.

use std::borrow::Cow;

use serde_json::Value;

use crate::form::JsonForm;
use crate::member::{Reason, SingleValue};
use crate::values::{GrantType, token_text, words_schema};

/// A response type, such as `code` or `id_token token`: its words in alphabetical order, each once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ResponseType(String);

impl ResponseType {
    /// Reads a response type; the order of its words is forgotten.
    ///
    /// # Errors
    /// When there is no word in it, or one that is not a word.
    pub fn parse(text: &str) -> Result<Self, Reason> {
        let mut words = text
            .split(' ')
            .map(token_text)
            .collect::<Result<Vec<_>, _>>()?;
        words.sort_unstable();
        words.dedup();
        Ok(Self(words.join(" ")))
    }

    /// Its words in the registry's order, which is alphabetical: `code id_token token`.
    pub fn spelled(&self) -> &str {
        &self.0
    }

    /// Whether `word` is one of its words.
    pub fn has(&self, word: &str) -> bool {
        self.0.split(' ').any(|one| one == word)
    }

    /// Whether the answer is a code and nothing else.
    pub fn is_code_only(&self) -> bool {
        self.0 == "code"
    }

    /// The grants it takes: `code` the authorization code grant, `token` and `id_token` the implicit one.
    /// OIDC Registration §2, RFC 7591 §2.1.
    pub fn grants(&self) -> impl Iterator<Item = GrantType> + use<> {
        let code = self.has("code").then_some(GrantType::AuthorizationCode);
        let implicit = (self.has("token") || self.has("id_token")).then_some(GrantType::Implicit);
        code.into_iter().chain(implicit)
    }
}

impl SingleValue for ResponseType {
    const SHAPE: &'static str = "string";

    fn schema() -> Value {
        words_schema()
    }

    fn read(value: Value) -> Result<Self, Reason> {
        crate::member::text(value).and_then(|text| Self::parse(&text))
    }

    fn write(&self) -> JsonForm<'_> {
        self.spelled().into()
    }

    fn value(&self) -> Option<Cow<'_, str>> {
        Some(self.spelled().into())
    }
}
