//! The contract of a connector: the client that must be at the server, the copy that is there, and the errors of a call.

use std::fmt;
use std::time::{Duration, Instant};

use protocol::{ClientId, ClientSecret, Issuer, Object, RegisteredMetadata, Secret, Timestamp};
use serde_json::Value;

/// A client of a kind of authorization server.
pub trait Connector: Send + Sync {
    /// Returns the place that the copy of a client will have, before it is made. It is written down first, so that a copy whose
    /// creation was not heard of can be deleted.
    ///
    /// # Errors
    /// The place cannot be computed.
    fn place(&self, issuer: &Issuer, client_id: &ClientId) -> Result<CopyHandle, ConnectorError>;

    /// Makes the copy of a client, also when it is there already.
    ///
    /// # Errors
    /// The server refuses the client, does not answer, or refuses our credentials.
    fn create(
        &self,
        wanted: &DesiredClient<'_>,
        deadline: Instant,
    ) -> Result<ProvisionedClient, ConnectorError>;

    /// Replaces every member of the copy, and makes the copy if it is gone.
    ///
    /// # Errors
    /// As [`Connector::create`].
    fn update(
        &self,
        wanted: &DesiredClient<'_>,
        place: &CopyHandle,
        deadline: Instant,
    ) -> Result<ProvisionedClient, ConnectorError>;

    /// Deletes the copy, also when it is gone already.
    ///
    /// # Errors
    /// As [`Connector::create`].
    fn delete(&self, place: &CopyHandle, deadline: Instant) -> Result<(), ConnectorError>;

    /// Takes the copy of a deleted client out of use and keeps it, without our mark. A server that cannot do this deletes it.
    ///
    /// # Errors
    /// As [`Connector::create`].
    fn disable(&self, place: &CopyHandle, deadline: Instant) -> Result<(), ConnectorError> {
        self.delete(place, deadline)
    }

    /// Calls `each` for every copy of the provider that has our mark, and for those of an older program.
    ///
    /// # Errors
    /// As [`Connector::create`]; then the list is incomplete.
    fn list(
        &self,
        issuer: &Issuer,
        deadline: Instant,
        each: &mut dyn FnMut(ListedCopy),
    ) -> Result<Listing, ConnectorError>;

    /// Returns a copy, or `None` if it is gone. It is asked of servers without a list only.
    ///
    /// # Errors
    /// As [`Connector::create`].
    fn read(&self, _: &CopyHandle, _: Instant) -> Result<Option<ListedCopy>, ConnectorError> {
        Ok(None)
    }

    /// Returns true if the listed copy is the state that [`Connector::update`] would write, apart from the members that the server did
    /// not keep.
    fn is_current(
        &self,
        wanted: &DesiredClient<'_>,
        copy: &ListedCopy,
        dropped_members: &[String],
    ) -> bool;

    /// Returns true if the copy has sessions, or `None` when the server cannot say.
    ///
    /// # Errors
    /// As [`Connector::create`].
    fn in_use(&self, _: &CopyHandle, _: Instant) -> Result<Option<bool>, ConnectorError> {
        Ok(None)
    }

    /// Tries the credentials and rights that the other calls need.
    fn check(&self, issuer: &Issuer, deadline: Instant) -> Vec<Finding>;

    /// Returns true if the server can keep a copy that cannot be used.
    fn can_disable(&self) -> bool {
        false
    }

    /// Returns true if the server chooses identifiers. Then a creation is not idempotent, and a copy has no place before the answer.
    fn chooses_identifier(&self) -> bool {
        false
    }

    /// Returns the limits of the server on values of client metadata, for admission.
    fn limits(&self) -> &'static [Limit] {
        &[]
    }

    /// Returns the values that the server supports and its document does not list: each member with its values.
    fn additions(&self) -> &'static [(&'static str, &'static [&'static str])] {
        &[]
    }
}

/// The state that the copy of a client must have.
#[derive(Debug, Clone, Copy)]
pub struct DesiredClient<'a> {
    /// The provider of the client.
    pub issuer: &'a Issuer,
    /// The client identifier; `None` while a server that chooses identifiers has not chosen it.
    pub client_id: Option<&'a ClientId>,
    /// The secret.
    pub secret: DesiredSecret<'a>,
    /// The agreed metadata.
    pub metadata: &'a RegisteredMetadata,
    /// The scopes of a client without the member `scope`: those that the provider offers.
    pub scopes_supported: &'a [String],
    /// The revision that the copy must confirm.
    pub revision: i64,
    /// False for a copy that must not be usable.
    pub enabled: bool,
}

impl<'a> DesiredClient<'a> {
    pub(crate) fn chosen_id(&self) -> Result<&'a ClientId, ConnectorError> {
        self.client_id
            .ok_or_else(|| ConnectorError::rejected(Some("client_id"), "is not chosen yet"))
    }
}

