//! The decision about client ID metadata documents, without a server and without a network.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on is a panic"
)]

mod provider;

mod documents {
    pub mod published;
    pub mod refused;
    pub mod statements;
    pub mod support;
}
