//! The identifier of an initial access token, and its use by a registration.

use std::fmt;

use diesel::prelude::*;
use protocol::Timestamp;

use crate::connection::AnyConnection;
use crate::error::StoreError;
use crate::schema::initial_access_token;

/// The identifier of an initial access token, for operators. It grants nothing.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TokenId(String);

impl TokenId {
    /// Returns the identifier with this text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Returns the identifier as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Takes one use off a token. Returns false if it is used up, expired or of another provider. The
/// row stays locked until the end of the transaction.
pub(crate) fn spend(
    connection: &mut AnyConnection,
    id: &TokenId,
    at: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    use initial_access_token::{expires_at, provider, uses_left};

    let spent = diesel::update(initial_access_token::table.find(id.as_str()))
        .filter(uses_left.is_null().or(uses_left.gt(0)))
        .filter(expires_at.is_null().or(expires_at.gt(now.seconds())))
        .filter(provider.is_null().or(provider.eq(at)))
        .set(uses_left.eq(uses_left - 1))
        .execute(connection)?;
    Ok(spent > 0)
}
