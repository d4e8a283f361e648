//! Initial access tokens: issue, find, spend, revoke. RFC 7591 §1.2.

use std::sync::Arc;

use diesel::prelude::*;
use protocol::{InitialAccessToken, Issuer, Timestamp, TokenTerms};

use crate::Store;
use crate::audit::AuditEvent;
use crate::audit_row;
use crate::connection::either;
use crate::error::StoreError;
use crate::random::{hexadecimal, random_bytes};
use crate::schema::initial_access_token;
use crate::seal::digest;
use crate::token_id::TokenId;

/// The properties of an initial access token to be issued.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NewToken {
    /// A name for the operator.
    pub label: Option<String>,
    /// The number of clients that it may register, at least one; `None`: unlimited.
    pub uses: Option<i64>,
    /// The time at which it expires; `None`: never.
    pub expires_at: Option<Timestamp>,
    /// The account that will own its clients.
    pub owner: Option<String>,
    /// The only provider at which it is valid; `None`: every provider.
    pub provider: Option<Issuer>,
    /// The terms for its clients; `None`: only the provider's own rules.
    pub terms: Option<Arc<TokenTerms>>,
}

/// An initial access token, without the token itself.
#[derive(Debug, Clone, PartialEq)]
pub struct TokenInfo {
    /// The identifier, with which it is revoked.
    pub id: TokenId,
    /// A name for the operator.
    pub label: Option<String>,
    /// The number of clients that it may still register; `None`: unlimited.
    pub uses_left: Option<i64>,
    /// The time at which it expires; `None`: never.
    pub expires_at: Option<Timestamp>,
    /// The time at which it was issued.
    pub created_at: Timestamp,
    /// The account that owns its clients.
    pub owner: Option<String>,
    /// The only provider at which it is valid; `None`: every provider.
    pub provider: Option<Issuer>,
    /// The terms for its clients; `None`: only the provider's own rules.
    pub terms: Option<Arc<TokenTerms>>,
}

impl TokenInfo {
    /// Returns the identifier and the label, as in the audit trail.
    pub fn name(&self) -> String {
        name_with_label(self.id.as_str(), self.label.as_deref())
    }
}

fn name_with_label(id: &str, label: Option<&str>) -> String {
    label.map_or_else(|| id.to_owned(), |label| format!("{id} {label}"))
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = initial_access_token, treat_none_as_default_value = false)]
struct TokenRow {
    id: String,
    token_digest: String,
    label: Option<String>,
    uses_left: Option<i64>,
    expires_at: Option<i64>,
    created_at: i64,
    owner: Option<String>,
    provider: Option<String>,
    terms: Option<String>,
}

impl TokenRow {
    /// Returns true if the token is valid at the provider now.
    fn is_valid(&self, provider: &Issuer, now: Timestamp) -> bool {
        self.uses_left.is_none_or(|uses| uses > 0)
            && self.expires_at.is_none_or(|at| at > now.seconds())
            && self
                .provider
                .as_deref()
                .is_none_or(|own| own == provider.as_str())
    }

    fn into_info(self) -> Result<TokenInfo, StoreError> {
        let corrupt = |column| StoreError::corrupt("initial_access_token", column, &self.id);
        let terms = self
            .terms
            .as_deref()
            .map(TokenTerms::from_json)
            .transpose()
            .map_err(|_| corrupt("terms"))?;
        Ok(TokenInfo {
            provider: self
                .provider
                .as_deref()
                .map(Issuer::parse)
                .transpose()
                .map_err(|_| corrupt("provider"))?,
            terms: terms.map(Arc::new),
            label: self.label,
            uses_left: self.uses_left,
            expires_at: self.expires_at.map(Timestamp::from_seconds),
            created_at: Timestamp::from_seconds(self.created_at),
            owner: self.owner,
            id: TokenId::new(self.id),
        })
    }
}

impl Store {
    /// Stores the digest of a new initial access token.
    ///
    /// # Errors
    /// [`StoreError::Refused`] if the number of uses is below one; [`StoreError::Conflict`] if the
    /// token exists; [`StoreError::Unavailable`].
    pub fn issue_token(
        &self,
        token: &InitialAccessToken,
        new: NewToken,
        now: Timestamp,
    ) -> Result<TokenId, StoreError> {
        if new.uses.is_some_and(|uses| uses < 1) {
            return Err(StoreError::Refused(
                "an initial access token must allow at least one use",
            ));
        }
        let mut audit = self.audit_row(AuditEvent::TokenIssued);
        if let Some(provider) = &new.provider {
            audit = audit.with_provider(provider.as_str());
        }
        let row = TokenRow {
            id: hexadecimal(&random_bytes::<8>()?),
            token_digest: digest(token.reveal()),
            label: new.label,
            uses_left: new.uses,
            expires_at: new.expires_at.map(Timestamp::seconds),
            created_at: now.seconds(),
            owner: new.owner,
            provider: new.provider.map(|provider| provider.as_str().to_owned()),
            terms: new.terms.map(|terms| terms.json()),
        };
        audit.token = Some(name_with_label(&row.id, row.label.as_deref()));
        audit.account = row.owner.clone().or(audit.account);
        self.0.pool.write(|connection| {
            diesel::insert_into(initial_access_token::table)
                .values(&row)
                .execute(connection)?;
            audit_row::write_one(connection, &audit)
        })?;
        audit.log(false);
        Ok(TokenId::new(row.id))
    }

    /// Returns all initial access tokens, the oldest first, including used up and expired ones.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; [`StoreError::Corrupt`] for the first row that cannot be read.
    pub fn tokens(&self) -> Result<Vec<TokenInfo>, StoreError> {
        let order = (initial_access_token::created_at, initial_access_token::id);
        let rows: Vec<TokenRow> = self.0.pool.read(|connection| {
            Ok(initial_access_token::table
                .order(order)
                .select(TokenRow::as_select())
                .load(connection)?)
        })?;
        rows.into_iter().map(TokenRow::into_info).collect()
    }

    /// Returns the initial access token presented at the provider, if it is valid there now.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub fn find_token(
        &self,
        provider: &Issuer,
        token: &InitialAccessToken,
        now: Timestamp,
    ) -> Result<Option<TokenInfo>, StoreError> {
        let presented = digest(token.reveal());
        let row: Option<TokenRow> = self.0.pool.read(|connection| {
            let known = initial_access_token::table
                .filter(initial_access_token::token_digest.eq(&presented));
            Ok(known
                .select(TokenRow::as_select())
                .first(connection)
                .optional()?)
        })?;
        row.filter(|row| row.is_valid(provider, now))
            .map(TokenRow::into_info)
            .transpose()
    }

    /// Revokes an initial access token and keeps the clients it registered. Returns false if the
    /// token does not exist.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn revoke_token(&self, id: &TokenId) -> Result<bool, StoreError> {
        let mut audit = self.audit_row(AuditEvent::TokenRevoked);
        let revoked = self.0.pool.write(|connection| {
            let label: Option<Option<String>> = either!(connection, inner => diesel::delete(initial_access_token::table.find(id.as_str()))
                .returning(initial_access_token::label)
                .get_result(inner)
                .optional())?;
            let Some(label) = label else { return Ok(false) };
            audit.token = Some(name_with_label(id.as_str(), label.as_deref()));
            audit_row::write_one(connection, &audit)?;
            Ok(true)
        })?;
        if revoked {
            audit.log(false);
        }
        Ok(revoked)
    }
}
