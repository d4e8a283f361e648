//! Configuration: file, then environment, then flags; the only reader of the environment.

use std::fmt;
use std::fs;
use std::io::{ErrorKind, Write};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ipnet::IpNet;
use oauth_http::peer::Proxies;
use protocol::{Invalid, Issuer, Object, Secret};
use registration::{Access, TrustedIssuer};
use serde::Deserialize;
use store::{DatabaseUrl, SealingKey};
use tempfile::NamedTempFile;
use toml::Table;
use webfinger::{Directory, Hosted};

mod descriptor;

use crate::limits::Limits;
use crate::provider::{self, addresses};
use crate::settings::{self, Form, PREFIX, Setting};

/// Where settings come from, the later over the earlier.
#[derive(Debug, Default)]
pub struct Sources {
    /// The file that `--config` names.
    pub file: Option<PathBuf>,
    /// The variables of the environment that are ours.
    pub environment: Vec<(String, String)>,
    /// The flags that were given, by the setting's key.
    pub flags: Vec<(String, String)>,
}

impl Sources {
    /// With the variables of this process.
    ///
    /// # Errors
    /// Names a variable of ours that is not UTF-8.
    pub fn of_process(file: Option<PathBuf>, flags: Vec<(String, String)>) -> Result<Self, ConfigError> {
        #[expect(clippy::disallowed_methods, reason = "the only reader of the environment")]
        let variables = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
        let environment = variables
            .filter(|(name, _)| name.starts_with(PREFIX))
            .map(|(name, value)| match value.into_string() {
                Ok(value) => Ok((name, value)),
                Err(_) => Err(ConfigError::new(format!("{name} must be UTF-8"))),
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { file, environment, flags })
    }
}

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

/// One provider as configured.
#[derive(Debug, Clone)]
pub struct ProviderConfig {
    /// Its issuer.
    pub issuer: Issuer,
    /// The domains it answers for besides its own host.
    pub domains: Vec<webfinger::Domain>,
    /// Who may register.
    pub access: Access,
    /// Private-use schemes without a dot that native clients may use.
    pub native_schemes: Vec<String>,
    /// How long client secrets are good for.
    pub secret_lifetime: Option<Duration>,
    /// How long clients are.
    pub client_lifetime: Option<Duration>,
    /// Members of the provider's document.
    pub metadata: Object,
    /// Whether the document is signed as well.
    pub signed_metadata: bool,
    /// Who may vouch for software.
    pub trusted: Vec<TrustedIssuer>,
    /// What WebFinger says besides who the issuer is.
    pub extras: Vec<webfinger::Extra>,
}

impl ProviderConfig {
    /// What WebFinger is to know of it.
    pub fn hosted(&self) -> Hosted {
        Hosted { issuer: self.issuer.clone(), domains: self.domains.clone(), extras: self.extras.clone() }
    }

    /// Whether its document can be put together.
    ///
    /// # Errors
    /// One sentence that names the provider and the settings that are missing or wrong.
    pub fn check(&self) -> Result<(), ConfigError> {
        let setting = |member: &str| settings::named(&format!("provider.metadata.{member}"));
        let Err(Invalid { member, reason }) = provider::offer(self) else { return Ok(()) };
        let needed = ["authorization_endpoint", "token_endpoint"];
        let missing: Vec<&str> = needed.into_iter().filter(|needed| !self.metadata.contains_key(*needed)).collect();
        Err(ConfigError::new(if missing.contains(&&*member) {
            format!("the provider {} needs {}", self.issuer, missing.into_iter().map(setting).collect::<Vec<_>>().join(" and "))
        } else {
            format!("the provider {}: {} {reason}", self.issuer, setting(&member))
        }))
    }
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
            Self::File(path) => write!(f, "{} is {}", settings::named("sealing_key_file"), path.display()),
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
    /// The first administrator's password.
    pub admin_password: Option<Secret>,
    /// How the listener speaks.
    pub tls: Tls,
    /// What is logged.
    pub log_level: String,
    /// Whether log lines are JSON.
    pub log_json: bool,
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
    /// The providers; in development mode the only one follows from where the service listens.
    pub providers: Vec<ProviderConfig>,
    /// Variables that look like settings and are none.
    pub unknown_variables: Vec<String>,
    effective: String,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_field_names, reason = "the settings' own names")]
