//! The part of a client that its own information response shows. OIDC Registration §4.2, RFC 7592
//! §2.1.

use std::future::Future;

use protocol::{ClientId, Issuer, RegistrationAccessToken, Timestamp};

use crate::Store;
use crate::client::ClientSummary;
use crate::client_row::has_no_nul;
use crate::error::StoreError;
use crate::reader::ReadRequest;
use crate::seal::digest;

impl Store {
    /// Returns the summary of the client that this registration access token may manage at this
    /// provider, or `None` in the cases of [`Store::authenticate`]. Concurrent calls share a query.
    /// RFC 7592 §2.1.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub fn find_summary(
        &self,
        provider: &Issuer,
        id: &ClientId,
        token: &RegistrationAccessToken,
        now: Timestamp,
    ) -> impl Future<Output = Result<Option<ClientSummary>, StoreError>> + Send + use<> {
        let request = ReadRequest {
            provider: provider.as_str().to_owned(),
            client_id: id.as_str().to_owned(),
            token_digest: digest(token.reveal()),
            now,
        };
        let sent = has_no_nul(id.as_str()).then(|| self.0.reader.send(request));
        let span = tracing::info_span!("store read", otel.kind = "client");
        async move {
            let _span = span;
            match sent {
                Some(sent) => sent?.await.map_err(|_| StoreError::closed())?,
                None => Ok(None),
            }
        }
    }
}
