//! Configuration: file, then environment, then flags; the only reader of the environment.

use std::fmt;
use std::fs;
use std::io::{ErrorKind, Write};
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ipnet::IpNet;
use oauth_http::peer::{Proxies, ProxyHeader};
use protocol::Secret;
use serde::Deserialize;
use store::{DatabaseUrl, SealingKey};
use tempfile::NamedTempFile;

mod admin_password;
mod descriptor;
mod file;
mod provider;
mod secret_files;
mod sources;
mod traces;

pub use admin_password::{AdminPassword, check_new_password};
pub use provider::ProviderConfig;
pub use sources::Sources;

use file::{File, TlsSection};
use secret_files::SecretFile;
use sources::{masked, merged, one_line};

use crate::limits::Limits;
use crate::{settings, spans};
use telemetry::traces::Destination;

/// What is wrong with a configuration: one sentence that names the setting or the file.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(String);

impl ConfigError {
    fn new(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }
}

/// How the listener speaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tls {
    /// TLS with certificates of our own making under the data folder.
    SelfSigned,
    /// TLS with an operator's certificate.
    Files {
        /// The certificate with its chain, PEM.
        certificate: PathBuf,
        /// Its key, PEM.
        key: PathBuf,
    },
    /// Plain HTTP, for a proxy in front that speaks TLS.
    Off,
}

/// Where the key that seals secrets comes from.
#[derive(Debug, Clone)]
pub enum Sealing {
    /// From the configuration itself.
    Given(Secret),
    /// From a file an operator named.
    File(PathBuf),
    /// From a file that is made at first start.
    Made(PathBuf),
}

/// Where it is, for the beginning of a sentence.
impl fmt::Display for Sealing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(_) => f.write_str(&settings::named("sealing_key")),
            Self::File(path) => write!(
                f,
                "{} is {}",
                settings::named("sealing_key_file"),
                path.display()
            ),
            Self::Made(path) => write!(f, "{}", path.display()),
        }
    }
}

/// Everything the service needs to know.
#[derive(Debug, Clone)]
pub struct Config {
    /// Whether nothing was configured: everything on this machine, for trying it.
    pub development: bool,
    /// Where the service listens.
    pub listen: String,
    /// Where health and metrics are served.
    pub management_listen: String,
    /// The database.
    pub database: DatabaseUrl,
    /// The folder for what the embedded default keeps.
    pub data: PathBuf,
    /// Where the sealing key comes from.
    pub sealing: Sealing,
    /// The source of the first administrator's password, if there is one.
    pub admin_password: Option<AdminPassword>,
    /// How the listener speaks.
    pub tls: Tls,
    /// What is logged.
    pub log_level: String,
    /// Whether log lines are JSON.
    pub log_json: bool,
    /// Where spans of requests go, if anywhere.
    pub traces: Option<Destination>,
    /// The limits.
    pub limits: Limits,
    /// The proxies whose word about their clients is believed.
    pub proxies: Proxies,
    /// Private destinations that may be fetched from.
    pub outbound_allow: Vec<outbound::Allowed>,
    /// A certificate authority trusted besides the system's when fetching.
    pub outbound_ca: Option<PathBuf>,
    /// For how long documents may be kept.
    pub max_age: Duration,
    /// For how long retired keys stay published.
    pub keep_retired: Duration,
    /// For how long the audit trail is kept; for ever, when absent.
    pub keep_audit: Option<Duration>,
    /// The providers; in development mode the only one follows from where the service listens.
    pub providers: Vec<ProviderConfig>,
    /// Variables that look like settings and are none.
    pub unknown_variables: Vec<String>,
    secret_files: Vec<SecretFile>,
    effective: String,
}

/// For how long documents may be kept at most: whoever has one learns of a change that much later.
const MAX_AGE_MOST: Duration = Duration::from_hours(24);

/// Where development mode listens when nothing else is said.
const DEVELOPMENT_PORT: u16 = 9443;