struct File {
    listen: Option<String>,
    management_listen: Option<String>,
    database: Option<String>,
    data: Option<PathBuf>,
    sealing_key_file: Option<PathBuf>,
    sealing_key: Option<String>,
    admin_password: Option<String>,
    proxies: Vec<String>,
    tls: TlsSection,
    log: LogSection,
    limits: Limits,
    outbound: OutboundSection,
    discovery: DiscoverySection,
    keys: KeysSection,
    provider: Vec<ProviderSection>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct TlsSection {
    mode: Option<String>,
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct LogSection {
    level: Option<String>,
    format: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct OutboundSection {
    allow: Vec<String>,
    ca: Option<PathBuf>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct DiscoverySection {
    max_age: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct KeysSection {
    keep_retired: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct ProviderSection {
    issuer: Option<String>,
    domains: Vec<String>,
    registration: Option<String>,
    native_schemes: Vec<String>,
    client_secret_lifetime: Option<String>,
    client_lifetime: Option<String>,
    metadata: Table,
    signed_metadata: Option<bool>,
    software_statement_issuer: Vec<StatementIssuerSection>,
    webfinger: Vec<descriptor::Section>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StatementIssuerSection {
    issuer: String,
    jwks_file: PathBuf,
}

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
        let file = File::deserialize(table).map_err(|error| ConfigError::new(one_line(&error.to_string())))?;
        let development = sources.file.is_none() && file.provider.iter().all(|provider| provider.issuer.is_none());
        let data = file.data.unwrap_or_else(|| PathBuf::from("frontdesk-data"));
        let database = database(file.database, &data)?;
        let sealing = sealing(file.sealing_key, file.sealing_key_file, &database, &data)?;
        let listen =
            file.listen.unwrap_or_else(|| if development { format!("localhost:{DEVELOPMENT_PORT}") } else { "0.0.0.0:9443".to_owned() });
        let tls = tls(file.tls)?;
        let development_issuer = development.then(|| development_issuer(&tls, port_of(&listen).unwrap_or(DEVELOPMENT_PORT)));
        let providers = providers(file.provider, development_issuer, sources)?;
        let admin_password = file.admin_password.map(Secret::new);
        if admin_password.as_ref().is_some_and(|password| password.reveal() == "admin")
            && providers.iter().any(|provider| !provider.issuer.is_loopback())
        {
            return Err(ConfigError::new(format!(
                "{} must not be \"admin\" for an issuer that others can reach",
                settings::named("admin_password")
            )));
        }
        Ok(Self {
            development,
            listen,
            management_listen: file.management_listen.unwrap_or_else(|| "127.0.0.1:9444".to_owned()),
            database,
            data,
            sealing,
            admin_password,
            tls,
            log_level: file.log.level.unwrap_or_else(|| "info".to_owned()),
            log_json: log_json(file.log.format.as_deref(), development)?,
            limits: file.limits,
            proxies: proxies(&file.proxies)?,
            outbound_allow: parsed("outbound.allow", &file.outbound.allow)?,
            outbound_ca: file.outbound.ca,
            max_age: span("discovery.max_age", file.discovery.max_age.as_deref())?.unwrap_or(Duration::from_hours(1)),
            keep_retired: span("keys.keep_retired", file.keys.keep_retired.as_deref())?.unwrap_or(Duration::from_hours(30 * 24)),
            providers,
            unknown_variables,
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
        SealingKey::from_base64(text.reveal()).map_err(|error| ConfigError::new(format!("{}: {error}", self.sealing)))
    }

    /// The certificate authority for fetching, as it stands in its file.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn outbound_authority(&self) -> Result<Option<Vec<u8>>, ConfigError> {
        self.outbound_ca.as_ref().map(|path| fs::read(path).map_err(|error| unreadable("outbound.ca", path, &error))).transpose()
    }
}

/// The file's table with environment and flags over it, and the variables that are no setting's.
fn merged(sources: &Sources) -> Result<(Table, Vec<String>), ConfigError> {
    let mut table = match &sources.file {
        None => Table::new(),
        Some(path) => {
            let text = fs::read_to_string(path)
                .map_err(|error| ConfigError::new(format!("the configuration file {} cannot be read: {error}", path.display())))?;
            let wrong = |error: &toml::de::Error, key: Option<&str>| {
                let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
                let line = before.matches('\n').count() + 1;
                let key = key.map_or_else(String::new, |key| format!("{key}: "));
                ConfigError::new(format!(
                    "the configuration file {} is wrong at line {line}: {key}{}",
                    path.display(),
                    one_line(error.message())
                ))
            };
            let table: Table = toml::from_str(&text).map_err(|error| wrong(&error, None))?;
            // The text knows the line of a fault, the table the name of its setting.
            toml::from_str::<File>(&text).map_err(|error| {
                let named = File::deserialize(table.clone()).err().map(|named| named.to_string());
                let key =
                    named.as_deref().and_then(|named| named.strip_prefix(error.message())?.trim().strip_prefix("in `")?.strip_suffix('`'));
                wrong(&error, key)
            })?;
            table
        }
    };
    let settings: Vec<Setting> = settings::all().collect();
    let mut unknown = Vec::new();
    for (name, text) in &sources.environment {
        match settings.iter().find(|setting| setting.variable == name) {
            // A variable that is set to nothing says nothing: that is how one is left out in a compose file.
            Some(_) if text.is_empty() => {}
            Some(setting) => settings::put(&mut table, setting, text).map_err(|reason| ConfigError::new(format!("{name} {reason}")))?,
            None => unknown.push(name.clone()),
        }
    }
    for (key, text) in &sources.flags {
        if let Some(setting) = settings.iter().find(|setting| setting.key == key) {
            settings::put(&mut table, setting, text).map_err(|reason| ConfigError::new(format!("--{} {reason}", setting.flag())))?;
        }
    }
    Ok((table, unknown))
}

fn masked(table: &Table) -> String {
    let mut shown = table.clone();
    for setting in settings::all().filter(|setting| setting.form == Form::Secret) {
        if let Some(value) = shown.get_mut(setting.key) {
            *value = "(hidden)".into();
        }
    }
    if let Some(url) = table.get("database").and_then(|url| url.as_str()).and_then(|url| url.parse::<DatabaseUrl>().ok()) {
        shown.insert("database".to_owned(), url.to_string().into());
    }
    toml::to_string_pretty(&shown).unwrap_or_default()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn database(configured: Option<String>, data: &Path) -> Result<DatabaseUrl, ConfigError> {
    let url = configured.unwrap_or_else(|| format!("sqlite://{}", data.join("frontdesk.db").display()));
    url.parse().map_err(|error| ConfigError::new(format!("{}: {error}", settings::named("database"))))
}

fn sealing(key: Option<String>, file: Option<PathBuf>, database: &DatabaseUrl, data: &Path) -> Result<Sealing, ConfigError> {
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
    let mode = section.mode.unwrap_or_else(|| if section.certificate.is_some() { "files" } else { "self-signed" }.to_owned());
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
        _ => Err(ConfigError::new(format!("{} must be self-signed, files or off, not {mode:?}", settings::named("tls.mode")))),
    }
}

fn log_json(format: Option<&str>, development: bool) -> Result<bool, ConfigError> {
    match format {
        None => Ok(!development),
        Some("json") => Ok(true),
        Some("text") => Ok(false),
        Some(other) => Err(ConfigError::new(format!("{} must be text or json, not {other:?}", settings::named("log.format")))),
    }
}

/// A span of time such as `7d`, `12h` or `90s`.
fn span(key: &str, text: Option<&str>) -> Result<Option<Duration>, ConfigError> {
    text.map(|text| {
        humantime::parse_duration(text)
            .map_err(|error| ConfigError::new(format!("{} must be a span such as 7d or 12h: {error}", settings::named(key))))
    })
    .transpose()
}

fn parsed<T: std::str::FromStr<Err: fmt::Display>>(key: &str, texts: &[String]) -> Result<Vec<T>, ConfigError> {
    texts.iter().map(|text| text.parse().map_err(|error| ConfigError::new(format!("{}: {error}", settings::named(key))))).collect()
}

/// Networks, or single addresses.
fn proxies(texts: &[String]) -> Result<Proxies, ConfigError> {
    let network = |text: &String| text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
    let wrong =
        |text| ConfigError::new(format!("{} must be addresses or networks such as 10.0.0.0/8, not {text:?}", settings::named("proxies")));
    texts.iter().map(|text| network(text).ok_or_else(|| wrong(text))).collect::<Result<_, _>>().map(Proxies)
}

/// The port at the end of where the service listens, unless any free one will do.
fn port_of(listen: &str) -> Option<u16> {
    listen.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).filter(|port| *port != 0)
}

/// The issuer of development mode follows from how and where the service listens.
pub(crate) fn development_issuer(tls: &Tls, port: u16) -> String {
    let scheme = if *tls == Tls::Off { "http" } else { "https" };
    format!("{scheme}://localhost:{port}")
}

fn providers(
    sections: Vec<ProviderSection>,
    development_issuer: Option<String>,
    sources: &Sources,
) -> Result<Vec<ProviderConfig>, ConfigError> {
    if development_issuer.is_some() {
        let mut only = sections.into_iter().next().unwrap_or_default();
        only.issuer = development_issuer;
        return Ok(vec![provider(only, sources)?]);
    }
    if sections.is_empty() {
        return Err(no_issuer());
    }
    let providers: Vec<ProviderConfig> = sections.into_iter().map(|section| provider(section, sources)).collect::<Result<_, _>>()?;
    for (at, one) in providers.iter().enumerate() {
        if providers.iter().skip(at + 1).any(|other| other.issuer.host() == one.issuer.host() && other.issuer.path() == one.issuer.path()) {
            return Err(ConfigError::new(format!("two providers have the host and path of {}; each needs its own", one.issuer)));
        }
    }
    addresses::apart(&providers).map_err(|reason| ConfigError::new(format!("{}: {reason}", settings::named("provider.issuer"))))?;
    Directory::new(providers.iter().map(ProviderConfig::hosted).collect()).map_err(|error| descriptor::refused(&error))?;
    Ok(providers)
}

fn no_issuer() -> ConfigError {
    ConfigError::new(format!("there is no issuer: set {}, the https URL of the provider", settings::named("provider.issuer")))
}

fn provider(section: ProviderSection, sources: &Sources) -> Result<ProviderConfig, ConfigError> {
    let text = section.issuer.ok_or_else(no_issuer)?;
    let issuer = Issuer::parse(&text)
        .map_err(|reason| ConfigError::new(format!("{}: the issuer {text:?} {reason}", settings::named("provider.issuer"))))?;
    let access = match section.registration.as_deref() {
        None | Some("protected") => Access::Protected,
        Some("closed") => Access::Closed,
        Some("open") => Access::Open,
        Some(other) => {
            return Err(ConfigError::new(format!(
                "{} must be closed, protected or open, not {other:?}",
                settings::named("provider.registration")
            )));
        }
    };
    if let Some(scheme) = section.native_schemes.iter().find(|scheme| !is_scheme(scheme)) {
        return Err(ConfigError::new(format!("{}: {scheme:?} is not a scheme", settings::named("provider.native_schemes"))));
    }
    let base = sources.file.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
    let trusted = section.software_statement_issuer.into_iter().map(|section| statement_issuer(section, base)).collect::<Result<_, _>>()?;
    let Ok(serde_json::Value::Object(metadata)) = serde_json::to_value(section.metadata) else {
        return Err(ConfigError::new("provider.metadata has a value that JSON cannot carry"));
    };
    Ok(ProviderConfig {
        domains: parsed("provider.domains", &section.domains)?,
        access,
        native_schemes: section.native_schemes,
        secret_lifetime: span("provider.client_secret_lifetime", section.client_secret_lifetime.as_deref())?,
        client_lifetime: span("provider.client_lifetime", section.client_lifetime.as_deref())?,
        metadata,
        signed_metadata: section.signed_metadata.unwrap_or(true),
        trusted,
        extras: section.webfinger.into_iter().map(descriptor::extra).collect::<Result<_, _>>()?,
        issuer,
    })
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

fn statement_issuer(section: StatementIssuerSection, base: &Path) -> Result<TrustedIssuer, ConfigError> {
    let path = base.join(&section.jwks_file);
    let jwks = fs::read_to_string(&path).map_err(|error| unreadable("provider.software_statement_issuer.jwks_file", &path, &error))?;
    TrustedIssuer::new(section.issuer, &jwks).map_err(|reason| ConfigError::new(format!("the key file {} {reason}", path.display())))
}

fn unreadable(key: &str, path: &Path, error: &std::io::Error) -> ConfigError {
    ConfigError::new(format!("{} names {}, which cannot be read: {error}", settings::named(key), path.display()))
}

fn read_secret(path: &Path, key: &str) -> Result<Secret, ConfigError> {
    fs::read_to_string(path).map(Secret::new).map_err(|error| unreadable(key, path, &error))
}

/// Makes a sealing key only its owner may read, unless there is one; of two programs that start together one makes it.
fn make_once(path: &Path) -> Result<(), ConfigError> {
    if path.exists() {
        return Ok(());
    }
    let cannot = |error: &dyn fmt::Display| ConfigError::new(format!("the sealing key {} cannot be made: {error}", path.display()));
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
