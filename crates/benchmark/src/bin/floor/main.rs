//! The minimal cost of a registration on this framework and this database, to compare the service
//! with. Registrations are hardly checked here, and nothing is sealed, audited, counted, limited or
//! logged.
//!
//! | command | measures |
//! |---|---|
//! | `floor handler` | HTTP without a store: parses a registration, checks it, draws random bytes, digests, answers |
//! | `floor pooled FILE` | the same, with each registration in its own transaction in an SQLite file, on a pooled connection |
//! | `floor commit FILE COUNT` | no HTTP: COUNT rows into an SQLite file, 64 in a transaction; prints a line of JSON |
//!
//! The first two take a free port of 127.0.0.1 and print it on standard output. As in the service,
//! a response follows the commit, and each commit is synced.

mod commit;
mod register;
mod table;

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut next = |what: &str| {
        arguments
            .next()
            .ok_or_else(|| format!("the argument {what} is missing"))
    };
    match next("handler, pooled or commit")?.as_str() {
        "handler" => Ok(register::serve(None)?),
        "pooled" => Ok(register::serve(Some(table::pool(&next("FILE")?)?))?),
        "commit" => commit::measure(&next("FILE")?, next("COUNT")?.parse()?),
        other => Err(format!("unknown command {other}").into()),
    }
}
