//! Accounts: who may register and manage. Argon2id is for their passwords alone.

use std::fmt;
use std::str::FromStr;

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use diesel::prelude::*;
use protocol::{Secret, Timestamp};

use crate::Store;
use crate::audit::Event;
use crate::audit_row::{self, AuditRow};
use crate::connection::AnyConnection;
use crate::error::StoreError;
use crate::random::{bytes, no_randomness};
use crate::schema::account;

/// What an account may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Everything, other accounts' clients included.
    Administrator,
    /// Register clients, and manage its own.
    Registrar,
}

impl Role {
    /// Its spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Administrator => "administrator",
            Self::Registrar => "registrar",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a text is no role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a role is administrator or registrar")]
pub struct UnknownRole;

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        [Self::Administrator, Self::Registrar].into_iter().find(|role| role.as_str() == text).ok_or(UnknownRole)
    }
}

/// An account, without its password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// 1 to 64 of `A-Z a-z 0-9 . _ -`.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// When it was added.
    pub created_at: Timestamp,
    /// Another number whenever the password is, also when an account of that name is removed and added again:
    /// what was proved of one revision says nothing of the next.
    pub revision: i64,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = account)]
struct AccountRow {
    name: String,
    role: String,
    password_hash: String,
    created_at: i64,
    revision: i64,
}

impl AccountRow {
    fn account(self) -> Result<Account, StoreError> {
        Ok(Account {
            role: self.role.parse().map_err(|UnknownRole| StoreError::corrupt("account", "role", &self.name))?,
            name: self.name,
            created_at: Timestamp::from_seconds(self.created_at),
            revision: self.revision,
        })
    }
}

/// The hash of no password, of the default cost: an unknown name takes as long as a wrong password.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5bm9ibw$bm9ib2R5bm9ib2R5bm9ib2R5bm9ib2R5bm9ib2R5bm8";

impl Store {
    /// Adds an account.
    ///
    /// # Errors
    /// [`StoreError::Refused`] for a name or a password that cannot be; [`StoreError::Conflict`] when the name exists;
    /// [`StoreError::Unavailable`].
    pub fn add_account(&self, name: &str, role: Role, password: &Secret, now: Timestamp) -> Result<(), StoreError> {
        if !is_account_name(name) {
            return Err(StoreError::Refused("an account's name is 1 to 64 letters, digits, dots, underscores and hyphens"));
        }
        let row = AccountRow {
            name: name.to_owned(),
            role: role.as_str().to_owned(),
            password_hash: hash(password)?,
            created_at: now.seconds(),
            revision: new_revision()?,
        };
        let audit = self.row_of_account(Event::AccountAdded, name).saying(role.as_str());
        self.change_account(&audit, |connection| Ok(diesel::insert_into(account::table).values(&row).execute(connection)?)).map(drop)
    }

    fn row_of_account(&self, event: Event, name: &str) -> AuditRow {
        AuditRow { account: Some(name.to_owned()), ..self.row_of(event) }
    }

    /// Changes an account, and says so in the same transaction if there was one.
    fn change_account(
        &self,
        audit: &AuditRow,
        work: impl FnOnce(&mut AnyConnection) -> Result<usize, StoreError>,
    ) -> Result<bool, StoreError> {
        let changed = self.0.pool.write(|connection| {
            let changed = work(connection)? > 0;
            if changed {
                audit_row::write_one(connection, audit)?;
            }
            Ok(changed)
        })?;
        if changed {
            audit.tell(false);
        }
        Ok(changed)
    }

