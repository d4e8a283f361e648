//! Configuration: file, then environment, then flags; the only reader of the environment.

use std::fmt;
use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use oauth_http::peer::Proxies;
use protocol::{Issuer, Secret};
use serde::Deserialize;
use store::{DatabaseUrl, SealingKey};
use tempfile::NamedTempFile;

mod admin_password;
mod descriptor;
mod provider;
mod secret_files;
mod sources;
mod traces;

pub use admin_password::{AdminPassword, check_new_password};
pub use provider::ProviderConfig;
pub use sources::Sources;

use secret_files::SecretFile;
use sources::{masked, merged, one_line};

use crate::setting::{DefaultText, FileSection, SecretPath};
use crate::settings::{ConfigFile, Limits, LogFormat, TlsModeName, TlsSettings, named};
use telemetry::traces::Destination;

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
            Self::Given(_) => f.write_str(&named("sealing_key")),
            Self::File(path) => write!(f, "{} is {}", named("sealing_key_file"), path.display()),
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
    pub outbound_allow: Vec<outbound::AllowedDestination>,
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

/// The port of development mode.
const DEVELOPMENT_PORT: u16 = 9443;

impl Config {
    /// Reads the configuration.
    ///
    /// # Errors
    /// Names the first setting, variable or file that is wrong.
    pub fn load(sources: &Sources) -> anyhow::Result<Self> {
        let (table, unknown_variables) = merged(sources)?;
        let effective = masked(&table);
        let settings = ConfigFile::deserialize(table.clone())
            .map_err(|error| anyhow!(one_line(&error.to_string())))?
            .read()?;
        let secret_files = secret_files::all(&table, &settings.data, sources)?;
        let development = sources.file.is_none()
            && settings
                .provider
                .iter()
                .all(|provider| provider.issuer.is_none());
        let database = match settings.database {
            Some(database) => database,
            None => format!("sqlite://{}", settings.data.join("frontdesk.db").display())
                .parse()
                .with_context(|| named("database"))?,
        };
        let sealing = sealing(
            settings.sealing_key,
            settings.sealing_key_file,
            &database,
            &settings.data,
        )?;
        let listen = settings.listen.unwrap_or_else(|| {
            if development {
                format!("localhost:{DEVELOPMENT_PORT}")
            } else {
                "0.0.0.0:9443".to_owned()
            }
        });
        let tls = tls(settings.tls)?;
        let development_issuer = development
            .then(|| development_issuer(&tls, port_of(&listen).unwrap_or(DEVELOPMENT_PORT)))
            .map(|issuer| Issuer::parse(&issuer).map_err(anyhow::Error::msg))
            .transpose()?;
        Ok(Self {
            development,
            providers: provider::all(settings.provider, development_issuer, sources)?,
            admin_password: AdminPassword::of(
                settings.admin_password,
                settings.admin_password_file,
                development,
            )?,
            listen,
            management_listen: settings.management_listen,
            database,
            data: settings.data,
            sealing,
            tls,
            log_level: settings.log.level,
            log_json: settings
                .log
                .format
                .map_or(!development, |format| format == LogFormat::Json),
            traces: traces::destination(settings.traces)?,
            limits: settings.limits,
            proxies: Proxies {
                networks: settings.proxies,
                header: settings.proxy_header,
            },
            outbound_allow: settings.outbound.allow,
            outbound_ca: settings.outbound.ca,
            max_age: settings.discovery.max_age,
            keep_retired: settings.keys.keep_retired,
            keep_audit: Some(settings.audit.keep).filter(|keep| !keep.is_zero()),
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
    pub fn sealing_key(&self) -> anyhow::Result<SealingKey> {
        let text = match &self.sealing {
            Sealing::Given(text) => text.clone(),
            Sealing::File(path) => read_secret(path, "sealing_key_file")?,
            Sealing::Made(path) => {
                make_once(path)?;
                read_secret(path, "sealing_key_file")?
            }
        };
        SealingKey::from_base64(text.reveal()).map_err(|error| anyhow!("{}: {error}", self.sealing))
    }

    /// Returns the first administrator's password, which is read if it is in a file.
    ///
    /// # Errors
    /// One sentence that names the setting or the file.
    pub fn admin_password(&self) -> anyhow::Result<Option<Secret>> {
        self.admin_password
            .as_ref()
            .map(|password| password.read(self.development))
            .transpose()
    }

    /// The certificate authority for fetching, as it stands in its file.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn outbound_authority(&self) -> anyhow::Result<Option<Vec<u8>>> {
        self.outbound_ca
            .as_ref()
            .map(|path| fs::read(path).map_err(|error| unreadable("outbound.ca", path, &error)))
            .transpose()
    }
}

fn sealing(
    key: Option<Secret>,
    file: Option<SecretPath>,
    database: &DatabaseUrl,
    data: &Path,
) -> anyhow::Result<Sealing> {
    match (key, file) {
        (Some(_), Some(_)) => bail!(
            "{} and {} are both set; set one of them",
            named("sealing_key"),
            named("sealing_key_file")
        ),
        (Some(key), None) => Ok(Sealing::Given(key)),
        (None, Some(path)) => Ok(Sealing::File(path.0)),
        (None, None) if database.is_sqlite() => Ok(Sealing::Made(data.join("sealing.key"))),
        (None, None) => bail!(
            "{} must be set with PostgreSQL, because replicas share it: 32 random bytes in base64, such as `openssl rand -base64 32` makes",
            named("sealing_key_file")
        ),
    }
}

fn tls(settings: TlsSettings) -> anyhow::Result<Tls> {
    let by_certificate = || match settings.certificate {
        Some(_) => TlsModeName::Files,
        None => TlsModeName::SelfSigned,
    };
    let mode = settings.mode.unwrap_or_else(by_certificate);
    let [mode_name, certificate_name, key_name] =
        ["tls.mode", "tls.certificate", "tls.key"].map(named);
    match (mode, settings.certificate, settings.key) {
        (TlsModeName::SelfSigned, None, None) => Ok(Tls::SelfSigned),
        (TlsModeName::Off, None, None) => Ok(Tls::Off),
        (TlsModeName::Files, Some(certificate), Some(SecretPath(key))) => {
            Ok(Tls::Files { certificate, key })
        }
        (TlsModeName::Files, _, _) => {
            bail!("{mode_name} is files, which needs {certificate_name} and {key_name}")
        }
        (TlsModeName::SelfSigned | TlsModeName::Off, _, _) => bail!(
            "{mode_name} is {}, which uses neither {certificate_name} nor {key_name}; leave them out",
            mode.text()
        ),
    }
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

fn unreadable(key: &str, path: &Path, error: &std::io::Error) -> anyhow::Error {
    anyhow!(
        "{} names {}, which cannot be read: {error}",
        named(key),
        path.display()
    )
}

fn read_secret(path: &Path, key: &str) -> anyhow::Result<Secret> {
    fs::read_to_string(path)
        .map(Secret::new)
        .map_err(|error| unreadable(key, path, &error))
}

/// Creates a sealing key that only its owner may read, unless it exists; of two processes that start together one creates it.
fn make_once(path: &Path) -> anyhow::Result<()> {
    if path.exists() {
        return Ok(());
    }
    let cannot = |error: &dyn fmt::Display| {
        anyhow!("the sealing key {} cannot be made: {error}", path.display())
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
