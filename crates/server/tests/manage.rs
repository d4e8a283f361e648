//! Management: reading, updating and deleting a client with its registration access token.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test says what it expects"
)]

mod support;

#[path = "manage/credentials.rs"]
mod credentials;
#[path = "manage/lifetimes.rs"]
mod lifetimes;
#[path = "manage/limits.rs"]
mod limits;
#[path = "manage/races.rs"]
mod races;
#[path = "manage/update.rs"]
mod update;
