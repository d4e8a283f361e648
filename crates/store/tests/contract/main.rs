//! What a store promises, on SQLite and on PostgreSQL.
//!
//! PostgreSQL is the server that `TEST_POSTGRES` names; `make test` starts one. Each test has a database of its own.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::too_many_lines,
    reason = "a test says what it expects"
)]

/// Runs each of these promises on both databases.
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
mod clients;
mod damage;
mod faults;
mod initial_access_tokens;
mod listing;
mod opening;
mod patterns;
mod reading;
mod schema;
mod signing_keys;
mod writing;
