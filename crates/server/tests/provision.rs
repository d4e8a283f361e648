//! Provisioning: the real binary writes clients into scripted authorization servers, on SQLite and on PostgreSQL.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test says what it expects"
)]

#[path = "provision/answers.rs"]
mod answers;
#[path = "provision/check.rs"]
mod check;
#[path = "provision/drift.rs"]
mod drift;
#[path = "provision/lifetimes.rs"]
mod lifetimes;
#[path = "provision/outage.rs"]
mod outage;
#[path = "provision/restarts.rs"]
mod restarts;
#[path = "../../provisioning/tests/support/scripted/mod.rs"]
mod scripted_server;
mod support;
#[path = "provision/world.rs"]
mod world;
