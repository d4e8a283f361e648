//! Rows of the table `client`.

use std::mem;
use std::sync::Arc;

use diesel::prelude::*;
use protocol::{
    ClientId, ClientMetadata, ClientSecret, Issuer, RegisteredMetadata, Timestamp, TokenTerms,
};
use serde::{Deserialize, Serialize};

use crate::client::{Client, ClientData, ClientSummary, NewClient};
use crate::columns::columns;
use crate::error::StoreError;
use crate::random::no_random_bytes;
use crate::schema::client;
use crate::seal::{SealContext, SealingKey, constant_time_eq, digest};

columns! {
    #[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, Serialize, Deserialize)]
    #[diesel(table_name = client, treat_none_as_default_value = false)]
    #[serde(deny_unknown_fields)]
    pub struct ClientRow of client, inserted by InsertMany {
        client_id: String,
        provider: String,
        metadata: String,
        /// The digest of the registration access token, or the empty text if the client has none.
        token_digest: String,
        secret_sealed: Option<String>,
        issued_at: i64,
        secret_expires_at: Option<i64>,
        expires_at: Option<i64>,
        revision: i64,
        owner: Option<String>,
        composed_name: Option<String>,
        terms: Option<String>,
        last_used_at: Option<i64>,
        /// Derived from the metadata, so exports leave it out.
        #[serde(skip)]
        metadata_consistent: Option<bool>,
        #[serde(skip)]
        redirect_patterns: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        changed_at: Option<i64>,
    }
}

impl ClientRow {
    /// Returns the row of a new client and its summary. The other parts of the client are dropped
    /// here, because many rows wait for a single transaction.
    pub fn new(new: NewClient, seal: &SealingKey) -> Result<(Self, ClientSummary), StoreError> {
        let NewClient { data, token } = new;
        let secret_sealed = data.secret.as_ref();
        let secret_sealed = secret_sealed
            .map(|secret| seal_secret(seal, &data.provider, &data.id, secret))
            .transpose()?;
        let row = Self {
            client_id: data.id.as_str().to_owned(),
            provider: data.provider.as_str().to_owned(),
            metadata: data.metadata.json().to_owned(),
            token_digest: token.map_or_else(String::new, |token| digest(token.reveal())),
            secret_sealed,
            issued_at: data.issued_at.seconds(),
            secret_expires_at: data.secret_expires_at.map(Timestamp::seconds),
            expires_at: data.expires_at.map(Timestamp::seconds),
            revision: Client::FIRST_REVISION,
            owner: data.owner,
            composed_name: data.composed_name,
            terms: data.terms.map(|terms| terms.json()),
            last_used_at: None,
            metadata_consistent: Some(data.metadata.members().is_consistent()),
            redirect_patterns: data.metadata.members().judged_patterns(),
            changed_at: None,
        };
        let summary = ClientSummary {
            id: data.id,
            metadata: data.metadata.into_json(),
            secret: data.secret,
            issued_at: data.issued_at,
            secret_expires_at: data.secret_expires_at,
            expires_at: data.expires_at,
        };
        Ok((row, summary))
    }

    /// Sets the columns that are derived from the metadata.
    pub fn with_derived_columns(self, members: &ClientMetadata) -> Self {
        Self {
            metadata_consistent: Some(members.is_consistent()),
            redirect_patterns: members.judged_patterns(),
            ..self
        }
    }

