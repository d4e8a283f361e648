//! Locks that hold to the end of a transaction, across processes.

use diesel::prelude::*;

use crate::connection::AnyConnection;
use crate::error::StoreError;

/// What at most one transaction at a time may do.
#[derive(Debug, Clone, Copy)]
pub enum Lock {
    /// Change the schema.
    Migrations,
    /// Decide about signing keys.
    SigningKeys,
}

impl Lock {
    /// The number PostgreSQL knows it by: `fdsk` in ASCII, and one of ours.
    const fn number(self) -> i64 {
        0x6664_736b_0000_0000
            + match self {
                Self::Migrations => 1,
                Self::SigningKeys => 2,
            }
    }
}

/// Waits for a lock. A transaction that writes is alone on SQLite, so there it has the lock already.
pub fn lock(connection: &mut AnyConnection, lock: Lock) -> Result<(), StoreError> {
    if let AnyConnection::Postgres(postgres) = connection {
        diesel::sql_query("SELECT pg_advisory_xact_lock($1)")
            .bind::<diesel::sql_types::BigInt, _>(lock.number())
            .execute(postgres)?;
    }
    Ok(())
}
