//! The events of the audit trail, who causes them, and the rows that are read and written.

use std::fmt;
use std::net::IpAddr;

use protocol::Timestamp;

macro_rules! events {
    ($( $(#[doc = $doc:literal])+ $name:ident, $text:literal; )+) => {
        /// What the audit trail tells of.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Event { $( $(#[doc = $doc])+ $name, )+ }

        impl Event {
            /// All of them.
            pub const ALL: &'static [Self] = &[$( Self::$name ),+];

            /// Its spelling.
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
    /// A client was deleted at a WSO2 door.
    ClientUnregistered, "client unregistered";
    /// A client was given another registration access token.
    ClientReissued, "client reissued";
    /// A client of another store was taken in.
    ClientImported, "client imported";
    /// A client that had expired was purged.
    ClientExpired, "client expired";
    /// An initial access token was issued.
    TokenIssued, "token issued";
    /// An initial access token was revoked.
    TokenRevoked, "token revoked";
    /// Initial access tokens that expired or were used up were deleted; the detail says how many.
    TokensPurged, "tokens purged";
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
    /// Keys that had retired were deleted; the detail says how many.
    KeysPurged, "keys purged";
    /// A backup took the place of everything the store had; the detail says how many rows it has.
    StoreRestored, "store restored";
    /// Credentials at a registration door were wrong.
    LoginRefused, "log-in refused";
    /// A registration was refused; the detail has status, error code and member.
    RegistrationRefused, "registration refused";
    /// A read, an update or a deletion was refused; the detail has status, error code and member.
    ManagementRefused, "management refused";
    /// There were too many registrations or wrong passwords.
    Throttled, "throttled";
    /// There were more refusals, of more kinds or from more addresses than are told apart.
    MoreRefused, "more refused";
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Who does what is done with a store, as its audit trail has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct By {
    /// The provider it is done at, where the client does not say so.
    pub provider: Option<String>,
    /// The account that proved its password.
    pub account: Option<String>,
    /// The initial access token by identifier and label, or [`By::CLIENT`].
    pub token: Option<String>,
    /// From where.
    pub address: Option<IpAddr>,
    /// In which request.
    pub request_id: Option<String>,
    /// How else, such as on the command line.
    pub detail: Option<String>,
}

impl By {
    /// The token of a client that manages itself: its registration access token. RFC 7592 §1.2.
    pub const CLIENT: &'static str = "client itself";

    /// Something that no request does.
    pub fn hand(detail: &str) -> Self {
        Self {
            detail: Some(detail.to_owned()),
            ..Self::default()
        }
    }
}

/// Refusals that are alike, and how many there were.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Refused {
    /// Which kind.
    pub event: Event,
    /// At which provider.
    pub provider: Option<String>,
    /// Of which client, if it was proved.
    pub client_id: Option<String>,
    /// For which account: a name as it was presented, proved or not.
    pub account: Option<String>,
    /// With which initial access token, or [`By::CLIENT`].
    pub token: Option<String>,
    /// From where.
    pub address: Option<IpAddr>,
    /// The first request of them.
    pub request_id: Option<String>,
    /// Why: status, error code, and what it is about.
    pub detail: Option<String>,
    /// How many.
    pub times: i64,
}

/// One row of the audit trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its identifier; those of later rows are greater.
    pub id: String,
    /// When it was written.
    pub at: Timestamp,
    /// What happened, as [`Event`] spells it.
    pub event: String,
    /// At which provider.
    pub provider: Option<String>,
    /// To which client.
    pub client_id: Option<String>,
    /// By which account, or to which; strangers' words in what was refused.
    pub account: Option<String>,
    /// With which initial access token, or [`By::CLIENT`].
    pub token: Option<String>,
    /// From where.
    pub address: Option<String>,
    /// In which request.
    pub request_id: Option<String>,
    /// What else there is to say.
    pub detail: Option<String>,
    /// How often.
    pub times: i64,
}
