//! The types of the audit trail: events, actors and rows.

use std::fmt;
use std::net::IpAddr;

use protocol::Timestamp;

macro_rules! events {
    ($( $(#[doc = $doc:literal])+ $name:ident, $text:literal; )+) => {
        /// The kind of an audit row.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum AuditEvent { $( $(#[doc = $doc])+ $name, )+ }

        impl AuditEvent {
            /// All events.
            pub const ALL: &'static [Self] = &[$( Self::$name ),+];

            /// Returns the text of the event.
            pub const fn as_str(self) -> &'static str {
                match self { $( Self::$name => $text, )+ }
            }
        }
    };
}

events! {
    /// A client was registered. RFC 7591 §3.2.1.
    ClientRegistered, "client registered";
    /// A client's metadata was replaced; the detail names the members that changed. RFC 7592 §2.2.
    ClientUpdated, "client updated";
    /// A client was deleted. RFC 7592 §2.3.
    ClientDeleted, "client deleted";
    /// A client was deleted at a WSO2 endpoint.
    ClientUnregistered, "client unregistered";
    /// A client was given another registration access token.
    ClientReissued, "client reissued";
    /// A client was imported from another store.
    ClientImported, "client imported";
    /// A client that had expired was purged.
    ClientExpired, "client expired";
    /// An initial access token was issued.
    TokenIssued, "token issued";
    /// An initial access token was revoked.
    TokenRevoked, "token revoked";
    /// Initial access tokens that expired or were used up were deleted; the detail has their
    /// number.
    TokensPurged, "tokens purged";
    /// A lookup token was issued.
    LookupTokenIssued, "lookup token issued";
    /// A lookup token was revoked.
    LookupTokenRevoked, "lookup token revoked";
    /// An account was added.
    AccountAdded, "account added";
    /// An account was removed.
    AccountRemoved, "account removed";
    /// An account's password was set.
    PasswordChanged, "password changed";
    /// A provider's first keys were made; the detail names their algorithms.
    KeysMade, "keys made";
    /// Successors of a provider's keys were published; the detail names their algorithms.
    KeysRotated, "keys rotated";
    /// Retired keys were deleted; the detail has their number.
    KeysPurged, "keys purged";
    /// The document of the server behind a provider changed; the detail names the members that differ.
    UpstreamChanged, "upstream changed";
    /// An administrator added a client ID metadata document.
    DocumentAdded, "document added";
    /// A client ID metadata document changed; the detail names the members that differ.
    DocumentChanged, "document changed";
    /// A client ID metadata document was disabled.
    DocumentDisabled, "document disabled";
    /// A disabled client ID metadata document was enabled.
    DocumentEnabled, "document enabled";
    /// A client ID metadata document was removed.
    DocumentRemoved, "document removed";
    /// The server behind a provider refused a client's copy for good; the detail has the reason.
    ProvisioningRefused, "provisioning refused";
    /// A registration that was not answered was taken back.
    RegistrationWithdrawn, "registration withdrawn";
    /// A reconciliation wrote copies that were missing or differed; the detail has their number.
    DriftRepaired, "drift repaired";
    /// The operator had many copies without a client deleted; the detail has their number.
    CopiesDeleted, "copies deleted";
    /// A backup replaced the content of the store; the detail has its number of rows.
    StoreRestored, "store restored";
    /// The credentials at a registration endpoint were wrong.
    LoginRefused, "log-in refused";
    /// A registration was refused; the detail has status, error code and member.
    RegistrationRefused, "registration refused";
    /// A read, an update or a deletion was refused; the detail has status, error code and member.
    ManagementRefused, "management refused";
    /// A client ID metadata document was refused; the detail has its host, and the member if there is one.
    DocumentRefused, "document refused";
    /// The lookup refused its caller: the token or the secret was wrong, or the token does not permit the request.
    LookupRefused, "lookup refused";
    /// The limit of registrations or of failed logins was exceeded.
    Throttled, "throttled";
    /// More refusals than are recorded one by one, of further kinds or from further addresses.
    MoreRefused, "more refused";
}

impl fmt::Display for AuditEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The party that acts on a store, as the audit trail records it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Actor {
    /// The provider, for events whose client does not determine it.
    pub provider: Option<String>,
    /// The account, after its password was verified.
    pub account: Option<String>,
    /// The initial access token by identifier and label, or [`Actor::CLIENT`].
    pub token: Option<String>,
    /// The address of the caller.
    pub address: Option<IpAddr>,
    /// The identifier of the request.
    pub request_id: Option<String>,
    /// Another description of the actor, such as the command line.
    pub detail: Option<String>,
}

impl Actor {
    /// The value of `token` for a client that manages itself with its registration access token.
    /// RFC 7592 §1.2.
    pub const CLIENT: &'static str = "client itself";

    /// Returns the actor for changes that no request causes.
    pub fn process(detail: &str) -> Self {
        Self {
            detail: Some(detail.to_owned()),
            ..Self::default()
        }
    }
}

/// Equal refusals, with their number.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RefusalRecord {
    /// The kind of refusal.
    pub event: AuditEvent,
    /// The provider.
    pub provider: Option<String>,
    /// The client, if the caller proved that it is this client.
    pub client_id: Option<String>,
    /// The account name as the caller presented it, verified or not.
    pub account: Option<String>,
    /// The initial access token by identifier and label, or [`Actor::CLIENT`].
    pub token: Option<String>,
    /// The address of the caller.
    pub address: Option<IpAddr>,
    /// The identifier of the first of these requests.
    pub request_id: Option<String>,
    /// The reason: status, error code and member.
    pub detail: Option<String>,
    /// The number of equal refusals.
    pub times: i64,
}

/// A row of the audit trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRecord {
    /// The identifier; later rows have greater ones.
    pub id: String,
    /// The time at which the row was written.
    pub at: Timestamp,
    /// The text of the [`AuditEvent`].
    pub event: String,
    /// The provider.
    pub provider: Option<String>,
    /// The client.
    pub client_id: Option<String>,
    /// The account that acted or was changed. In rows about refusals, the name that the caller
    /// presented.
    pub account: Option<String>,
    /// The initial access token by identifier and label, or [`Actor::CLIENT`].
    pub token: Option<String>,
    /// The address of the caller.
    pub address: Option<String>,
    /// The identifier of the request.
    pub request_id: Option<String>,
    /// Further details.
    pub detail: Option<String>,
    /// The number of equal events.
    pub times: i64,
}
