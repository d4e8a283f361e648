//! A client, before and after it is stored.

use std::sync::Arc;

use protocol::{
    ClientId, ClientSecret, Issuer, RegisteredMetadata, RegistrationAccessToken, Timestamp,
    TokenTerms,
};

use crate::error::StoreError;

/// A client about to be stored. RFC 7591 §3.2.1.
#[derive(Debug, Clone)]
pub struct NewClient {
    /// Its identifier, which nobody had before.
    pub id: ClientId,
    /// The provider it registered with.
    pub provider: Issuer,
    /// What was agreed.
    pub metadata: RegisteredMetadata,
    /// Its secret, when it has one; sealed before it is stored.
    pub secret: Option<ClientSecret>,
    /// The token that may manage it; only a digest is stored. RFC 7592 §1.2.
    pub token: RegistrationAccessToken,
    /// When the identifier was issued.
    pub issued_at: Timestamp,
    /// When the secret expires; never, when absent.
    pub secret_expires_at: Option<Timestamp>,
    /// When the client itself expires; never, when absent.
    pub expires_at: Option<Timestamp>,
    /// The account it belongs to.
    pub owner: Option<String>,
    /// The name composed of its owner's and its own, unique per provider and owner.
    pub composed_name: Option<String>,
    /// The terms of the initial access token it registers with, which later updates keep. RFC 7591 §3.
    pub terms: Option<Arc<TokenTerms>>,
}

/// A stored client. RFC 7591 §3.2.1.
#[derive(Debug, Clone)]
pub struct Client {
    /// Its identifier.
    pub id: ClientId,
    /// The provider it registered with.
    pub provider: Issuer,
    /// What was agreed.
    pub metadata: RegisteredMetadata,
    /// Its secret, when it has one.
    pub secret: Option<ClientSecret>,
    /// When the identifier was issued.
    pub issued_at: Timestamp,
    /// When the secret expires; never, when absent.
    pub secret_expires_at: Option<Timestamp>,
    /// When the client itself expires; never, when absent.
    pub expires_at: Option<Timestamp>,
    /// The account it belongs to.
    pub owner: Option<String>,
    /// The name composed of its owner's and its own.
    pub composed_name: Option<String>,
    /// The terms of the initial access token it registered with.
    pub terms: Option<Arc<TokenTerms>>,
    /// How often it was written: a replacement says which of them it replaces.
    pub revision: i64,
    /// The day (UTC) on which its registration access token was last used, as far as that was noted; not yet, when absent.
    pub last_used_at: Option<Timestamp>,
}

impl Client {
    pub(crate) const FIRST_REVISION: i64 = 1;
}

/// The members of a client information response that the store keeps. RFC 7591 §3.2.1.
#[derive(Debug, Clone)]
pub struct Information {
    /// The client identifier.
    pub id: ClientId,
    /// The agreed metadata, as the text of one JSON object.
    pub metadata: String,
    /// The client secret, if the client has one.
    pub secret: Option<ClientSecret>,
    /// The time at which the identifier was issued.
    pub issued_at: Timestamp,
    /// The time at which the secret expires; `None`: never.
    pub secret_expires_at: Option<Timestamp>,
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

/// One of a page of clients. A row that cannot be read is named, and keeps nobody from the others.
#[derive(Debug)]
pub struct Listed<T = Client> {
    /// Its identifier.
    pub id: ClientId,
    /// The client, or which column of its row is damaged.
    pub client: Result<T, StoreError>,
}

/// What a replacement does to the secret. RFC 7592 §2.2.
#[derive(Debug, Clone)]
pub enum SecretChange {
    /// The secret stays as it is.
    Keep,
    /// This secret takes its place; it expires at that time, or never.
    Issue(ClientSecret, Option<Timestamp>),
    /// The client has none any more.
    Remove,
}
