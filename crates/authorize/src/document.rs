//! The client of a request by the URL of its document: it is read, and written into the server behind, before the browser goes on.

use std::net::IpAddr;

use documents::{DocumentAccess, Purpose, Resolution, ResolveError, ResolveFailure};
use oauth_http::{Failure, blocking};
use protocol::{ClientId, ClientIdUrl};
use provisioning::ProvisionError;
use store::{ClientDocument, ClientState, DocumentState, ProvisioningState, StoreError};

use crate::counts::ClientKind;
use crate::outcome::{HopAnswer, HopRefusal, store_refusal};
use crate::state::Hop;

/// The rows about a client before its resolution.
struct HeldRows {
    document: Option<ClientDocument>,
    /// The revision that the server behind has, if it has one and nothing waits to be written.
    synced_revision: Option<i64>,
}

/// The party that sends an authorization request.
#[derive(Clone, Copy)]
pub(crate) struct HopCaller {
    /// The address, unless it is that of a proxy.
    pub(crate) address: Option<IpAddr>,
    /// True if the request asks for the answer alone, with HEAD: it has no effect.
    pub(crate) is_head: bool,
}

impl Hop {
    /// Decides about a client with a document.
    ///
    /// # Errors
    /// The store is damaged.
    pub(crate) async fn document(
        &self,
        url: &ClientIdUrl,
        caller: HopCaller,
    ) -> Result<HopAnswer, Failure> {
        let (kind, result) = match self.resolved(url, caller).await {
            Ok(kind) => (kind, Ok(())),
            Err(HopError::Refused(refusal)) => (ClientKind::Document, Err(refusal)),
            Err(HopError::Store(error)) => (ClientKind::Document, Err(store_refusal(error)?)),
            Err(HopError::Failed(failure)) => return Err(failure),
        };
        Ok(HopAnswer {
            kind,
            host: Some(url.host().to_owned()),
            result,
        })
    }

    async fn resolved(&self, url: &ClientIdUrl, caller: HopCaller) -> Result<ClientKind, HopError> {
        let held = self.held_rows(url).await?;
        let documents = &self.services.documents;
        let purpose = match caller.is_head {
            true => Purpose::Other,
            false => Purpose::Authorize,
        };
        if !caller.is_head && self.may_fetch(url, held.document.as_ref()) {
            let counted = self.services.limiter.count(caller.address);
            counted.map_err(|wait| HopRefusal::busy("too many fetches from this address", wait))?;
        }
        match documents.resolve(url.as_str(), purpose).await? {
            Resolution::Document(resolved) => {
                if !caller.is_head {
                    self.publish(&resolved.document, held.synced_revision)
                        .await?;
                    self.record_pass(resolved.document).await?;
                }
                Ok(ClientKind::Document)
            }
            Resolution::Registered(ClientState::Active(client)) => {
                if !caller.is_head {
                    self.record_use(client.data.id).await?;
                }
                Ok(ClientKind::Registered)
            }
            Resolution::Ordinary | Resolution::Passed | Resolution::Registered(_) => {
                Ok(ClientKind::Other)
            }
            Resolution::Unknown if documents.settings().access == DocumentAccess::Closed => {
                Err(HopRefusal::NotAllowed("documents are not accepted").into())
            }
            Resolution::Unknown => Err(HopRefusal::NotHeld.into()),
            Resolution::Failed(failure) => Err(HopRefusal::from(failure).into()),
        }
    }

    async fn held_rows(&self, url: &ClientIdUrl) -> Result<HeldRows, HopError> {
        let (store, issuer) = (self.services.store.clone(), self.issuer.clone());
        let id = ClientId::new(url.as_str());
        let is_provisioned = self.services.provisioner.is_some();
        let held = blocking(move || {
            let document = store.find_document(&issuer, &id)?;
            let copy = match document.is_some() && is_provisioned {
                true => store.provisioning_row(&issuer, &id)?,
                false => None,
            };
            let synced = copy.filter(|copy| copy.state == ProvisioningState::Synced);
            Ok::<_, StoreError>(HeldRows {
                document,
                synced_revision: synced.and_then(|copy| copy.synced_revision),
            })
        });
        Ok(held.await??)
    }