impl Config {
    /// Reads the configuration.
    ///
    /// # Errors
    /// One sentence that names the first setting, variable or file that is wrong.
    pub fn load(sources: &Sources) -> Result<Self, ConfigError> {
        let (table, unknown_variables) = merged(sources)?;
        let effective = masked(&table);
        let settings_table = table.clone();
        let file = File::deserialize(table)
            .map_err(|error| ConfigError::new(one_line(&error.to_string())))?;
        let development = sources.file.is_none()
            && file
                .provider
                .iter()
                .all(|provider| provider.issuer.is_none());
        let data = file.data.unwrap_or_else(|| PathBuf::from("frontdesk-data"));
        let secret_files = secret_files::all(&settings_table, &data, sources)?;
        let database = database(file.database, &data)?;
        let sealing = sealing(file.sealing_key, file.sealing_key_file, &database, &data)?;
        let listen = file.listen.unwrap_or_else(|| {
            if development {
                format!("localhost:{DEVELOPMENT_PORT}")
            } else {
                "0.0.0.0:9443".to_owned()
            }
        });
        let tls = tls(file.tls)?;
        let development_issuer = development
            .then(|| development_issuer(&tls, port_of(&listen).unwrap_or(DEVELOPMENT_PORT)));
        let providers = provider::all(file.provider, development_issuer, sources)?;
        let admin_password =
            AdminPassword::of(file.admin_password, file.admin_password_file, development)?;
        Ok(Self {
            development,
            listen,
            management_listen: file
                .management_listen
                .unwrap_or_else(|| "127.0.0.1:9444".to_owned()),
            database,
            data,
            sealing,
            admin_password,
            tls,
            log_level: file.log.level.unwrap_or_else(|| "info".to_owned()),
            log_json: log_json(file.log.format.as_deref(), development)?,
            traces: traces::destination(file.traces)?,
            limits: file
                .limits
                .check()
                .map(|()| file.limits)
                .map_err(ConfigError::new)?,
            proxies: proxies(&file.proxies, file.proxy_header.as_deref())?,
            outbound_allow: parsed("outbound.allow", &file.outbound.allow)?,
            outbound_ca: file.outbound.ca,
            max_age: span(
                "discovery.max_age",
                file.discovery.max_age.as_deref(),
                Duration::ZERO..=MAX_AGE_MOST,
            )?
            .unwrap_or(Duration::from_hours(1)),
            keep_retired: span(
                "keys.keep_retired",
                file.keys.keep_retired.as_deref(),
                Duration::ZERO..=*spans::LIFETIME.end(),
            )?
            .unwrap_or(Duration::from_hours(30 * 24)),
            keep_audit: Some(
                span(
                    "audit.keep",
                    file.audit.keep.as_deref(),
                    Duration::ZERO..=*spans::LIFETIME.end(),
                )?
                .unwrap_or(Duration::from_hours(90 * 24)),
            )
            .filter(|keep| !keep.is_zero()),
            providers,
            unknown_variables,
            secret_files,
            effective,
        })
    }

    /// Whether the issuers are final: that of development mode ends in the port, and only the running service knows which
    /// free one it took.
    pub fn issuers_are_known(&self) -> bool {
        !self.development || port_of(&self.listen).is_some()
    }

    /// The settings that were given, as TOML, with secrets masked.
    pub fn effective(&self) -> &str {
        &self.effective
    }

    /// A sentence for each file with a secret in it that group or others have access to.
    pub fn open_secret_files(&self) -> impl Iterator<Item = String> {
        self.secret_files.iter().filter_map(SecretFile::concern)
    }

    /// The sealing key, made first when it is one we make ourselves and there is none yet.
    ///
    /// # Errors
    /// One sentence that names the setting or the file.
    pub fn sealing_key(&self) -> Result<SealingKey, ConfigError> {
        let text = match &self.sealing {
            Sealing::Given(text) => text.clone(),
            Sealing::File(path) => read_secret(path, "sealing_key_file")?,
            Sealing::Made(path) => {
                make_once(path)?;
                read_secret(path, "sealing_key_file")?
            }
        };
        SealingKey::from_base64(text.reveal())
            .map_err(|error| ConfigError::new(format!("{}: {error}", self.sealing)))
    }

    /// Returns the first administrator's password, which is read if it is in a file.
    ///
    /// # Errors
    /// One sentence that names the setting or the file.
    pub fn admin_password(&self) -> Result<Option<Secret>, ConfigError> {
        self.admin_password
            .as_ref()
            .map(|password| password.read(self.development))
            .transpose()
    }

    /// The certificate authority for fetching, as it stands in its file.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn outbound_authority(&self) -> Result<Option<Vec<u8>>, ConfigError> {
        self.outbound_ca
            .as_ref()
            .map(|path| fs::read(path).map_err(|error| unreadable("outbound.ca", path, &error)))
            .transpose()
    }
}

fn database(configured: Option<String>, data: &Path) -> Result<DatabaseUrl, ConfigError> {
    let url =
        configured.unwrap_or_else(|| format!("sqlite://{}", data.join("frontdesk.db").display()));
    url.parse()
        .map_err(|error| ConfigError::new(format!("{}: {error}", settings::named("database"))))
}

fn sealing(
    key: Option<String>,
    file: Option<PathBuf>,
    database: &DatabaseUrl,
    data: &Path,
) -> Result<Sealing, ConfigError> {
    match (key, file) {
        (Some(_), Some(_)) => Err(ConfigError::new(format!(
            "{} and {} are both set; set one of them",
            settings::named("sealing_key"),
            settings::named("sealing_key_file")
        ))),
        (Some(key), None) => Ok(Sealing::Given(Secret::new(key))),
        (None, Some(path)) => Ok(Sealing::File(path)),
        (None, None) if database.is_sqlite() => Ok(Sealing::Made(data.join("sealing.key"))),
        (None, None) => Err(ConfigError::new(format!(
            "{} must be set with PostgreSQL, because replicas share it: 32 random bytes in base64, such as `openssl rand -base64 32` makes",
            settings::named("sealing_key_file")
        ))),
    }
}

