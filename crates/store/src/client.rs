//! Clients, as callers of the store see them.

use std::sync::Arc;

use protocol::{
    ClientId, ClientSecret, Issuer, RegisteredMetadata, RegistrationAccessToken, Timestamp,
    TokenTerms,
};

use crate::error::StoreError;

/// A client, apart from what only the store knows about it. RFC 7591 §3.2.1.
#[derive(Debug, Clone)]
pub struct ClientData {
    /// The client identifier.
    pub id: ClientId,
    /// The provider with which the client registered.
    pub provider: Issuer,
    /// The agreed metadata.
    pub metadata: RegisteredMetadata,
    /// The client secret, if the client has one; the store seals it.
    pub secret: Option<ClientSecret>,
    /// The time at which the identifier was issued.
    pub issued_at: Timestamp,
    /// The time at which the secret expires; `None`: never.
    pub secret_expires_at: Option<Timestamp>,
    /// The time at which the client expires; `None`: never.
    pub expires_at: Option<Timestamp>,
    /// The account that owns the client.
    pub owner: Option<String>,
    /// The name composed of the owner's name and the client's name. Several clients may have the same.
    pub composed_name: Option<String>,
    /// The terms of the initial access token it registers with, which later updates keep. RFC 7591
    /// §3.
    pub terms: Option<Arc<TokenTerms>>,
}

/// A client to be stored. RFC 7591 §3.2.1.
#[derive(Debug, Clone)]
pub struct NewClient {
    /// The client. Its identifier must be new.
    pub data: ClientData,
    /// The registration access token; only its digest is stored. Without one, no request can
    /// manage the client. RFC 7592 §1.2.
    pub token: Option<RegistrationAccessToken>,
}

/// A stored client. RFC 7591 §3.2.1.
#[derive(Debug, Clone)]
pub struct Client {
    /// The client.
    pub data: ClientData,
    /// The number of times the client was written. A replacement gives the revision that it
    /// replaces.
    pub revision: i64,
    /// The time at which this revision was written. A client that another release changed last has an earlier time here.
    pub changed_at: Timestamp,
    /// The day (UTC) on which the registration access token was last used; `None`: not used since
    /// the store records this.
    pub last_used_at: Option<Timestamp>,
}

impl Client {
    /// The revision of a new client.
    pub const FIRST_REVISION: i64 = 1;
}

/// The members of a client information response that the store keeps. RFC 7591 §3.2.1.
#[derive(Debug, Clone)]
pub struct ClientSummary {
    /// The client identifier.
    pub id: ClientId,
    /// The agreed metadata, as the text of a JSON object.
    pub metadata: String,
    /// The client secret, if the client has one.
    pub secret: Option<ClientSecret>,
    /// The time at which the identifier was issued.
    pub issued_at: Timestamp,
    /// The time at which the secret expires; `None`: never.
    pub secret_expires_at: Option<Timestamp>,
    /// The time at which the client expires; `None`: never.
    pub expires_at: Option<Timestamp>,
}

impl From<Client> for ClientSummary {
    fn from(client: Client) -> Self {
        let ClientData {
            id,
            metadata,
            secret,
            issued_at,
            secret_expires_at,
            expires_at,
            ..
        } = client.data;
        Self {
            id,
            metadata: metadata.into_json(),
            secret,
            issued_at,
            secret_expires_at,
            expires_at,
        }
    }
}

/// A client in a list. A row that cannot be read does not prevent the others from being listed.
#[derive(Debug)]
pub struct ListedClient<T = Client> {
    /// The client identifier.
    pub id: ClientId,
    /// The client, or the error that names the damaged column.
    pub client: Result<T, StoreError>,
}

/// The effect of a replacement on the client secret. RFC 7592 §2.2.
#[derive(Debug, Clone)]
pub enum SecretChange {
    /// Keeps the secret.
    Keep,
    /// Replaces the secret; the new one expires at that time, or never.
    Issue(ClientSecret, Option<Timestamp>),
    /// Removes the secret.
    Remove,
}
