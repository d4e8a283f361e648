//! Initial access tokens: issue, find, spend, revoke. RFC 7591 §1.2.

use std::fmt;
use std::sync::Arc;

use diesel::prelude::*;
use protocol::{InitialAccessToken, Issuer, Timestamp, TokenTerms};

use crate::Store;
use crate::audit::Event;
use crate::audit_row;
use crate::connection::{AnyConnection, either};
use crate::error::StoreError;
use crate::random::{bytes, hexadecimal};
use crate::schema::initial_access_token;
use crate::seal::digest;

/// What an operator calls an initial access token by; it opens nothing.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TokenId(String);

impl TokenId {
    /// The identifier spelled `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Its spelling.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a new initial access token is good for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NewToken {
    /// A word for the operator.
    pub label: Option<String>,
    /// How many clients it may register, at least one; any number, when absent.
    pub uses: Option<i64>,
    /// When it expires; never, when absent.
    pub expires_at: Option<Timestamp>,
    /// The account its clients will belong to.
    pub owner: Option<String>,
    /// The provider it registers with; any, when absent.
    pub provider: Option<Issuer>,
    /// What its clients may be; whatever their provider agrees to, when absent.
    pub terms: Option<Arc<TokenTerms>>,
}

/// An initial access token, without the token.
#[derive(Debug, Clone, PartialEq)]
pub struct TokenInfo {
    /// What to revoke it by.
    pub id: TokenId,
    /// A word for the operator.
    pub label: Option<String>,
    /// How many clients it may still register; any number, when absent.
    pub uses_left: Option<i64>,
    /// When it expires; never, when absent.
    pub expires_at: Option<Timestamp>,
    /// When it was issued.
    pub created_at: Timestamp,
    /// The account its clients belong to.
    pub owner: Option<String>,
    /// The provider it registers with; any, when absent.
    pub provider: Option<Issuer>,
    /// What its clients may be; whatever their provider agrees to, when absent.
    pub terms: Option<Arc<TokenTerms>>,
}

impl TokenInfo {
    /// Its identifier and label, as the audit trail names it.
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
    /// Whether it registers clients with that provider now.
    fn is_valid(&self, provider: &Issuer, now: Timestamp) -> bool {
        self.uses_left.is_none_or(|uses| uses > 0)
            && self.expires_at.is_none_or(|at| at > now.seconds())
            && self
                .provider
                .as_deref()
                .is_none_or(|own| own == provider.as_str())
    }

    fn info(self) -> Result<TokenInfo, StoreError> {
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
            id: TokenId(self.id),
        })
    }
}

impl Store {
    /// Stores a new initial access token, as a digest.
    ///
    /// # Errors
    /// [`StoreError::Refused`] for a number of uses below one; [`StoreError::Conflict`] when the token exists; [`StoreError::Unavailable`].
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
        let mut audit = self.audit_row(Event::TokenIssued);
        if let Some(provider) = &new.provider {
            audit = audit.with_provider(provider.as_str());
        }
        let row = TokenRow {
            id: hexadecimal(&bytes::<8>()?),
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
        Ok(TokenId(row.id))
    }

    /// All initial access tokens, the oldest first, spent and expired ones included.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`] for the first that cannot be read.
    pub fn tokens(&self) -> Result<Vec<TokenInfo>, StoreError> {
        let order = (initial_access_token::created_at, initial_access_token::id);
        let rows: Vec<TokenRow> = self.0.pool.read(|connection| {
            Ok(initial_access_token::table
                .order(order)
                .select(TokenRow::as_select())
                .load(connection)?)
        })?;
        rows.into_iter().map(TokenRow::info).collect()
    }

    /// The initial access token that was presented at a provider, unless it is unknown there, used up or expired.
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
            .map(TokenRow::info)
            .transpose()
    }

    /// Makes an initial access token worthless; the clients it registered stay. `false` when there is none of that identifier.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn revoke_token(&self, id: &TokenId) -> Result<bool, StoreError> {
        let mut audit = self.audit_row(Event::TokenRevoked);
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

/// Takes one use off a token, unless it has none left, expired, or is another provider's. The row stays locked to the end of
/// the transaction.
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
