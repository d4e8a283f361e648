//! Frontdesk: WebFinger, discovery and dynamic client registration as a single service.
//!
//! [`cli`] reads the command line, [`config`] the settings; [`serve`] puts the [`deployment`] on its listeners;
//! [`commands`] holds the other commands.

pub mod atomic_file;
pub mod cli;
pub mod client_documents;
pub mod commands;
pub mod config;
pub mod deployment;
pub mod durations;
pub mod first_account;
pub mod http;
pub mod management;
pub mod metrics;
pub mod observability;
pub mod open_store;
pub mod openapi;
pub mod pages;
pub mod provider;
pub mod provision;
pub mod serve;
pub mod setting;
pub mod settings;
pub mod supervisor;
pub mod tasks;
pub mod terminal;
pub mod tls;
pub mod upstream;

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use protocol::RandomSource;

/// Returns the random source of this program: OpenSSL.
pub fn random() -> RandomSource {
    Arc::new(|buffer| openssl::rand::rand_bytes(buffer).map_err(|error| error.to_string()))
}

/// Returns random text of `bytes` random bytes, in base64url.
///
/// # Errors
/// Fails when the random source does.
pub fn random_text(random: &RandomSource, bytes: usize) -> anyhow::Result<String> {
    let mut buffer = vec![0_u8; bytes];
    random(&mut buffer).map_err(|reason| anyhow::anyhow!("the random source failed: {reason}"))?;
    Ok(URL_SAFE_NO_PAD.encode(buffer))
}
