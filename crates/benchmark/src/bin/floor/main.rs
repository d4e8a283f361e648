//! The least that a registration can cost on this framework and this database, to measure the service's against it. What is
//! checked of a registration here is next to nothing, and nothing is sealed, audited, counted, limited or logged.
//!
//! | command | what |
//! |---|---|
//! | `floor handler` | HTTP without a store: reads a registration, looks at it, draws randomness, digests, answers |
//! | `floor pooled FILE` | the same, and each registration is a transaction of its own in an SQLite file, on a connection of a pool |
//! | `floor commit FILE COUNT` | no HTTP: so many rows into an SQLite file, 64 to a transaction; prints a line of JSON |
//!
//! The first two take a free port of 127.0.0.1 and say which on standard output. An answer follows the commit, and each commit
//! is synced, as the service's is.

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
        other => Err(format!("there is no {other}").into()),
    }
}
