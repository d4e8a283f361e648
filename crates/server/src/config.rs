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
mod documents;
mod json_table;
mod provider;
mod provision;
mod secret_files;
mod server_address;
mod sources;
mod traces;
mod upstream;

pub use admin_password::{AdminPassword, check_new_password};
pub use documents::DocumentsConfig;
pub use provider::ProviderConfig;
pub use provision::{ProvisionConfig, ProvisionTarget, REALMS, registration_endpoint};
pub use secret_files::shell_quoted;
pub use server_address::parse as parse_server_address;
pub use sources::holds_secret;
pub use sources::{ConfigSources, FileChoice};
pub use upstream::UpstreamConfig;

use secret_files::{SecretFile, read_secret, unreadable};
use sources::{masked, merged, one_line};

use crate::http::sockets::resolve;
use crate::provider::addresses;
use crate::setting::values::SecretPath;
use crate::setting::{DefaultText, FileSection};
use crate::settings::{
    ConfigFile, Limits, LogFormat, LookupSettings, TlsModeName, TlsSettings, named,
};
use telemetry::traces::TraceEndpoint;

/// The TLS mode of the public listener.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TlsMode {
    /// TLS with certificates generated under the data folder.
    SelfSigned,
    /// TLS with an operator's certificate.
    Files {
        /// The certificate with its chain, PEM.
        certificate: PathBuf,
        key: PathBuf,
    },
    /// Plain HTTP, for a proxy in front that speaks TLS.
    Off,
}

/// The source of the sealing key.
#[derive(Debug, Clone)]
pub enum SealingKeySource {
    Given(Secret),
    File(PathBuf),
    /// A file that the first start creates.
    Generated(PathBuf),
}

/// The beginning of a sentence about the key.
impl fmt::Display for SealingKeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(_) => f.write_str(&named("sealing_key")),
            Self::File(path) => write!(f, "{} is {}", named("sealing_key_file"), path.display()),
            Self::Generated(path) => write!(f, "{}", path.display()),
        }
    }
}

