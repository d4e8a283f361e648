//! Locks across processes that are held until the end of a transaction.

use diesel::prelude::*;

use crate::connection::AnyConnection;
use crate::error::StoreError;

/// An activity that only one transaction at a time may perform.
#[derive(Debug, Clone, Copy)]
pub enum Lock {
    /// Changing the schema.
    Migrations,
    /// Deciding about signing keys.
    SigningKeys,
    /// Making room for documents of clients.
    ClientDocuments,
    /// Counting the copies of clients at authorization servers.
    Copies,
}

impl Lock {
    /// Returns the number of the advisory lock on PostgreSQL: `fdsk` in ASCII, and a number for the
    /// activity.
    const fn number(self) -> i64 {
        0x6664_736b_0000_0000
            + match self {
                Self::Migrations => 1,
                Self::SigningKeys => 2,
                Self::ClientDocuments => 3,
                Self::Copies => 4,
            }
    }
}

/// Waits for a lock. On SQLite a transaction that writes excludes all others, so it holds the lock
/// already.
pub fn lock(connection: &mut AnyConnection, lock: Lock) -> Result<(), StoreError> {
    if let AnyConnection::Postgres(postgres) = connection {
        diesel::sql_query("SELECT pg_advisory_xact_lock($1)")
            .bind::<diesel::sql_types::BigInt, _>(lock.number())
            .execute(postgres)?;
    }
    Ok(())
}