fn tls(section: TlsSection) -> Result<Tls, ConfigError> {
    let mode = section.mode.unwrap_or_else(|| {
        if section.certificate.is_some() {
            "files"
        } else {
            "self-signed"
        }
        .to_owned()
    });
    match (mode.as_str(), section.certificate, section.key) {
        ("self-signed", None, None) => Ok(Tls::SelfSigned),
        ("off", None, None) => Ok(Tls::Off),
        ("files", Some(certificate), Some(key)) => Ok(Tls::Files { certificate, key }),
        ("files", _, _) => Err(ConfigError::new(format!(
            "{} is files, which needs {} and {}",
            settings::named("tls.mode"),
            settings::named("tls.certificate"),
            settings::named("tls.key")
        ))),
        ("self-signed" | "off", _, _) => Err(ConfigError::new(format!(
            "{} is {mode}, which uses neither {} nor {}; leave them out",
            settings::named("tls.mode"),
            settings::named("tls.certificate"),
            settings::named("tls.key")
        ))),
        _ => Err(ConfigError::new(format!(
            "{} must be self-signed, files or off, not {mode:?}",
            settings::named("tls.mode")
        ))),
    }
}

fn log_json(format: Option<&str>, development: bool) -> Result<bool, ConfigError> {
    match format {
        None => Ok(!development),
        Some("json") => Ok(true),
        Some("text") => Ok(false),
        Some(other) => Err(ConfigError::new(format!(
            "{} must be text or json, not {other:?}",
            settings::named("log.format")
        ))),
    }
}

/// A span of time such as `7d`, `12h` or `90s`, within bounds.
fn span(
    key: &str,
    text: Option<&str>,
    bounds: RangeInclusive<Duration>,
) -> Result<Option<Duration>, ConfigError> {
    text.map(|text| {
        spans::parse(text, bounds)
            .map_err(|reason| ConfigError::new(format!("{} {reason}", settings::named(key))))
    })
    .transpose()
}

fn parsed<T: std::str::FromStr<Err: fmt::Display>>(
    key: &str,
    texts: &[String],
) -> Result<Vec<T>, ConfigError> {
    texts
        .iter()
        .map(|text| {
            text.parse()
                .map_err(|error| ConfigError::new(format!("{}: {error}", settings::named(key))))
        })
        .collect()
}

/// Networks, or single addresses.
fn proxies(texts: &[String], header: Option<&str>) -> Result<Proxies, ConfigError> {
    let header = match header {
        None | Some("x-forwarded-for") => ProxyHeader::XForwardedFor,
        Some("forwarded") => ProxyHeader::Forwarded,
        Some(other) => {
            let named = settings::named("proxy_header");
            return Err(ConfigError::new(format!(
                "{named} must be x-forwarded-for or forwarded, not {other:?}"
            )));
        }
    };
    let network = |text: &String| {
        text.parse::<IpNet>()
            .ok()
            .or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
    };
    let wrong = |text| {
        ConfigError::new(format!(
            "{} must be addresses or networks such as 10.0.0.0/8, not {text:?}",
            settings::named("proxies")
        ))
    };
    let networks = texts
        .iter()
        .map(|text| network(text).ok_or_else(|| wrong(text)))
        .collect::<Result<_, _>>()?;
    Ok(Proxies { networks, header })
}

/// The port at the end of where the service listens, unless any free one will do.
fn port_of(listen: &str) -> Option<u16> {
    listen
        .rsplit_once(':')
        .and_then(|(_, port)| port.parse().ok())
        .filter(|port| *port != 0)
}

/// The issuer of development mode follows from how and where the service listens.
pub(crate) fn development_issuer(tls: &Tls, port: u16) -> String {
    let scheme = if *tls == Tls::Off { "http" } else { "https" };
    format!("{scheme}://localhost:{port}")
}

fn unreadable(key: &str, path: &Path, error: &std::io::Error) -> ConfigError {
    ConfigError::new(format!(
        "{} names {}, which cannot be read: {error}",
        settings::named(key),
        path.display()
    ))
}

fn read_secret(path: &Path, key: &str) -> Result<Secret, ConfigError> {
    fs::read_to_string(path)
        .map(Secret::new)
        .map_err(|error| unreadable(key, path, &error))
}

/// Makes a sealing key only its owner may read, unless there is one; of two programs that start together one makes it.
fn make_once(path: &Path) -> Result<(), ConfigError> {
    if path.exists() {
        return Ok(());
    }
    let cannot = |error: &dyn fmt::Display| {
        ConfigError::new(format!(
            "the sealing key {} cannot be made: {error}",
            path.display()
        ))
    };
    let key = SealingKey::generate().map_err(|error| cannot(&error))?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let made = NamedTempFile::new_in(folder).and_then(|mut aside| {
        writeln!(aside, "{}", key.reveal())?;
        aside.as_file().sync_all()?;
        match aside.persist_noclobber(path) {
            Err(error) if error.error.kind() != ErrorKind::AlreadyExists => Err(error.error),
            _ => Ok(()),
        }
    });
    made.map_err(|error| cannot(&error))
}
