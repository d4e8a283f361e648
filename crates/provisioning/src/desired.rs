//! The state that a copy must have, as it follows from the client, and the state that the server confirmed.

use std::sync::Arc;

use protocol::{ClientId, ClientSecret, Issuer, RegisteredMetadata, Timestamp};
use store::{ClientData, ConfirmedCopy, DesiredRecord};

use crate::connector::{CopyHandle, DesiredClient, DesiredSecret};

/// The state that a copy must have, without borrows.
#[derive(Clone)]
pub(crate) struct DesiredCopy {
    pub(crate) issuer: Issuer,
    pub(crate) client_id: Option<ClientId>,
    pub(crate) secret: CopySecret,
    pub(crate) metadata: RegisteredMetadata,
    pub(crate) scopes_supported: Arc<[String]>,
    pub(crate) revision: i64,
    pub(crate) is_enabled: bool,
}

/// The secret that a copy must have.
#[derive(Clone)]
pub(crate) enum CopySecret {
    None,
    This(ClientSecret),
    Unusable,
}

impl CopySecret {
    pub(crate) fn from_secret(secret: Option<&ClientSecret>) -> Self {
        secret.map_or(Self::None, |secret| Self::This(secret.clone()))
    }
}

impl DesiredCopy {
    /// Returns the state of a client that is about to be stored.
    pub(crate) fn from_new(client: &ClientData, revision: i64, scopes: Arc<[String]>) -> Self {
        Self {
            issuer: client.provider.clone(),
            client_id: Some(client.id.clone()),
            secret: CopySecret::from_secret(client.secret.as_ref()),
            metadata: client.metadata.clone(),
            scopes_supported: scopes,
            revision,
            is_enabled: true,
        }
    }

    /// Returns the state of a stored client. An expired secret is unusable; the copy of an expired or disabled client is disabled.
    pub(crate) fn from_record(
        record: DesiredRecord,
        issuer: Issuer,
        client_id: ClientId,
        scopes: Arc<[String]>,
        now: Timestamp,
    ) -> Self {
        let secret = match &record.secret {
            Some(_) if record.secret_expires_at.is_some_and(|at| at <= now) => CopySecret::Unusable,
            secret => CopySecret::from_secret(secret.as_ref()),
        };
        Self {
            issuer,
            client_id: Some(client_id),
            secret,
            is_enabled: !record.is_disabled && record.expires_at.is_none_or(|at| at > now),
            metadata: record.metadata,
            scopes_supported: scopes,
            revision: record.revision,
        }
    }

    pub(crate) fn borrowed(&self) -> DesiredClient<'_> {
        DesiredClient {
            issuer: &self.issuer,
            client_id: self.client_id.as_ref(),
            secret: match &self.secret {
                CopySecret::None => DesiredSecret::None,
                CopySecret::This(secret) => DesiredSecret::This(secret),
                CopySecret::Unusable => DesiredSecret::Unusable,
            },
            metadata: &self.metadata,
            scopes_supported: &self.scopes_supported,
            revision: self.revision,
            enabled: self.is_enabled,
        }
    }
}

/// The times at which a client and its secret expire.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ClientExpiry {
    /// The end of the secret; `None` also without a secret.
    pub(crate) secret: Option<Timestamp>,
    /// The end of the client.
    pub(crate) client: Option<Timestamp>,
}

impl ClientExpiry {
    pub(crate) fn new(
        secret: Option<&ClientSecret>,
        secret_expires_at: Option<Timestamp>,
        expires_at: Option<Timestamp>,
    ) -> Self {
        Self {
            secret: secret.and(secret_expires_at),
            client: expires_at,
        }
    }

    /// Returns the copy that the server confirmed. It is due again when the secret or the client expires.
    pub(crate) fn confirmed(
        self,
        place: CopyHandle,
        dropped_members: Vec<String>,
        revision: i64,
        now: Timestamp,
    ) -> ConfirmedCopy {
        let later = |at: &Timestamp| *at > now;
        let secret_until = self.secret.filter(later);
        ConfirmedCopy {
            handle: place.handle,
            token: place.token,
            dropped_members,
            revision,
            secret_until,
            due_at: secret_until
                .into_iter()
                .chain(self.client.filter(later))
                .min(),
        }
    }
}
