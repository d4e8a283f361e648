//! The part of a client that its own information response shows. OIDC Registration §4.2, RFC 7592
//! §2.1.

use std::future::Future;

use protocol::{ClientId, Issuer, RegistrationAccessToken, Timestamp};

use crate::Store;
use crate::client::ClientSummary;
use crate::error::StoreError;
use crate::seal::{constant_time_eq, digest};

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
        let (store, provider, id) = (self.clone(), provider.clone(), id.clone());
        let (presented, read) = (digest(token.reveal()), self.0.reader.read(id.as_str()));
        async move {
            let Some(row) = read.await? else {
                // An unknown client takes the time of a comparison too.
                std::hint::black_box(constant_time_eq(&presented, &presented));
                return Ok(None);
            };
            if !row.is_managed_with(provider.as_str(), &presented, now) {
                return Ok(None);
            }
            let stored = row.last_used_at;
            let summary = row.into_summary(&store.0.seal)?;
            store.0.last_used.record(id.as_str(), stored, now);
            Ok(Some(summary))
        }
    }
}
