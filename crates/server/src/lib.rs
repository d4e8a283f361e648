//! Frontdesk: WebFinger, discovery and dynamic client registration as one service.
//!
//! [`cli`] reads the command line, [`config`] the settings; [`serve`] puts the site of [`wiring`] on its listeners;
//! [`commands`] are the others an operator has.

pub mod atomic_file;
pub mod cli;
pub mod commands;
pub mod config;
pub mod connections;
pub mod descriptors;
pub mod direct;
pub mod durations;
pub mod front;
pub mod heads;
pub mod host;
pub mod listener;
pub mod management;
pub mod metrics;
pub mod observability;
pub mod open_store;
pub mod openapi;
pub mod pages;
pub mod provider;
pub mod request_id;
pub mod serve;
pub mod setting;
pub mod settings;
mod sockets;
pub mod supervisor;
pub mod tasks;
pub mod terminal;
pub mod tls;
pub mod wiring;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use protocol::RandomSource;

/// Random text of that many bytes, in base64url.
///
/// # Errors
/// When there is no randomness.
pub fn random_text(random: &RandomSource, bytes: usize) -> Result<String, String> {
    let mut buffer = vec![0_u8; bytes];
    random(&mut buffer).map_err(|reason| format!("there is no randomness: {reason}"))?;
    Ok(URL_SAFE_NO_PAD.encode(buffer))
}