    /// Returns true if the resolution of an identifier may open a connection.
    fn may_fetch(&self, url: &ClientIdUrl, row: Option<&ClientDocument>) -> bool {
        let settings = self.services.documents.settings();
        let is_held = row.is_some_and(|row| {
            row.state == DocumentState::Disabled || row.is_fresh(self.services.clock.now())
        });
        settings.access != DocumentAccess::Closed && !is_held && !settings.pass.contains(url)
    }

    /// Writes a document that is new or changed into the server behind.
    async fn publish(
        &self,
        document: &ClientDocument,
        synced_revision: Option<i64>,
    ) -> Result<(), HopError> {
        match &self.services.provisioner {
            Some(provisioner) if synced_revision != Some(document.revision) => {
                Ok(provisioner.publish(&document.client_id).await?)
            }
            _ => Ok(()),
        }
    }

    async fn record_pass(&self, document: ClientDocument) -> Result<(), HopError> {
        let (store, now) = (self.services.store.clone(), self.services.clock.now());
        if document.has_recorded_pass(now) {
            return Ok(());
        }
        Ok(blocking(move || store.record_document_pass(&document, now)).await??)
    }

    async fn record_use(&self, id: ClientId) -> Result<(), HopError> {
        let (store, issuer) = (self.services.store.clone(), self.issuer.clone());
        let now = self.services.clock.now();
        blocking(move || store.is_active_client(&issuer, &id, now, true)).await??;
        Ok(())
    }
}

/// The reason why a document does not lead to a redirect.
enum HopError {
    Refused(HopRefusal),
    Store(StoreError),
    Failed(Failure),
}

impl From<HopRefusal> for HopError {
    fn from(refusal: HopRefusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<StoreError> for HopError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Failure> for HopError {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<ResolveError> for HopError {
    fn from(error: ResolveError) -> Self {
        match error {
            ResolveError::Store(error) => Self::Store(error),
            ResolveError::Blocking(failure) => Self::Failed(failure),
        }
    }
}

impl From<ProvisionError> for HopError {
    fn from(error: ProvisionError) -> Self {
        Self::Refused(match error {
            ProvisionError::Rejected { member, .. } => HopRefusal::Unacceptable {
                member,
                reason: "the server behind refuses the client",
            },
            ProvisionError::Limit(invalid) => HopRefusal::Unacceptable {
                member: Some(invalid.member.into_owned()),
                reason: "a value is beyond a limit of the server behind",
            },
            ProvisionError::Unavailable {
                retry_after,
                reason,
            } => {
                tracing::info!(reason, "a client was not written into the server behind");
                HopRefusal::busy("the server behind is not available", retry_after)
            }
            ProvisionError::Full { retry_after } => HopRefusal::busy(
                "the server behind has the maximum number of clients",
                retry_after,
            ),
            ProvisionError::Store(error) => return Self::Store(error),
        })
    }
}

impl From<ResolveFailure> for HopRefusal {
    fn from(failure: ResolveFailure) -> Self {
        match failure {
            ResolveFailure::Invalid(_) => Self::InvalidIdentifier,
            ResolveFailure::NotListed => Self::NotAllowed("the host is not listed"),
            ResolveFailure::Disabled => Self::NotAllowed("the document is disabled"),
            ResolveFailure::Gone | ResolveFailure::Unreachable(_) | ResolveFailure::Unread(_) => {
                Self::Unreadable(failure.word())
            }
            ResolveFailure::Busy(wait) => Self::busy("too many fetches", wait),
            ResolveFailure::Refused { member, .. } => Self::Unacceptable {
                member,
                reason: "the document is refused",
            },
        }
    }
}
