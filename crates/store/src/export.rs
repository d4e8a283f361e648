//! Exported clients: a single line of JSON with the columns of a client's row.
//!
//! The secret stays sealed and the registration access token a digest, so the line reveals neither.
//! Metadata and terms are exported byte for byte. A line that another program wrote may have the
//! secret in clear text, because that program cannot seal it.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use protocol::client_id_url::looks_like_document_id;
use protocol::json::has_nul;
use protocol::{ClientSecret, Issuer};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::client_row::{ClientRow, has_no_nul, seal_secret};
use crate::columns::TextColumns;
use crate::error::StoreError;
use crate::seal::{SealContext, SealingKey};

/// The length of a SHA-256 digest.
const DIGEST_BYTES: usize = 32;

/// A client with all columns of its row.
#[derive(Debug, Clone)]
pub struct ExportedClient(ClientRow);

/// The reason why an exported client cannot be imported. Each is the rest of a sentence that begins
/// with a line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// The line is not an exported client.
    #[error("it is not an exported client: {0}")]
    Unreadable(String),
    /// A column has an invalid value.
    #[error("{column} of {client_id:?} cannot be read")]
    Column {
        /// The column.
        column: &'static str,
        /// The client.
        client_id: String,
    },
    /// A JSON column has a character that PostgreSQL cannot read as JSON.
    #[error("{column} of {client_id:?} has the character U+0000")]
    Nul {
        /// The column.
        column: &'static str,
        /// The client.
        client_id: String,
    },
    /// The identifier is a URL, so the client has a document and is not registered. draft-ietf-oauth-client-id-metadata-document
    /// §7.1.
    #[error("{0:?} is a URL, which only a client with a metadata document has as its client_id")]
    DocumentUrl(String),
    /// The secret does not open with the sealing key.
    #[error(
        "the secret of {0:?} does not open with this store's sealing key; name the key of the store it comes from"
    )]
    Sealed(String),
    /// A different client with this identifier exists.
    #[error("the client {0:?} exists already and differs")]
    Different(String),
    /// An error of the store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ExportedClient {
    /// Returns the exported client, unless its row is damaged.
    pub(crate) fn from_row(row: ClientRow, seal: &SealingKey) -> Result<Self, StoreError> {
        row.clone().into_client(seal)?;
        Ok(Self(row))
    }

    /// Returns the line, without a line feed.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if the row cannot be serialised, which does not happen.
    pub fn to_line(&self) -> Result<String, StoreError> {
        serde_json::to_string(&self.0)
            .map_err(|_| StoreError::corrupt("client", "metadata", &self.0.client_id))
    }

    /// Parses a line into a row of this store, with its secret sealed by the key of this store.
    /// `foreign` opens a secret that is sealed with another key.
    ///
    /// # Errors
    /// [`ImportError`] with the reason why the line is invalid.
    pub(crate) fn parse_line(
        line: &str,
        own: &SealingKey,
        foreign: Option<&SealingKey>,
    ) -> Result<Self, ImportError> {
        let unreadable = |error| ImportError::Unreadable(parser_message(&error));
        let (line, clear) = split_clear_secret(line).map_err(unreadable)?;
        let mut row: ClientRow = serde_json::from_str(&line).map_err(unreadable)?;
        let column = |column| ImportError::Column {
            column,
            client_id: row.client_id.clone(),
        };
        if let Some((name, _)) = row.texts().into_iter().find(|(_, text)| !has_no_nul(text)) {
            return Err(column(name));
        }
        if row.client_id.is_empty() {
            return Err(column("client_id"));
        }
        if looks_like_document_id(&row.client_id) {
            return Err(ImportError::DocumentUrl(row.client_id));
        }
        let json = [
            ("metadata", Some(&row.metadata)),
            ("terms", row.terms.as_ref()),
        ];
        if let Some((column, _)) = json
            .into_iter()
            .find(|(_, text)| text.is_some_and(|text| has_nul(text)))
        {
            return Err(ImportError::Nul {
                column,
                client_id: row.client_id,
            });
        }
        if row.revision < 1 {
            return Err(column("revision"));
        }
        // A client without a registration access token has the empty text.
        if !row.token_digest.is_empty()
            && !URL_SAFE_NO_PAD
                .decode(&row.token_digest)
                .is_ok_and(|digest| digest.len() == DIGEST_BYTES)
        {
            return Err(column("token_digest"));
        }
        let provider = Issuer::parse(&row.provider).map_err(|_| column("provider"))?;
        if let Some(secret) = clear {
            if row.secret_sealed.is_some() || secret.reveal().is_empty() {
                return Err(column("client_secret"));
            }
            row.secret_sealed = Some(seal_secret(
                own,
                &provider,
                &protocol::ClientId::new(&row.client_id),
                &secret,
            )?);
        }
        if let Some(sealed) = &row.secret_sealed {
            let about = SealContext::ClientSecret {
                provider: &row.provider,
                client_id: &row.client_id,
            };
            if own.open(&about, sealed).is_none() {
                let opened = foreign.and_then(|foreign| foreign.open(&about, sealed));
                let secret = opened.ok_or_else(|| ImportError::Sealed(row.client_id.clone()))?;
                let id = protocol::ClientId::new(&row.client_id);
                row.secret_sealed = Some(seal_secret(
                    own,
                    &provider,
                    &id,
                    &ClientSecret::new(secret.as_str()),
                )?);
            }
        }
        let client_id = row.client_id.clone();
        match row.clone().into_client(own) {
            Ok(client) => Ok(Self(
                row.with_derived_columns(client.data.metadata.members()),
            )),
            Err(StoreError::Corrupt { column, .. }) => {
                Err(ImportError::Column { column, client_id })
            }
            Err(error) => Err(error.into()),
        }
    }

    pub(crate) fn row(&self) -> &ClientRow {
        &self.0
    }

    /// Returns true if the row is the same client. Secrets are compared unsealed; the last use and
    /// the derived columns are ignored.
    pub(crate) fn equals_row(&self, row: &ClientRow, own: &SealingKey) -> bool {
        let opened = |row: &ClientRow| {
            let about = SealContext::ClientSecret {
                provider: &row.provider,
                client_id: &row.client_id,
            };
            row.secret_sealed.as_deref().map(|sealed| {
                own.open(&about, sealed)
                    .map(|secret| ClientSecret::new(secret.as_str()))
            })
        };
        let unsealed = |row: &ClientRow| ClientRow {
            secret_sealed: None,
            last_used_at: None,
            metadata_consistent: None,
            redirect_patterns: None,
            ..row.clone()
        };
        unsealed(&self.0) == unsealed(row) && opened(&self.0) == opened(row)
    }
}

/// Splits a line into the line without its clear-text secret, and that secret.
fn split_clear_secret(
    line: &str,
) -> Result<(Cow<'_, str>, Option<ClientSecret>), serde_json::Error> {
    #[derive(Deserialize)]
    struct ExportLine {
        client_secret: Option<String>,
    }
    let Some(secret) = serde_json::from_str::<ExportLine>(line)?.client_secret else {
        return Ok((Cow::Borrowed(line), None));
    };
    let mut columns: Map<String, Value> = serde_json::from_str(line)?;
    columns.remove("client_secret");
    Ok((
        Cow::Owned(serde_json::to_string(&columns)?),
        Some(ClientSecret::new(secret)),
    ))
}

/// Returns the message of the parser with the column. The caller adds the line number.
fn parser_message(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let message = text
        .rsplit_once(" at line ")
        .map_or(text.as_str(), |(message, _)| message);
    format!("{message} (column {})", error.column())
}
