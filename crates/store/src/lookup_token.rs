//! Lookup tokens: issue, find, revoke. With it an authorization server asks about clients.

use std::fmt;
use std::str::FromStr;

use diesel::prelude::*;
use protocol::{Issuer, Secret, Timestamp};

use crate::Store;
use crate::audit::AuditEvent;
use crate::audit_row;
use crate::connection::either;
use crate::error::StoreError;
use crate::last_used_buffer::start_of_day;
use crate::random::{hexadecimal, random_bytes};
use crate::schema::lookup_token;
use crate::seal::digest;

/// The identifier of a lookup token, for operators. It grants nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookupTokenId(String);

impl LookupTokenId {
    /// Returns the identifier with this text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Returns the identifier as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LookupTokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The access of a lookup token to client secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum SecretAccess {
    /// The token sees the members that a consent page shows.
    #[default]
    No,
    /// The token may ask whether a secret is the client's.
    Check,
    /// The token reads secrets.
    Read,
}

impl SecretAccess {
    /// All levels, the lowest first.
    pub const ALL: [Self; 3] = [Self::No, Self::Check, Self::Read];

    /// Returns the level as text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Check => "check",
            Self::Read => "read",
        }
    }
}

/// The error of a text that is no level of access to secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be no, check or read")]
pub struct UnknownSecretAccess;

impl FromStr for SecretAccess {
    type Err = UnknownSecretAccess;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|access| access.as_str() == text)
            .ok_or(UnknownSecretAccess)
    }
}

/// The properties of a lookup token to be issued.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewLookupToken {
    /// A name for the operator.
    pub label: Option<String>,
    /// The only provider whose clients it may ask about; `None`: every provider.
    pub provider: Option<Issuer>,
    /// The access to client secrets.
    pub secrets: SecretAccess,
    /// The time at which it expires; `None`: never.
    pub expires_at: Option<Timestamp>,
}

/// A lookup token, without the token itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookupToken {
    /// The identifier, with which it is revoked.
    pub id: LookupTokenId,
    /// A name for the operator.
    pub label: Option<String>,
    /// The only provider whose clients it may ask about; `None`: every provider.
    pub provider: Option<Issuer>,
    /// The access to client secrets.
    pub secrets: SecretAccess,
    /// The time at which it was issued.
    pub created_at: Timestamp,
    /// The time at which it expires; `None`: never.
    pub expires_at: Option<Timestamp>,
    /// The day (UTC) on which it was last used; `None`: never.
    pub last_used_at: Option<Timestamp>,
}

impl LookupToken {
    /// Returns true if the token has expired.
    pub fn has_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = lookup_token, treat_none_as_default_value = false)]
struct LookupTokenRow {
    id: String,
    token_digest: String,
    label: Option<String>,
    provider: Option<String>,
    secrets: String,
    created_at: i64,
    expires_at: Option<i64>,
    last_used_at: Option<i64>,
}

impl LookupTokenRow {
    fn into_token(self) -> Result<LookupToken, StoreError> {
        let corrupt = |column| StoreError::corrupt("lookup_token", column, &self.id);
        Ok(LookupToken {
            provider: self
                .provider
                .as_deref()
                .map(Issuer::parse)
                .transpose()
                .map_err(|_| corrupt("provider"))?,
            secrets: self.secrets.parse().map_err(|_| corrupt("secrets"))?,
            id: LookupTokenId(self.id),
            label: self.label,
            created_at: Timestamp::from_seconds(self.created_at),
            expires_at: self.expires_at.map(Timestamp::from_seconds),
            last_used_at: self.last_used_at.map(Timestamp::from_seconds),
        })
    }
}

impl Store {
    /// Stores the digest of a new lookup token, and returns the identifier with which it is revoked.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn issue_lookup_token(
        &self,
        token: &Secret,
        new: NewLookupToken,
        now: Timestamp,
    ) -> Result<LookupTokenId, StoreError> {
        let row = LookupTokenRow {
            id: hexadecimal(&random_bytes::<8>()?),
            token_digest: digest(token.reveal()),
            label: new.label,
            provider: new.provider.map(|provider| provider.as_str().to_owned()),
            secrets: new.secrets.as_str().to_owned(),
            created_at: now.seconds(),
            expires_at: new.expires_at.map(Timestamp::seconds),
            last_used_at: None,
        };
        let mut audit = self.audit_row(AuditEvent::LookupTokenIssued);
        if let Some(provider) = &row.provider {
            audit = audit.with_provider(provider);
        }
        audit.token = Some(row.id.clone());
        self.0.pool.write(|connection| {
            diesel::insert_into(lookup_token::table)
                .values(&row)
                .execute(connection)?;
            audit_row::write_one(connection, &audit)
        })?;
        audit.log(false);
        Ok(LookupTokenId(row.id))
    }

    /// Returns all lookup tokens, the oldest first, including expired ones.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; [`StoreError::Corrupt`] for the first row that cannot be read.
    pub fn lookup_tokens(&self) -> Result<Vec<LookupToken>, StoreError> {
        let rows: Vec<LookupTokenRow> = self.0.pool.read(|connection| {
            Ok(lookup_token::table
                .order((lookup_token::created_at, lookup_token::id))
                .select(LookupTokenRow::as_select())
                .load(connection)?)
        })?;
        rows.into_iter().map(LookupTokenRow::into_token).collect()
    }

    /// Returns the presented lookup token if it is valid now, and records the day of its use.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub fn find_lookup_token(
        &self,
        token: &Secret,
        now: Timestamp,
    ) -> Result<Option<LookupToken>, StoreError> {
        let presented = digest(token.reveal());
        let row: Option<LookupTokenRow> = self.0.pool.read(|connection| {
            Ok(lookup_token::table
                .filter(lookup_token::token_digest.eq(&presented))
                .select(LookupTokenRow::as_select())
                .first(connection)
                .optional()?)
        })?;
        let Some(row) = row else { return Ok(None) };
        let token = row.into_token()?;
        if token.has_expired(now) {
            return Ok(None);
        }
        let day = start_of_day(now);
        if token.last_used_at.is_none_or(|used| used.seconds() < day) {
            self.0.pool.write(|connection| {
                diesel::update(lookup_token::table.find(token.id.as_str()))
                    .set(lookup_token::last_used_at.eq(day))
                    .execute(connection)?;
                Ok(())
            })?;
        }
        Ok(Some(token))
    }

    /// Revokes a lookup token. Returns false if it does not exist.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn revoke_lookup_token(&self, id: &LookupTokenId) -> Result<bool, StoreError> {
        let mut audit = self.audit_row(AuditEvent::LookupTokenRevoked);
        audit.token = Some(id.as_str().to_owned());
        let revoked = self.0.pool.write(|connection| {
            let gone = either!(connection, inner => diesel::delete(lookup_token::table.find(id.as_str())).execute(inner))?;
            if gone > 0 {
                audit_row::write_one(connection, &audit)?;
            }
            Ok(gone > 0)
        })?;
        if revoked {
            audit.log(false);
        }
        Ok(revoked)
    }
}
