//! The results of a resolution.

use std::time::Duration;

use admission::{DocumentRejection, DocumentStep};
use oauth_http::Failure;
use outbound::{DocumentFetchError, FailureClass};
use protocol::client_id_url::ClientIdUrlError;
use store::{ClientDocument, ClientState, StoreError};

/// The time after which a caller may ask again where no limit names one.
const RETRY: Duration = Duration::from_secs(1);

/// The reason for which a client is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A user is about to log in: the document may be fetched.
    Authorize,
    /// Anything else: nothing is fetched.
    Other,
}

/// The client that an identifier stands for.
#[derive(Debug)]
pub enum Resolution {
    /// The identifier is not a URL, and so not that of a document.
    Ordinary,
    /// The provider has a client with this identifier, active or expired.
    Registered(ClientState),
    /// The authorization server has the client itself.
    Passed,
    /// The provider knows nothing of it.
    Unknown,
    /// A document.
    Document(Box<ResolvedDocument>),
    /// There is no client for now, or for good.
    Failed(ResolveFailure),
}

/// A document that may be used.
#[derive(Debug)]
pub struct ResolvedDocument {
    /// The row.
    pub document: ClientDocument,
    /// True if the time of the document is over, and its server could not be reached or was not asked.
    pub is_stale: bool,
}

/// The reason for which there is no client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResolveFailure {
    /// The identifier is a URL, and not in the form that identifiers have.
    Invalid(ClientIdUrlError),
    /// The host is not one of those that the operator lists.
    NotListed,
    /// The operator disabled the document.
    Disabled,
    /// The server says that there is no document.
    Gone,
    /// The server cannot be reached.
    Unreachable(Duration),
    /// A limit is reached, here and not at the client; the wait.
    Busy(Duration),
    /// The document could not be read as JSON with the identifier as its `client_id`; the word of the reason.
    Unread(&'static str),
    /// The document was read, and is refused.
    Refused {
        /// The member that is at fault, if there is one.
        member: Option<String>,
        /// The sentence, without any value of the document.
        sentence: String,
    },
}

/// A resolution that could not take place.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// The store failed.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// The blocking work did not end.
    #[error("{0}")]
    Blocking(Failure),
}

/// The beginning of the reason in a row whose document was read and refused, before the member.
const REFUSED: &str = "refused";

impl ResolveFailure {
    /// The sentence about a document that could not be read.
    pub const UNREAD: &'static str = DocumentFetchError::TEXT;

    /// Returns the word of the reason, for metrics.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "invalid",
            Self::NotListed => "not_listed",
            Self::Disabled => "disabled",
            Self::Gone => "gone",
            Self::Unreachable(_) => "unreachable",
            Self::Busy(_) => "busy",
            Self::Unread(word) => word,
            Self::Refused { .. } => REFUSED,
        }
    }

    /// Returns true if the operator's settings or the rules for documents refuse, and not a server or a limit.
    pub const fn is_refusal(&self) -> bool {
        !matches!(self, Self::Gone | Self::Unreachable(_) | Self::Busy(_))
    }

    /// Returns true if the client's server may answer later.
    pub(crate) const fn is_temporary(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Busy(_))
    }

    /// Returns the member that is at fault, if there is one.
    pub fn member(&self) -> Option<&str> {
        match self {
            Self::Invalid(_) => Some("client_id"),
            Self::Refused { member, .. } => member.as_deref(),
            _ => None,
        }
    }

    /// Returns the sentence for the caller: the rule, and never a value.
    pub fn sentence(&self) -> String {
        match self {
            Self::Invalid(error) => format!("client_id {error}."),
            Self::NotListed => {
                "The host of the client_id is not one that this provider accepts.".to_owned()
            }
            Self::Disabled => "The client was disabled.".to_owned(),
            Self::Gone => "The client's document is no more at its address.".to_owned(),
            Self::Unreachable(_) | Self::Unread(_) => Self::UNREAD.to_owned(),
            Self::Busy(_) => "Too many documents are read at the moment.".to_owned(),
            Self::Refused { sentence, .. } => sentence.clone(),
        }
    }

    pub(crate) fn of_fetch(error: &DocumentFetchError) -> Self {
        Self::of_class(
            error.class(),
            error.word(),
            error.retry_after().unwrap_or(RETRY),
        )
    }

    pub(crate) fn of_rejection(rejection: &DocumentRejection) -> Self {
        match rejection.step {
            DocumentStep::Json => return Self::Unread("json"),
            DocumentStep::ClientId => return Self::Unread("client_id"),
            _ => {}
        }
        Self::Refused {
            member: rejection.member().map(str::to_owned),
            sentence: rejection.message(),
        }
    }

    /// The limit on documents is reached, and none of the rows makes room.
    pub(crate) const fn full() -> Self {
        Self::Busy(Duration::from_mins(1))
    }

    /// Returns the reason as it stands in a row.
    pub(crate) fn reason(&self) -> String {
        match self {
            Self::Refused {
                member: Some(member),
                ..
            } => format!("{REFUSED} {member}"),
            other => other.word().to_owned(),
        }
    }

    /// Returns the failure that a row tells of.
    pub(crate) fn of_reason(reason: &str) -> Self {
        if let Some(member) = reason.strip_prefix(REFUSED) {
            let member = Some(member.trim()).filter(|member| !member.is_empty());
            return Self::Refused {
                member: member.map(str::to_owned),
                sentence: match member {
                    Some(member) => format!("The document's {member} cannot be accepted."),
                    None => "The document cannot be accepted.".to_owned(),
                },
            };
        }
        match class_of(reason) {
            Some(class) => Self::of_class(class, "fetch", RETRY),
            None if reason == "client_id" => Self::Unread("client_id"),
            None => Self::Unread("json"),
        }
    }

    const fn of_class(class: FailureClass, word: &'static str, wait: Duration) -> Self {
        match class {
            FailureClass::Gone => Self::Gone,
            FailureClass::Unreachable => Self::Unreachable(wait),
            FailureClass::Busy => Self::Busy(wait),
            FailureClass::Refused => Self::Unread(word),
        }
    }
}

/// Returns the class of a reason in a row; `None` for a document that was fetched and refused.
pub(crate) fn class_of(reason: &str) -> Option<FailureClass> {
    FailureClass::of_word(reason)
}