/// The configuration of the service.
#[derive(Debug, Clone)]
pub struct Config {
    /// The configuration file, if there is one.
    pub file: Option<PathBuf>,
    pub file_choice: FileChoice,
    /// True in development mode: no file and no issuer are configured.
    pub development: bool,
    /// True in development mode outside a container: the public listener may have loopback addresses only.
    pub loopback_only: bool,
    pub listen: String,
    pub management_listen: String,
    /// The address of the lookup, if there is one.
    pub lookup_listen: Option<String>,
    pub lookup: LookupSettings,
    pub database: DatabaseUrl,
    /// The folder for the database, sealing key and development certificates.
    pub data: PathBuf,
    pub sealing: SealingKeySource,
    /// The source of the first administrator's password, if there is one.
    pub admin_password: Option<AdminPassword>,
    pub tls: TlsMode,
    pub log_level: String,
    /// True if log lines are JSON.
    pub log_json: bool,
    /// The collector of spans.
    pub traces: Option<TraceEndpoint>,
    pub limits: Limits,
    pub proxies: Proxies,
    /// Private destinations that may be fetched from.
    pub outbound_allow: Vec<outbound::AllowedDestination>,
    /// A certificate authority trusted besides the system's when fetching.
    pub outbound_ca: Option<PathBuf>,
    pub max_age: Duration,
    /// The time for which retired keys stay published.
    pub keep_retired: Duration,
    /// The time for which the audit trail is kept; unlimited if absent.
    pub keep_audit: Option<Duration>,
    /// The providers; in development mode one, whose issuer follows from `listen`.
    pub providers: Vec<ProviderConfig>,
    /// Variables with our prefix that are not settings.
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
    pub fn load(sources: &ConfigSources) -> anyhow::Result<Self> {
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
        let loopback_only = development && !settings.container;
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
            if loopback_only {
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
        let providers = provider::all(
            settings.provider,
            development_issuer,
            sources,
            &settings.limits,
        )?;
        addresses::check_overlaps(&providers).with_context(|| named("provider.issuer"))?;
        Ok(Self {
            file: sources.file.clone(),
            file_choice: sources.file_choice,
            development,
            loopback_only,
            providers,
            admin_password: AdminPassword::choose(
                settings.admin_password,
                settings.admin_password_file,
                loopback_only,
            )?,
            listen,
            management_listen: settings.management_listen,
            lookup_listen: lookup_listen(settings.lookup_listen, &settings.lookup, &tls)?,
            lookup: settings.lookup,
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

    /// True if the issuers are final. The issuer of development mode has the port, which is unknown until the service listens
    /// if any free port may be taken.
    pub fn issuers_are_known(&self) -> bool {
        !self.development || port_of(&self.listen).is_some()
    }

    /// Returns the settings that were given, as TOML, with secrets masked.
    pub fn effective(&self) -> &str {
        &self.effective
    }

    /// Returns a sentence for each file with a secret that group or others have access to.
    pub fn open_secret_files(&self) -> impl Iterator<Item = String> {
        self.secret_files.iter().filter_map(SecretFile::concern)
    }

    /// Generates the sealing key if its file is ours and does not exist.
    ///
    /// # Errors
    /// Names the file.
    pub fn make_sealing_key(&self) -> anyhow::Result<()> {
        match &self.sealing {
            SealingKeySource::Generated(path) => generate_once(path),
            SealingKeySource::Given(_) | SealingKeySource::File(_) => Ok(()),
        }
    }

    /// Reads the sealing key.
    ///
    /// # Errors
    /// Names the setting or the file.
    pub fn sealing_key(&self) -> anyhow::Result<SealingKey> {
        let text = match &self.sealing {
            SealingKeySource::Given(text) => text.clone(),
            SealingKeySource::File(path) => read_secret(path, "sealing_key_file")?,
            SealingKeySource::Generated(path) => {
                fs::read_to_string(path).map(Secret::new).map_err(|error| {
                    anyhow!("the sealing key {} cannot be read: {error}", path.display())
                })?
            }
        };
        SealingKey::from_base64(text.reveal()).map_err(|error| anyhow!("{}: {error}", self.sealing))
    }

    /// Returns the first administrator's password, which is read if it is in a file.
    ///
    /// # Errors
    /// Names the setting or the file.
    pub fn admin_password(&self) -> anyhow::Result<Option<Secret>> {
        self.admin_password
            .as_ref()
            .map(|password| password.read(self.loopback_only))
            .transpose()
    }

    /// Reads the file of the certificate authority for fetching.
    ///
    /// # Errors
    /// If the file cannot be read.
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
) -> anyhow::Result<SealingKeySource> {
    match (key, file) {
        (Some(_), Some(_)) => bail!(
            "{} and {} are both set; set one of them",
            named("sealing_key"),
            named("sealing_key_file")
        ),
        (Some(key), None) => Ok(SealingKeySource::Given(key)),
        (None, Some(path)) => Ok(SealingKeySource::File(path.0)),
        (None, None) if database.is_sqlite() => {
            Ok(SealingKeySource::Generated(data.join("sealing.key")))
        }
        (None, None) => bail!(
            "{} must be set with PostgreSQL, because replicas share it: 32 random bytes in base64, such as `openssl rand -base64 32` makes",
            named("sealing_key_file")
        ),
    }
}

fn tls(settings: TlsSettings) -> anyhow::Result<TlsMode> {
    let by_certificate = || match settings.certificate {
        Some(_) => TlsModeName::Files,
        None => TlsModeName::SelfSigned,
    };
    let mode = settings.mode.unwrap_or_else(by_certificate);
    let [mode_name, certificate_name, key_name] =
        ["tls.mode", "tls.certificate", "tls.key"].map(named);
    match (mode, settings.certificate, settings.key) {
        (TlsModeName::SelfSigned, None, None) => Ok(TlsMode::SelfSigned),
        (TlsModeName::Off, None, None) => Ok(TlsMode::Off),
        (TlsModeName::Files, Some(certificate), Some(SecretPath(key))) => {
            Ok(TlsMode::Files { certificate, key })
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

/// Checks that the lookup sends no secret in clear, unless the operator allows it.
fn lookup_listen(
    listen: Option<String>,
    settings: &LookupSettings,
    tls: &TlsMode,
) -> anyhow::Result<Option<String>> {
    let Some(listen) = listen else {
        return Ok(None);
    };
    let addresses = resolve("lookup_listen", &listen, false)?;
    let is_beyond_loopback = addresses.iter().any(|address| !address.ip().is_loopback());
    if *tls == TlsMode::Off && is_beyond_loopback && !settings.plain_http {
        bail!(
            "{} would send secrets in clear: with {} off it must be a loopback address, or {} must be true",
            named("lookup_listen"),
            named("tls.mode"),
            named("lookup.plain_http")
        );
    }
    Ok(Some(listen))
}

/// Returns the port of `listen`, unless any free port may be taken.
fn port_of(listen: &str) -> Option<u16> {
    listen
        .rsplit_once(':')
        .and_then(|(_, port)| port.parse().ok())
        .filter(|port| *port != 0)
}

/// Returns the issuer of development mode.
pub(crate) fn development_issuer(tls: &TlsMode, port: u16) -> String {
    let scheme = if *tls == TlsMode::Off {
        "http"
    } else {
        "https"
    };
    format!("{scheme}://localhost:{port}")
}

/// Creates a sealing key that only its owner may read, unless it exists; of two processes that start together one creates it.
pub(crate) fn generate_once(path: &Path) -> anyhow::Result<()> {
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
