//! Response types, which are sets of words, so that the order of the words does not matter. OAuth 2.0 Multiple Response Types §3.

use std::borrow::Cow;

use serde_json::Value;

use crate::form::JsonForm;
use crate::member::{Reason, SingleValue};
use crate::values::{GrantType, token_text, words_schema};

/// A response type, such as `code` or `id_token token`: its words in alphabetical order, each once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ResponseType(String);

impl ResponseType {
    /// Reads a response type with its words in any order.
    ///
    /// # Errors
    /// The text is not words of printable ASCII characters, separated by single spaces.
    pub fn parse(text: &str) -> Result<Self, Reason> {
        let mut words = text
            .split(' ')
            .map(token_text)
            .collect::<Result<Vec<_>, _>>()?;
        words.sort_unstable();
        words.dedup();
        Ok(Self(words.join(" ")))
    }

    /// Returns its words in the order of the registry, which is alphabetical: `code id_token token`.
    pub fn spelled(&self) -> &str {
        &self.0
    }

    /// Returns true if `word` is one of its words.
    pub fn has(&self, word: &str) -> bool {
        self.0.split(' ').any(|own| own == word)
    }

    /// Returns true for the response type `code`.
    pub fn is_code_only(&self) -> bool {
        self.0 == "code"
    }

    /// Returns the grants it uses: the authorization code grant for `code`, the implicit grant for `token` and `id_token`.
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
