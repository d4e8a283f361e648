//! The audit trail: who changed what, and who was refused what. Rows are written with what they tell of, or not at all.

use std::fmt::{self, Write};
use std::net::IpAddr;
use std::sync::Arc;

use diesel::prelude::*;
use protocol::{ClientId, RegisteredMetadata, Timestamp};

use crate::Store;
use crate::audit_row::{self, AuditRow};
use crate::change::{Change, Operation};
use crate::client::SecretChange;
use crate::error::StoreError;
use crate::schema::audit;
use crate::written::Written;

/// How many rows one transaction deletes, so that registrations need not wait for all of them.
const PURGE: i64 = 1_000;

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

impl Store {
    /// The same store, whose audit trail says that `by` does what is done with it from here on.
    #[must_use]
    pub fn by(&self, by: impl Into<Arc<By>>) -> Self {
        Self(Arc::clone(&self.0), by.into())
    }

    /// At most `limit` rows in the order of time, from the one behind `after` on and not before `since`; those of one client,
    /// if one is named.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn audit(
        &self,
        after: Option<&str>,
        since: Option<Timestamp>,
        client: Option<&ClientId>,
        limit: i64,
    ) -> Result<Vec<Record>, StoreError> {
        if client.is_some_and(|id| id.as_str().contains('\0')) {
            return Ok(Vec::new());
        }
        let since = since.map(audit_row::first_at).unwrap_or_default();
        let rows: Vec<AuditRow> = self.0.pool.read(|connection| {
            let page = audit::table
                .filter(audit::id.ge(&since))
                .filter(audit::id.gt(after.unwrap_or_default()));
            let page = page
                .order(audit::id)
                .limit(limit)
                .select(AuditRow::as_select());
            Ok(match client {
                Some(id) => page
                    .filter(audit::client_id.eq(id.as_str()))
                    .load(connection)?,
                None => page.load(connection)?,
            })
        })?;
        Ok(rows.into_iter().map(AuditRow::record).collect())
    }

    /// Writes down what was refused.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; nothing was written then.
    pub fn refused(&self, refused: Vec<Refused>) -> Written<()> {
        if refused.is_empty() {
            return Written::never(|| Ok(()));
        }
        let rows: Arc<[AuditRow]> = refused
            .into_iter()
            .map(|refused| AuditRow::refused(self.0.audit_ids.next(), refused))
            .collect();
        let told = Arc::clone(&rows);
        let queued = self.0.writer.send(Operation {
            change: Change::Nothing,
            audit: rows,
        });
        Written::queued(queued, move |_| {
            for row in &*told {
                row.tell(false);
            }
            Ok(())
        })
    }

    /// Deletes the rows written before that time, and says how many there were.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn purge_audit(&self, before: Timestamp) -> Result<usize, StoreError> {
        let before = audit_row::first_at(before);
        let mut purged = 0;
        loop {
            let old: Vec<String> = self.0.pool.read(|connection| {
                Ok(audit::table
                    .filter(audit::id.lt(&before))
                    .order(audit::id)
                    .select(audit::id)
                    .limit(PURGE)
                    .load(connection)?)
            })?;
            let Some(last) = old.last() else {
                return Ok(purged);
            };
            purged += self.0.pool.write(|connection| {
                Ok(diesel::delete(audit::table.filter(audit::id.le(last))).execute(connection)?)
            })?;
        }
    }

    /// The row of something that is about to be done.
    pub(crate) fn row_of(&self, event: Event) -> AuditRow {
        AuditRow::new(self.0.audit_ids.next(), event, &self.1)
    }

    /// Queues a change with its row; the log tells of it once both are durable.
    pub(crate) fn change<T>(
        &self,
        change: Change,
        row: AuditRow,
        then: impl FnOnce(bool) -> Result<T, StoreError> + Send + 'static,
    ) -> Written<T> {
        let audit: Arc<[AuditRow]> = Arc::from([row]);
        let told = Arc::clone(&audit);
        Written::queued(
            self.0.writer.send(Operation { change, audit }),
            move |done| {
                if done {
                    for row in &*told {
                        row.tell(true);
                    }
                }
                then(done)
            },
        )
    }
}

/// The names of the members that differ, never what is in them.
pub(crate) fn changed(
    had_secret: bool,
    before: &RegisteredMetadata,
    after: &RegisteredMetadata,
    secret: &SecretChange,
) -> String {
    let (before, after) = (before.members().object(), after.members().object());
    let set = after
        .iter()
        .filter(|(name, value)| before.get(*name) != Some(value))
        .map(|(name, _)| name.as_str());
    let gone = before
        .keys()
        .filter(|name| !after.contains_key(*name))
        .map(String::as_str);
    let secret = match secret {
        SecretChange::Issue(..) => true,
        SecretChange::Remove => had_secret,
        SecretChange::Keep => false,
    };
    let mut names = String::new();
    for name in set.chain(gone).chain(secret.then_some("client_secret")) {
        let comma = if names.is_empty() { "" } else { ", " };
        // Writing to a text does not fail.
        let _ = write!(names, "{comma}{name}");
    }
    if names.is_empty() {
        "nothing".to_owned()
    } else {
        names
    }
}