    /// Returns true if the client has expired.
    pub fn has_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|at| at <= now.seconds())
    }

    /// Returns true if a registration access token with this digest may manage the client at the
    /// provider. No token manages a client that has none. RFC 7592 §1.2.
    pub fn is_managed_with(&self, provider: &str, token_digest: &str, now: Timestamp) -> bool {
        !self.token_digest.is_empty()
            && constant_time_eq(&self.token_digest, token_digest)
            && self.provider == provider
            && !self.has_expired(now)
    }

    /// Opens the client secret.
    pub fn open_secret(&self, seal: &SealingKey) -> Result<Option<ClientSecret>, StoreError> {
        let about = SealContext::ClientSecret {
            provider: &self.provider,
            client_id: &self.client_id,
        };
        let open = |sealed: &String| {
            seal.open(&about, sealed)
                .ok_or_else(|| StoreError::corrupt("client", "secret_sealed", &self.client_id))
        };
        Ok(self
            .secret_sealed
            .as_ref()
            .map(open)
            .transpose()?
            .map(|secret| ClientSecret::new(secret.as_str())))
    }

    /// Reads the terms of the initial access token.
    pub fn terms(&self) -> Result<Option<TokenTerms>, StoreError> {
        let read = |terms: &String| {
            TokenTerms::from_json(terms)
                .map_err(|_| StoreError::corrupt("client", "terms", &self.client_id))
        };
        self.terms.as_ref().map(read).transpose()
    }

    /// Takes the metadata out of the row and parses it.
    pub fn take_metadata(&mut self) -> Result<RegisteredMetadata, StoreError> {
        RegisteredMetadata::from_stored(mem::take(&mut self.metadata))
            .map_err(|_| StoreError::corrupt("client", "metadata", &self.client_id))
    }

    /// Returns the summary of the client, with its secret opened.
    pub fn into_summary(mut self, seal: &SealingKey) -> Result<ClientSummary, StoreError> {
        let secret = self.open_secret(seal)?;
        self.terms()?;
        Ok(ClientSummary {
            secret,
            metadata: self.take_metadata()?.into_json(),
            issued_at: Timestamp::from_seconds(self.issued_at),
            secret_expires_at: self.secret_expires_at.map(Timestamp::from_seconds),
            expires_at: self.expires_at.map(Timestamp::from_seconds),
            id: ClientId::new(self.client_id),
        })
    }

    /// Returns the client, with its secret opened.
    pub fn into_client(mut self, seal: &SealingKey) -> Result<Client, StoreError> {
        let provider = Issuer::parse(&self.provider)
            .map_err(|_| StoreError::corrupt("client", "provider", &self.client_id))?;
        let (secret, terms) = (self.open_secret(seal)?, self.terms()?);
        Ok(Client {
            data: ClientData {
                provider,
                metadata: self.take_metadata()?,
                secret,
                issued_at: Timestamp::from_seconds(self.issued_at),
                secret_expires_at: self.secret_expires_at.map(Timestamp::from_seconds),
                expires_at: self.expires_at.map(Timestamp::from_seconds),
                owner: self.owner,
                composed_name: self.composed_name,
                terms: terms.map(Arc::new),
                id: ClientId::new(self.client_id),
            },
            revision: self.revision,
            changed_at: Timestamp::from_seconds(self.changed_at.unwrap_or(self.issued_at)),
            last_used_at: self.last_used_at.map(Timestamp::from_seconds),
        })
    }
}

/// Seals a client secret.
pub fn seal_secret(
    seal: &SealingKey,
    provider: &Issuer,
    id: &ClientId,
    secret: &ClientSecret,
) -> Result<String, StoreError> {
    let about = SealContext::ClientSecret {
        provider: provider.as_str(),
        client_id: id.as_str(),
    };
    seal.seal(&about, secret.reveal())
        .ok_or_else(no_random_bytes)
}

/// Returns true if the text has no NUL. PostgreSQL refuses a NUL in a parameter, and no stored text
/// has one.
pub fn has_no_nul(text: &str) -> bool {
    !text.contains('\0')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// RFC 7592 §1.2: a client without a registration access token is managed by no token, even if
    /// the presented digest were the empty text.
    #[test]
    fn absent_token_manages_no_client() {
        let row = |token_digest: &str| -> ClientRow {
            let columns = json!({ "client_id": "c1", "provider": "p", "metadata": "{}",
                "token_digest": token_digest, "issued_at": 0, "revision": 1 });
            serde_json::from_value(columns).unwrap()
        };
        let now = Timestamp::from_seconds(0);
        let empty = digest("");
        for (stored, presented, managed) in [
            ("", "", false),
            ("", empty.as_str(), false),
            (empty.as_str(), "", false),
            (empty.as_str(), empty.as_str(), true),
        ] {
            assert_eq!(
                row(stored).is_managed_with("p", presented, now),
                managed,
                "{stored:?} {presented:?}"
            );
        }
    }
}
