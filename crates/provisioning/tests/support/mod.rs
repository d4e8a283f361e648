//! The clients that connectors write to scripted servers.

#![allow(dead_code, reason = "each test program uses a part")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test says what it expects"
)]

pub mod scripted;

use std::sync::Arc;
use std::time::{Duration, Instant};

use openssl::ssl::SslConnector;
use protocol::{ClientId, ClientSecret, Issuer, RandomSource, RegisteredMetadata};
use provisioning::{DesiredClient, DesiredSecret};
use serde_json::Value;

/// A client that connectors write.
pub struct Wanted {
    pub issuer: Issuer,
    pub id: ClientId,
    pub secret: Option<ClientSecret>,
    pub metadata: RegisteredMetadata,
    pub scopes: Vec<String>,
    pub revision: i64,
}

impl Wanted {
    /// A confidential client of the code flow, with these members besides.
    pub fn new(members: &Value) -> Self {
        let mut metadata = serde_json::json!({
            "redirect_uris": ["https://rp.example/cb"],
            "token_endpoint_auth_method": "client_secret_basic",
            "grant_types": ["authorization_code"],
            "response_types": ["code"],
        });
        for (name, value) in members.as_object().unwrap() {
            metadata[name] = value.clone();
        }
        Self {
            issuer: Issuer::parse("https://login.example.com").unwrap(),
            id: ClientId::new("0ABCdefGHI"),
            secret: Some(ClientSecret::new("S3cretOfTheClient")),
            metadata: RegisteredMetadata::from_stored(metadata.to_string()).unwrap(),
            scopes: vec!["openid".to_owned(), "profile".to_owned()],
            revision: 1,
        }
    }

    pub fn desired(&self) -> DesiredClient<'_> {
        DesiredClient {
            issuer: &self.issuer,
            client_id: Some(&self.id),
            secret: match &self.secret {
                Some(secret) => DesiredSecret::This(secret),
                None => DesiredSecret::None,
            },
            metadata: &self.metadata,
            scopes_supported: &self.scopes,
            revision: self.revision,
            enabled: true,
        }
    }
}

pub fn trust() -> SslConnector {
    outbound::tls::connector_builder(Vec::new())
        .unwrap()
        .build()
}

/// A random source that gives one byte.
pub fn random() -> RandomSource {
    Arc::new(|buffer| {
        buffer.fill(7);
        Ok(())
    })
}

pub fn soon() -> Instant {
    Instant::now() + Duration::from_secs(10)
}
