//! What a client may read of itself. OIDC Registration §4.2, RFC 7592 §2.1.

use std::future::Future;

use protocol::{ClientId, ClientSecret, Issuer, RegistrationAccessToken, Timestamp};

use crate::Store;
use crate::client::Client;
use crate::client_row::ClientRow;
use crate::clients::may_exist;
use crate::error::StoreError;
use crate::reader::Question;
use crate::seal::{SealingKey, digest};
use crate::writer::closed;

/// A client as far as its information response tells of it. RFC 7591 §3.2.1.
#[derive(Debug, Clone)]
pub struct Information {
    /// Its identifier.
    pub id: ClientId,
    /// What was agreed, as the text of one JSON object.
    pub metadata: String,
    /// Its secret, when it has one.
    pub secret: Option<ClientSecret>,
    /// When the identifier was issued.
    pub issued_at: Timestamp,
    /// When the secret expires; never, when absent.
    pub secret_expires_at: Option<Timestamp>,
}

impl Information {
    /// That of a row, unless the row is damaged.
    pub(crate) fn of(mut row: ClientRow, seal: &SealingKey) -> Result<Self, StoreError> {
        let secret = row.secret(seal)?;
        row.terms()?;
        Ok(Self {
            secret,
            metadata: row.take_metadata()?.into_json(),
            issued_at: Timestamp::from_seconds(row.issued_at),
            secret_expires_at: row.secret_expires_at.map(Timestamp::from_seconds),
            id: ClientId::new(row.client_id),
        })
    }
}

impl From<Client> for Information {
    fn from(client: Client) -> Self {
        let Client {
            id,
            metadata,
            secret,
            issued_at,
            secret_expires_at,
            ..
        } = client;
        Self {
            id,
            metadata: metadata.into_json(),
            secret,
            issued_at,
            secret_expires_at,
        }
    }
}

impl Store {
    /// The information of the client that this registration access token may manage at this provider; `None` as
    /// [`Store::authenticate`] has it. Reads that come at the same time share a look at the database. RFC 7592 §2.1.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub fn information(
        &self,
        provider: &Issuer,
        id: &ClientId,
        token: &RegistrationAccessToken,
        now: Timestamp,
    ) -> impl Future<Output = Result<Option<Information>, StoreError>> + Send + use<> {
        let question = Question {
            provider: provider.as_str().to_owned(),
            client_id: id.as_str().to_owned(),
            token_digest: digest(token.reveal()),
            now,
        };
        let asked = if may_exist(id) {
            Some(self.0.reader.ask(question))
        } else {
            None
        };
        let span = tracing::info_span!("store read", otel.kind = "client");
        async move {
            let _span = span;
            match asked {
                Some(asked) => asked?.await.map_err(|_| closed())?,
                None => Ok(None),
            }
        }
    }
}
