//! The URL of a store.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// The URL of a store: `sqlite://path`, `sqlite:path`, `postgres://…` or `postgresql://…`.
///
/// `sqlite:///var/lib/x.db` is an absolute path; `sqlite://x.db` is relative to the working
/// directory. The URL is printed without its password.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(DatabaseTarget);

#[derive(Clone, PartialEq, Eq)]
enum DatabaseTarget {
    Sqlite(String),
    Postgres(String),
}

/// The reason why a text is not a URL of a store. Never quotes the text, which may have a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct DatabaseUrlError(&'static str);

impl FromStr for DatabaseUrl {
    type Err = DatabaseUrlError;

    fn from_str(text: &str) -> Result<Self, DatabaseUrlError> {
        if text.contains('\0') {
            return Err(DatabaseUrlError(
                "a database URL must not contain a NUL character",
            ));
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self(DatabaseTarget::Postgres(text.to_owned())));
        }
        let Some(path) = text
            .strip_prefix("sqlite://")
            .or_else(|| text.strip_prefix("sqlite:"))
        else {
            return Err(DatabaseUrlError(
                "a database URL begins with sqlite://, sqlite:, postgres:// or postgresql://",
            ));
        };
        // SQLite would read more than a path from these, and each connection to a store in memory
        // would be a separate store.
        if path.is_empty()
            || path.contains(":memory:")
            || path.starts_with("file:")
            || path.contains('?')
        {
            return Err(DatabaseUrlError(
                "a sqlite:// URL is the path of a file, without options",
            ));
        }
        Ok(Self(DatabaseTarget::Sqlite(path.to_owned())))
    }
}

impl DatabaseUrl {
    /// Returns true if the store is an SQLite file.
    pub fn is_sqlite(&self) -> bool {
        matches!(self.0, DatabaseTarget::Sqlite(_))
    }

    /// Returns the maximum number of pooled connections of a process.
    pub fn max_connections(&self) -> u32 {
        if self.is_sqlite() { 4 } else { 8 }
    }

    /// Returns the path of the SQLite file.
    pub fn sqlite_path(&self) -> Option<&Path> {
        match &self.0 {
            DatabaseTarget::Sqlite(path) => Some(Path::new(path)),
            DatabaseTarget::Postgres(_) => None,
        }
    }

    /// Returns the connection string for the driver: the path of the file, or the URL with default
    /// time-outs where it sets none.
    pub(crate) fn connection_string(&self) -> String {
        match &self.0 {
            DatabaseTarget::Sqlite(path) => path.clone(),
            DatabaseTarget::Postgres(url) => {
                let ours = [
                    ("connect_timeout", "3"),
                    ("tcp_user_timeout", "5000"),
                    ("keepalives_idle", "10"),
                    ("keepalives_interval", "3"),
                    ("keepalives_count", "3"),
                    ("fallback_application_name", "frontdesk"),
                ];
                ours.into_iter()
                    .filter(|(name, _)| !url.contains(&format!("{name}=")))
                    .fold(url.clone(), |url, (name, value)| {
                        let mark = if url.contains('?') { '&' } else { '?' };
                        format!("{url}{mark}{name}={value}")
                    })
            }
        }
    }

    /// Returns a message of the driver on a single line, without the password in case the message quotes
    /// the URL.
    pub(crate) fn redact(&self, message: &str) -> String {
        let mut message = crate::error::one_line(message);
        if let DatabaseTarget::Postgres(url) = &self.0 {
            message = message
                .replace(&self.connection_string(), &self.to_string())
                .replace(url, &self.to_string());
            for secret in secrets(url) {
                message = message.replace(&secret, MASK);
            }
        }
        message
    }

    /// Returns the folder of the SQLite file.
    pub fn folder(&self) -> Option<PathBuf> {
        let folder = self.sqlite_path()?.parent()?;
        Some(if folder.as_os_str().is_empty() {
            PathBuf::from(".")
        } else {
            folder.to_owned()
        })
    }
}

