//! The contract of the store, on SQLite and on PostgreSQL.
//!
//! PostgreSQL is the server at `TEST_POSTGRES`; `make test` starts one. Each test has its own
//! database.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::too_many_lines,
    reason = "a test says what it expects"
)]

/// Runs each test on both databases.
macro_rules! on_both {
    ($($promise:ident),+ $(,)?) => {
        mod sqlite {
            $(#[test] fn $promise() { super::$promise(&crate::bench::Bench::sqlite()); })+
        }
        mod postgres {
            $(#[test] fn $promise() { super::$promise(&crate::bench::Bench::postgres()); })+
        }
    };
}

mod accounts;
mod audit;
mod backup;
mod bench;
mod carried;
mod client_document;
mod clients;
mod damage;
mod faults;
mod initial_access_tokens;
mod listing;
mod opening;
mod patterns;
mod provisioned;
mod provisioning_deliveries;
mod provisioning_lists;
mod provisioning_property;
mod provisioning_requests;
mod reading;
mod schema;
mod signing_keys;
mod upstream_document;
mod without_token;
mod writing;