/// The secret that a copy must have.
#[derive(Debug, Clone, Copy)]
pub enum DesiredSecret<'a> {
    /// No secret.
    None,
    /// This secret.
    This(&'a ClientSecret),
    /// A random secret that is not kept, in place of the expired secret.
    Unusable,
}

/// The copy, as the server confirmed it.
#[derive(Debug, Clone)]
pub struct ProvisionedClient {
    /// The identifier that the server chose, if it differs from the wanted value.
    pub client_id: Option<ClientId>,
    /// The secret that the server chose, if it differs from the wanted value.
    pub secret: Option<ClientSecret>,
    /// The time at which the server's secret expires, if the server said so.
    pub secret_expires_at: Option<Timestamp>,
    /// The members that the server agreed to, if it decides about them.
    pub members: Option<Object>,
    /// The place of the copy.
    pub place: CopyHandle,
    /// The names of the members that the server did not keep.
    pub dropped_members: Vec<String>,
}

/// The place of a copy at the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyHandle {
    /// The client identifier at the server.
    pub client_id: ClientId,
    /// The server's own name of the copy: Keycloak's `id`, or the `registration_client_uri` of RFC 7592.
    pub handle: Option<String>,
    /// The registration access token of RFC 7592.
    pub token: Option<Secret>,
}

/// A copy in the server's list.
#[derive(Debug, Clone)]
pub struct ListedCopy {
    /// The place of the copy.
    pub place: CopyHandle,
    /// True if the copy has our mark. A copy without it was made by an older program: it is taken over if it is a client of the
    /// provider, and is left alone otherwise.
    pub has_mark: bool,
    /// The revision in the copy's mark.
    pub revision: String,
    /// The members of the copy, in the server's own words.
    pub members: Object,
}

/// The extent of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listing {
    /// Every copy was listed.
    Complete,
    /// The server has no list.
    Unsupported,
}

/// The error of a call. It contains no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectorError {
    /// The server refuses this client for good.
    #[error("{}{reason}", member.as_deref().map(|member| format!("{member}: ")).unwrap_or_default())]
    Rejected {
        /// The member of client metadata that is at fault, if the server named it.
        member: Option<String>,
        /// The server's reason.
        reason: String,
    },
    /// The call failed, and may succeed later. It may have been done nevertheless.
    #[error("{reason}")]
    Unavailable {
        /// The reason.
        reason: String,
        /// The time after which the server wants to be asked again.
        retry_after: Option<Duration>,
    },
    /// Our credentials or our address are wrong, which holds for every client.
    #[error("{reason}")]
    Misconfigured {
        /// The reason.
        reason: String,
    },
}

impl ConnectorError {
    pub(crate) fn rejected(member: Option<&str>, reason: impl Into<String>) -> Self {
        Self::Rejected {
            member: member.map(str::to_owned),
            reason: reason.into(),
        }
    }

    pub(crate) fn unavailable(reason: impl Into<String>) -> Self {
        Self::Unavailable {
            reason: reason.into(),
            retry_after: None,
        }
    }

    pub(crate) fn misconfigured(reason: impl Into<String>) -> Self {
        Self::Misconfigured {
            reason: reason.into(),
        }
    }
}

/// A limit of a server on the values of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// The member of client metadata.
    pub member: &'static str,
    /// The rule for each of its values.
    pub rule: LimitRule,
}

/// A rule for a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitRule {
    /// The text has at most this number of characters.
    MaxChars(usize),
    /// The text does not end in this text.
    NotEndingIn(&'static str),
}

impl Limit {
    /// Checks the texts of a member's value.
    ///
    /// # Errors
    /// The rest of a sentence that begins with the member's name.
    pub fn check(&self, value: &Value) -> Result<(), String> {
        match value {
            Value::String(text) => self.check_text(text),
            Value::Array(values) => values.iter().try_for_each(|value| self.check(value)),
            _ => Ok(()),
        }
    }

    fn check_text(&self, text: &str) -> Result<(), String> {
        match self.rule {
            LimitRule::MaxChars(most) => match text.chars().count() {
                length if length > most => Err(format!(
                    "has a value of {length} characters, and the authorization server keeps at most {most}"
                )),
                _ => Ok(()),
            },
            LimitRule::NotEndingIn(end) if text.ends_with(end) => Err(format!(
                "has a value that ends in {end}, which the authorization server reads as a pattern"
            )),
            LimitRule::NotEndingIn(_) => Ok(()),
        }
    }
}

/// A finding of [`Connector::check`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// True if the tried call works.
    pub is_well: bool,
    /// A sentence, without its full stop.
    pub sentence: String,
}

impl Finding {
    pub(crate) fn new(what: &str, result: Result<(), ConnectorError>) -> Self {
        match result {
            Ok(()) => Self {
                is_well: true,
                sentence: what.to_owned(),
            },
            Err(error) => Self {
                is_well: false,
                sentence: format!("{what}: {error}"),
            },
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}
