//! An update to the values that a client has.

use protocol::RegisteredMetadata;
use store::{Client, DueSelection, ProvisioningState, SecretChange, StoreError};

use crate::delivery::read_store;
use crate::provisioner::Provisioner;
use crate::settings::Ready;

impl Provisioner {
    /// Returns true if an update changes neither the client nor its copy, which the server has confirmed. If the server refused the
    /// copy, it is written again.
    ///
    /// # Errors
    /// The store does not answer.
    pub(crate) async fn is_confirmed(
        &self,
        client: &Client,
        metadata: &RegisteredMetadata,
        secret: &SecretChange,
    ) -> Result<bool, StoreError> {
        if client.next_revision(metadata, secret) != client.revision {
            return Ok(false);
        }
        let Some(row) = self.row(&client.data.id).await? else {
            return Ok(false);
        };
        if row.state == ProvisioningState::Rejected && self.settings.ready == Ready::Later {
            let now = self.services.clock.now();
            let selection = DueSelection::Ids(vec![row.id]);
            read_store(&self.services.store, move |store| {
                store.mark_due(&selection, now)
            })
            .await?;
            return Ok(false);
        }
        Ok(row.state == ProvisioningState::Synced && row.synced_revision == Some(client.revision))
    }
}
