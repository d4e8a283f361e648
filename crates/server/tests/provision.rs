//! Provisioning: the real binary writes clients into scripted authorization servers, on SQLite and on PostgreSQL.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test says what it expects"
)]

#[path = "provision/check.rs"]
mod check;
#[path = "../../provisioning/tests/support/scripted/mod.rs"]
mod scripted_server;
mod support;
#[path = "provision/world.rs"]
mod world;
