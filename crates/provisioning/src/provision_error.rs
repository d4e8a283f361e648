//! The errors of a request that needs the authorization server.

use std::time::Duration;

use protocol::InvalidMember;
use store::StoreError;

/// The reason for which a client was not written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProvisionError {
    /// The authorization server refuses the client for good.
    #[error("{}{reason}", member.as_deref().map(|member| format!("{member}: ")).unwrap_or_default())]
    Rejected {
        /// The member of client metadata that is at fault, if the server named it.
        member: Option<String>,
        /// The server's reason, without secrets.
        reason: String,
    },
    /// A value is beyond a limit of the authorization server. Nothing was written.
    #[error("{0}")]
    Limit(InvalidMember),
    /// The authorization server has the maximum number of copies. Nothing was written.
    #[error("the authorization server has the maximum number of copies")]
    Full {
        /// The time after which the request may succeed.
        retry_after: Duration,
    },
    /// The authorization server does not answer.
    #[error("{reason}")]
    Unavailable {
        /// The reason, without secrets.
        reason: String,
        /// The time after which the request may succeed.
        retry_after: Duration,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