    /// All accounts, by name.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        let rows: Vec<AccountRow> =
            self.0.pool.read(|connection| Ok(account::table.order(account::name).select(AccountRow::as_select()).load(connection)?))?;
        rows.into_iter().map(AccountRow::account).collect()
    }

    /// The account of that name.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub fn account(&self, name: &str) -> Result<Option<Account>, StoreError> {
        self.account_row(name)?.map(AccountRow::account).transpose()
    }

    /// Whether there is any account.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn has_accounts(&self) -> Result<bool, StoreError> {
        let first: Option<String> =
            self.0.pool.read(|connection| Ok(account::table.select(account::name).first(connection).optional()?))?;
        Ok(first.is_some())
    }

    /// Removes an account; its clients stay. `false` when there is none of that name.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn remove_account(&self, name: &str) -> Result<bool, StoreError> {
        if !is_account_name(name) {
            return Ok(false);
        }
        let audit = self.row_of_account(Event::AccountRemoved, name);
        self.change_account(&audit, |connection| Ok(diesel::delete(account::table.find(name)).execute(connection)?))
    }

    /// Sets an account's password. `false` when there is none of that name.
    ///
    /// # Errors
    /// [`StoreError::Refused`] for a password that cannot be; [`StoreError::Unavailable`].
    pub fn set_password(&self, name: &str, password: &Secret) -> Result<bool, StoreError> {
        if !is_account_name(name) {
            return Ok(false);
        }
        let (hash, revision) = (hash(password)?, new_revision()?);
        self.change_account(&self.row_of_account(Event::PasswordChanged, name), |connection| {
            let values = (account::password_hash.eq(hash), account::revision.eq(revision));
            Ok(diesel::update(account::table.find(name)).set(values).execute(connection)?)
        })
    }

    /// The account of that name, if this is its password.
    ///
    /// Takes a processor about 20 ms and 19 MiB, whether or not the name exists: for threads that may block, behind a throttle.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub fn verify_account(&self, name: &str, password: &Secret) -> Result<Option<Account>, StoreError> {
        let row = self.account_row(name)?;
        let stored = row.as_ref().map_or(NOBODY, |row| row.password_hash.as_str());
        let stored = PasswordHash::new(stored).map_err(|_| StoreError::corrupt("account", "password_hash", name))?;
        let matches = Argon2::default().verify_password(password.reveal().as_bytes(), &stored).is_ok();
        row.filter(|_| matches).map(AccountRow::account).transpose()
    }

    fn account_row(&self, name: &str) -> Result<Option<AccountRow>, StoreError> {
        if !is_account_name(name) {
            return Ok(None);
        }
        self.0.pool.read(|connection| Ok(account::table.find(name).select(AccountRow::as_select()).first(connection).optional()?))
    }
}

/// Whether a text can be the name of an account: 1 to 64 of `A-Z a-z 0-9 . _ -`.
pub fn is_account_name(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
}

fn hash(password: &Secret) -> Result<String, StoreError> {
    if password.reveal().is_empty() {
        return Err(StoreError::Refused("a password must not be empty"));
    }
    Ok(Argon2::default().hash_password(password.reveal().as_bytes()).map_err(|_| no_randomness())?.to_string())
}

fn new_revision() -> Result<i64, StoreError> {
    Ok(i64::from_be_bytes(bytes()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_costs_what_a_password_costs() {
        let fresh = hash(&Secret::new("hush")).unwrap();
        let cost = |hash: &str| hash.split('$').take(4).map(ToOwned::to_owned).collect::<Vec<_>>();
        assert_eq!(cost(NOBODY), cost(&fresh));
        assert_eq!(NOBODY.len(), fresh.len());
        assert!(PasswordHash::new(NOBODY).is_ok());
    }

    #[test]
    fn names_are_plain() {
        for name in ["a", "alice.b-c_d", &"x".repeat(64)] {
            assert!(is_account_name(name), "{name}");
        }
        for name in ["", "a b", "alice@acme", "ä", "a\0", &"x".repeat(65)] {
            assert!(!is_account_name(name), "{name}");
        }
    }

    #[test]
    fn roles_are_read_as_they_print() {
        for role in [Role::Administrator, Role::Registrar] {
            assert_eq!(role.to_string().parse(), Ok(role));
        }
        assert_eq!("Administrator".parse::<Role>().unwrap_err().to_string(), "a role is administrator or registrar");
    }
}
