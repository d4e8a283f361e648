//! The provisioner against scripted authorization servers and a real SQLite store.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test says what it expects"
)]

mod bench;
mod breaker;
mod chosen;
mod deletion;
mod deliverer;
mod later;
mod reconcile;
#[path = "../support/mod.rs"]
mod support;
mod update;
mod wait;