const MASK: &str = "***";

/// Returns the passwords in a PostgreSQL URL.
fn secrets(url: &str) -> Vec<String> {
    let (rest, query) = url.split_once('?').unwrap_or((url, ""));
    let user = rest
        .split_once("://")
        .map_or("", |(_, rest)| rest)
        .rsplit_once('@')
        .map(|(user, _)| user);
    let password = user
        .and_then(|user| user.split_once(':'))
        .map(|(_, password)| password);
    let named = query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .filter(|(name, _)| name.ends_with("password"));
    password
        .into_iter()
        .chain(named.map(|(_, value)| value))
        .filter(|text| !text.is_empty())
        .map(ToOwned::to_owned)
        .collect()
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            DatabaseTarget::Sqlite(path) => write!(f, "sqlite://{path}"),
            DatabaseTarget::Postgres(url) => {
                let mut shown = url.clone();
                for secret in secrets(url) {
                    shown = shown
                        .replace(&format!(":{secret}@"), &format!(":{MASK}@"))
                        .replace(&format!("password={secret}"), &format!("password={MASK}"));
                }
                f.write_str(&shown)
            }
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> DatabaseUrl {
        text.parse().unwrap()
    }

    #[test]
    fn the_scheme_chooses_the_database() {
        for text in ["sqlite://data/x.db", "sqlite:data/x.db"] {
            assert_eq!(
                url(text).sqlite_path(),
                Some(Path::new("data/x.db")),
                "{text}"
            );
        }
        assert_eq!(
            url("sqlite:///var/x.db").sqlite_path(),
            Some(Path::new("/var/x.db"))
        );
        for text in [
            "postgres://h/d",
            "postgresql://u@h1:5432,h2:5433/d?target_session_attrs=read-write",
        ] {
            assert!(!url(text).is_sqlite(), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused_without_being_quoted() {
        for text in [
            "",
            "mysql://u:hush@h/d",
            "host=127.0.0.1 password=hush",
            "POSTGRES://u:hush@h/d",
            "/var/hush.db",
        ] {
            let error = text.parse::<DatabaseUrl>().unwrap_err().to_string();
            assert_eq!(
                error,
                "a database URL begins with sqlite://, sqlite:, postgres:// or postgresql://",
                "{text}"
            );
        }
        for text in [
            "sqlite:",
            "sqlite://",
            "sqlite::memory:",
            "sqlite:file:x.db",
            "sqlite://x.db?mode=ro",
        ] {
            assert_eq!(
                text.parse::<DatabaseUrl>().unwrap_err().to_string(),
                "a sqlite:// URL is the path of a file, without options"
            );
        }
    }

    #[test]
    fn the_password_is_never_shown() {
        for text in [
            "postgres://u:hush@h/d",
            "postgres://u:hu@sh@h/d",
            "postgres://u:h/ush@h:1,i:2/d",
            "postgres://u@h/d?sslmode=require&password=hush",
        ] {
            let url = url(text);
            for shown in [
                url.to_string(),
                format!("{url:?}"),
                url.redact(&format!("cannot read {text:?}")),
                url.redact(&url.connection_string()),
            ] {
                assert!(!shown.contains("ush"), "{shown}");
                assert!(shown.contains(MASK), "{shown}");
            }
        }
        assert_eq!(
            url("postgres://u:hush@h:1/d?sslmode=require").to_string(),
            "postgres://u:***@h:1/d?sslmode=require"
        );
    }

    /// The default time limit does not replace a time limit of the operator.
    #[test]
    fn configured_timeout_is_kept() {
        let driver = url("postgres://h/d?connect_timeout=9").connection_string();
        assert!(
            driver.starts_with("postgres://h/d?connect_timeout=9&tcp_user_timeout=5000&"),
            "{driver}"
        );
        assert!(
            url("postgres://h/d")
                .connection_string()
                .starts_with("postgres://h/d?connect_timeout=3&")
        );
    }
}
