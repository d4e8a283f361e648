//! The errors of the store.

use diesel::result::{DatabaseErrorKind, Error};
use protocol::Timestamp;

/// The reason why an operation of the store failed.
///
/// Each prints as a sentence for an operator, without secrets and without values of statements.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The database is down, busy or full, or the queue of writes is full. The same request may
    /// succeed later.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// The store could not be opened.
    #[error("the store {url} cannot be opened: {reason}")]
    Open {
        /// The database URL, without its password.
        url: String,
        /// The message of the database or of the file system.
        reason: String,
    },
    /// The client was changed, expired or was deleted since it was read.
    #[error("the client was changed or deleted by another request in the meantime")]
    Stale,
    /// Another request or process is writing the client's copy at the server behind the provider.
    #[error("the client's copy at the authorization server is being written")]
    BeingWritten {
        /// The time at which the other writer's right ends.
        until: Timestamp,
    },
    /// The provider has as many copies of clients as its settings allow.
    #[error(
        "the provider has as many clients at its authorization server as provider.provision.at_most allows"
    )]
    TooManyCopies,
    /// The name is already in use.
    #[error("the name is already in use")]
    Conflict,
    /// No further client ID metadata document may be stored: every row is proven, pinned or disabled.
    #[error("the store has as many documents of clients as the limits allow")]
    DocumentsFull,
    /// The initial access token is used up, expired or revoked.
    #[error("the initial access token is used up, expired or revoked")]
    TokenExhausted,
    /// The schema is of a newer version of the program.
    #[error(
        "the schema of the store is newer than this program: it has the migration {migration}, which this program does not know"
    )]
    SchemaNewer {
        /// The first migration that this program does not know.
        migration: String,
    },
    /// Migrations are missing.
    #[error("the database schema is outdated; run frontdesk migrate")]
    SchemaOutdated,
    /// The sealing key is not the one this store was sealed with.
    #[error("the sealing key is not the one this store was sealed with")]
    WrongKey,
    /// A stored value cannot be read.
    #[error("the store is damaged: {table}.{column} of {key:?} cannot be read")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The row's key.
        key: String,
    },
    /// The store does not accept a value.
    #[error("{0}")]
    Refused(&'static str),
    /// The database refused a statement, because of a bug or a damaged database.
    #[error("the database refused a statement: {0}")]
    Database(String),
}

impl StoreError {
    /// Returns the error of a store that was closed, or whose worker thread was lost.
    pub(crate) fn closed() -> Self {
        Self::Unavailable("the store is closed".to_owned())
    }

    pub(crate) fn corrupt(table: &'static str, column: &'static str, key: &str) -> Self {
        Self::Corrupt {
            table,
            column,
            key: key.to_owned(),
        }
    }

    /// Returns true if another process holds the lock of the SQLite file.
    pub(crate) fn is_locked(&self) -> bool {
        matches!(self, Self::Unavailable(message) if message.contains("is locked") || message.contains("locking protocol"))
    }

    pub(crate) fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

// The ORM passes on no error codes for these conditions, so their constant texts are compared.
// SQLite has its texts compiled in; those of PostgreSQL are of its C locale.
const TRANSIENT_MESSAGES: &[&str] = &[
    "database is locked",
    "database table is locked",
    "database schema is locked",
    "database or disk is full",
    "disk I/O error",
    "unable to open database file",
    "attempt to write a readonly database",
    "locking protocol",
    "out of memory",
    "out of shared memory",
    "No space left on device",
    "could not extend file",
    "could not write",
    "too many clients",
    "connection slots are reserved",
    "deadlock detected",
    "canceling statement",
    "terminating connection",
    "the database system is",
    "server closed the connection",
];

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        match error {
            Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => Self::Conflict,
            Error::DatabaseError(kind, details) => {
                let message = one_line(details.message());
                let is_transient = matches!(
                    kind,
                    DatabaseErrorKind::ClosedConnection
                        | DatabaseErrorKind::UnableToSendCommand
                        | DatabaseErrorKind::SerializationFailure
                        | DatabaseErrorKind::ReadOnlyTransaction
                );
                if is_transient || TRANSIENT_MESSAGES.iter().any(|text| message.contains(text)) {
                    Self::Unavailable(message)
                } else {
                    Self::Database(message)
                }
            }
            Error::BrokenTransactionManager => {
                Self::Unavailable("a transaction was lost".to_owned())
            }
            other => Self::Database(one_line(&other.to_string())),
        }
    }
}

/// Returns a message of the database on a single line.
pub(crate) fn one_line(message: &str) -> String {
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(kind: DatabaseErrorKind, text: &str) -> StoreError {
        Error::DatabaseError(kind, Box::new(text.to_owned())).into()
    }

    /// Transient errors are distinguished from permanent errors.
    #[test]
    fn transient_errors_are_recognised() {
        assert_eq!(
            said(DatabaseErrorKind::UniqueViolation, "x"),
            StoreError::Conflict
        );
        for text in [
            "database is locked",
            "database or disk is full",
            "FATAL: terminating connection due to administrator command",
        ] {
            assert!(
                said(DatabaseErrorKind::Unknown, text).is_unavailable(),
                "{text}"
            );
        }
        assert!(said(DatabaseErrorKind::ClosedConnection, "").is_unavailable());
        assert!(said(DatabaseErrorKind::ReadOnlyTransaction, "").is_unavailable());
        assert_eq!(
            said(DatabaseErrorKind::Unknown, "syntax\n error"),
            StoreError::Database("syntax error".to_owned())
        );
    }
}
