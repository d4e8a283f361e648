//! Every setting, one row each: its field in the file and here, its default and bounds, its variable and its sentence in
//! `docs/configuration.md`. The flag follows from the variable.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use admission::{DocumentRedirects, RequiredClaim};
use ipnet::IpNet;
use oauth_http::peer::ProxyHeader;
use protocol::admit::ANY_SCHEME;
use protocol::token_terms::RedirectHostPattern;
use protocol::uri::{RedirectForm, RedirectUri};
use protocol::{ClientIdUrl, Issuer, Secret};
use registration::RegistrationAccess;
use serde::Deserialize;
use store::DatabaseUrl;
use toml::Table;

mod documents;
mod limits;
mod provision;

use crate::durations::LIFETIME;
use crate::setting::values::SecretPath;
use crate::setting::{
    BoundedValue, DefaultText, FileSection, ListElement, Setting, SettingDefault, SettingError,
    SettingValue, ValueError, ValueKind, choices, one_of, row, section,
};
use documents::{DocumentHost, KEPT};
use limits::LimitsFile;
use provision::ProvisionFile;

pub use ::documents::DocumentAccess;
pub use limits::Limits;
pub use provision::{ConnectorKind, ProvisionSettings};

section! {
    ConfigFile => Settings, "", {
        /// The address of the public listener: address and port, or name and port; port 0 takes any free one.
        listen: Option<String>, default "0.0.0.0:9443; localhost:9443 in development mode outside a container", "FRONTDESK_LISTEN";
        /// True in the container image: development mode then listens on every address, because a published port does not lead to a container's loopback.
        container: bool = false, "FRONTDESK_CONTAINER";
        /// The address of the management listener, which serves health and metrics over plain HTTP; it must not be public.
        management_listen: String = "127.0.0.1:9444".to_owned(), "FRONTDESK_MANAGEMENT_LISTEN";
        /// The address of the lookup, at which authorization servers ask about clients: address and port. TLS is that of the public listener.
        lookup_listen: Option<String>, default "none: no lookup", "FRONTDESK_LOOKUP_LISTEN";
        /// The database: a sqlite:// or postgres:// URL.
        database: Option<DatabaseUrl>, default "sqlite://{data}/frontdesk.db", "FRONTDESK_DATABASE";
        /// The folder for the database, sealing key and development certificates, unless they are configured.
        data: PathBuf = "frontdesk-data".into(), "FRONTDESK_DATA";
        /// A file with the key that seals secrets in the store: 32 bytes in base64.
        sealing_key_file: Option<SecretPath>, default "{data}/sealing.key, made at first start, with SQLite; none with PostgreSQL", "FRONTDESK_SEALING_KEY_FILE";
        /// The sealing key itself.
        sealing_key: Option<Secret>, default "", "FRONTDESK_SEALING_KEY";
        /// The password of the account admin, which is created if there is no account yet: at least 12 characters; in development mode outside a container any.
        admin_password: Option<Secret>, default "none; development mode makes one and shows it once", "FRONTDESK_ADMIN_PASSWORD";
        /// A file with that password, which keeps it out of the environment; a line break at its end is ignored.
        admin_password_file: Option<SecretPath>, default "", "FRONTDESK_ADMIN_PASSWORD_FILE";
        /// The proxies that are trusted to name their clients' addresses: addresses or networks such as 10.0.0.0/8.
        proxies: Vec<IpNet>, default "", "FRONTDESK_PROXIES";
        /// The header in which the proxies name them: x-forwarded-for or forwarded (RFC 7239).
        proxy_header: ProxyHeader = ProxyHeader::XForwardedFor, "FRONTDESK_PROXY_HEADER";
    }
    sections {
        tls: TlsFile;
        log: LogFile;
        traces: TracesFile;
        limits: LimitsFile;
        outbound: OutboundFile;
        discovery: DiscoveryFile;
        lookup: LookupFile;
        keys: KeysFile;
        audit: AuditFile;
        provider: Vec<ProviderFile>;
    }
}

section! {
    TlsFile => TlsSettings, "tls.", {
        /// TLS: self-signed (a certificate authority of our own), files, or off.
        mode: Option<TlsModeName>, default "files when a certificate is named, else self-signed", "FRONTDESK_TLS";
        /// The certificate with its chain, PEM.
        certificate: Option<PathBuf>, default "", "FRONTDESK_TLS_CERTIFICATE";
        /// The certificate's private key, PEM.
        key: Option<SecretPath>, default "", "FRONTDESK_TLS_KEY";
    }
}

section! {
    LogFile => LogSettings, "log.", {
        /// The log level: error, warn, info, debug or trace, or a filter such as info,store=debug.
        level: String = "info".to_owned(), "FRONTDESK_LOG";
        /// The format of log lines: text or json.
        format: Option<LogFormat>, default "json; text in development mode", "FRONTDESK_LOG_FORMAT";
    }
}

section! {
    TracesFile => TracesSettings, "traces.", {
        /// The collector of spans, OTLP over HTTP: http://host:4318, or a whole address; requires a build with the cargo feature otel.
        endpoint: Option<String>, default "", "FRONTDESK_TRACES_ENDPOINT";
        /// The percentage of requests that are traced, unless a proxy has decided it.
        percent: u32 = 100, "FRONTDESK_TRACES_PERCENT";
    }
}

section! {
    OutboundFile => OutboundSettings, "outbound.", {
        /// Private destinations that may be fetched from: host:port, several with commas.
        allow: Vec<outbound::AllowedDestination>, default "", "FRONTDESK_OUTBOUND_ALLOW";
        /// A certificate authority, PEM, trusted besides the system's when fetching.
        ca: Option<PathBuf>, default "", "FRONTDESK_OUTBOUND_CA";
    }
}

section! {
    DiscoveryFile => DiscoverySettings, "discovery.", {
        /// The time for which clients and caches may keep the documents and keys; a new signing key is published that long before it signs.
        max_age: Duration = Duration::from_hours(1), in Duration::ZERO..=Duration::from_hours(24), "FRONTDESK_DISCOVERY_MAX_AGE";
    }
}

section! {
    LookupFile => LookupSettings, "lookup.", {
        /// The time for which an authorization server may use an answer of the lookup without asking again; at 0 it asks each time.
        max_age: Duration = Duration::ZERO, in Duration::ZERO..=Duration::from_mins(5), "FRONTDESK_LOOKUP_MAX_AGE";
        /// With tls.mode off: the lookup may listen beyond loopback, in a container network for example, where secrets pass in clear.
        plain_http: bool = false, "FRONTDESK_LOOKUP_PLAIN_HTTP";
    }
}

section! {
    KeysFile => KeysSettings, "keys.", {
        /// The time for which a key that no longer signs stays published.
        keep_retired: Duration = Duration::from_hours(30 * 24), in Duration::ZERO..=*LIFETIME.end(), "FRONTDESK_KEYS_KEEP_RETIRED";
    }
}

section! {
    AuditFile => AuditSettings, "audit.", {
        /// The time for which the audit trail is kept; 0 is unlimited.
        keep: Duration = Duration::from_hours(90 * 24), in Duration::ZERO..=*LIFETIME.end(), "FRONTDESK_AUDIT_KEEP";
    }
}

section! {
    ProviderFile => ProviderSettings, "provider.", {
        /// The issuer: the provider's own https URL.
        issuer: Option<Issuer>, default "https://localhost:9443 in development mode; otherwise it must be set", "FRONTDESK_ISSUER";
        /// The domains whose accounts and URLs WebFinger answers with this issuer; the issuer's own host always is one.
        domains: Vec<webfinger::Domain>, default "the issuer's host", "FRONTDESK_DOMAINS";
        /// The access to registration: closed, protected (an account or an initial access token) or open.
        registration: RegistrationAccess = RegistrationAccess::Protected, "FRONTDESK_REGISTRATION";
        /// Private-use schemes without a dot that native clients may use; * is every scheme that docs/client-metadata.md does not list as refused.
        native_schemes: Vec<NativeScheme>, default "", "FRONTDESK_NATIVE_SCHEMES";
        /// The hosts of https redirect URIs of clients that register without an account or token, such as claude.ai, or *.example.com for every host below it; loopback and private-use schemes are not limited.
        redirect_hosts: Vec<RedirectHostPattern>, default "any host", "FRONTDESK_REDIRECT_HOSTS";
        /// The lifetime of a client secret.
        client_secret_lifetime: Option<Duration>, default "for ever", in LIFETIME, "FRONTDESK_CLIENT_SECRET_LIFETIME";
        /// The lifetime of a registered client.
        client_lifetime: Option<Duration>, default "for ever", in LIFETIME, "FRONTDESK_CLIENT_LIFETIME";
        /// The https URLs that clients may use as client_id, with a document behind (client ID metadata documents): closed (none), listed (those on document_hosts) or open (any).
        documents: DocumentAccess = DocumentAccess::Closed, "FRONTDESK_DOCUMENTS";
        /// The hosts of those URLs with listed, and further hosts for their redirect URIs with own-host: host names, IP addresses, or *.example.com for every host below it.
        document_hosts: Vec<DocumentHost>, default "", "FRONTDESK_DOCUMENT_HOSTS";
        /// The hosts of https addresses in a document: own-host (the host of its URL, and document_hosts) or any.
        document_redirects: DocumentRedirects = DocumentRedirects::OwnHost, "FRONTDESK_DOCUMENT_REDIRECTS";
        /// The shortest time for which a document is used, also where its server says less.
        document_keep_min: Duration = Duration::from_mins(5), in KEPT, "FRONTDESK_DOCUMENT_KEEP_MIN";
        /// The time after which a document is fetched again at the latest.
        document_keep_max: Duration = Duration::from_hours(24), in KEPT, "FRONTDESK_DOCUMENT_KEEP_MAX";
        /// The time for which a document in use stays usable while its server cannot be reached; at 0 it does not.
        document_stale: Duration = Duration::from_hours(1), in Duration::ZERO..=Duration::from_hours(7 * 24), "FRONTDESK_DOCUMENT_STALE";
        /// The https identifiers of clients that the authorization server has itself; they are passed on without a document.
        document_pass: Vec<ClientIdUrl>, default "", "FRONTDESK_DOCUMENT_PASS";
        /// The authorization endpoint of the document is Frontdesk's own, which reads documents, writes them into the authorization server and redirects to its endpoint.
        authorization_hop: Option<bool>, default "true when documents is listed or open and provision.to is set, otherwise false", "FRONTDESK_AUTHORIZATION_HOP";
    }
    sections {
        upstream: UpstreamFile;
        provision: ProvisionFile;
    }
    fields {
        metadata: Table;
        extra_metadata: Table;
        signed_metadata: Option<bool>;
        software_statement_issuer: Vec<StatementIssuerSection>;
        webfinger: Vec<WebFingerSection>;
    }
}

section! {
    UpstreamFile => UpstreamSettings, "provider.upstream.", {
        /// The address of the authorization server's own document, which then is the provider's, with its own registration endpoint.
        document: Option<String>, default "none: the document is configured here", "FRONTDESK_UPSTREAM_DOCUMENT";
        /// The interval at which that document is asked for again.
        refresh: Duration = Duration::from_mins(10), in Duration::from_secs(30)..=Duration::from_hours(24), "FRONTDESK_UPSTREAM_REFRESH";
        /// The document may come over http from beyond loopback, in a container network for example.
        plain_http: bool = false, "FRONTDESK_UPSTREAM_PLAIN_HTTP";
    }
    fields {
        add: Table;
    }
}

/// `[[provider.software_statement_issuer]]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatementIssuerSection {
    pub issuer: String,
    pub jwks_file: PathBuf,
    /// The claims that its statements must have.
    #[serde(default)]
    pub require: Vec<StatementClaim>,
}

/// A claim that software statements of an issuer must have.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StatementClaim {
    Aud,
    Exp,
    Nbf,
    Iat,
}

impl From<StatementClaim> for RequiredClaim {
    fn from(claim: StatementClaim) -> Self {
        match claim {
            StatementClaim::Aud => Self::Audience,
            StatementClaim::Exp => Self::Expiration,
            StatementClaim::Nbf => Self::NotBefore,
            StatementClaim::Iat => Self::IssuedAt,
        }
    }
}

/// `[[provider.webfinger]]`.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WebFingerSection {
    pub domain: Option<String>,
    pub aliases: Vec<String>,
    pub link: Vec<LinkSection>,
}

/// `[[provider.webfinger.link]]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkSection {
    pub rel: String,
    pub href: Option<String>,
    pub template: Option<String>,
    #[serde(rename = "type")]
    pub media_type: Option<String>,
    #[serde(default)]
    pub titles: BTreeMap<String, String>,
    #[serde(default)]
    pub properties: BTreeMap<String, String>,
}

/// The members of a provider's document that have a variable; the file's section `provider.metadata` may have all.
const METADATA: &[Setting] = &[
    endpoint(
        "provider.metadata.authorization_endpoint",
        "FRONTDESK_AUTHORIZATION_ENDPOINT",
        "{issuer}/oauth2/authorize on a loopback issuer; otherwise it must be set",
        "The authorization endpoint, where users authenticate.",
    ),
    endpoint(
        "provider.metadata.token_endpoint",
        "FRONTDESK_TOKEN_ENDPOINT",
        "{issuer}/oauth2/token on a loopback issuer; otherwise it must be set",
        "The token endpoint.",
    ),
    endpoint(
        "provider.metadata.userinfo_endpoint",
        "FRONTDESK_USERINFO_ENDPOINT",
        "{issuer}/oauth2/userinfo on a loopback issuer; otherwise left out",
        "The userinfo endpoint.",
    ),
];

const fn endpoint(
    key: &'static str,
    variable: &'static str,
    default: &'static str,
    doc: &'static str,
) -> Setting {
    Setting {
        key,
        variable,
        kind: ValueKind::Text,
        default: SettingDefault::Words(default),
        doc,
        bounds: String::new,
    }
}

/// Returns every setting that can be given outside the file, in the order of the reference.
pub fn all() -> impl Iterator<Item = Setting> {
    let sections = [
        Settings::ROWS,
        TlsSettings::ROWS,
        LogSettings::ROWS,
        TracesSettings::ROWS,
        OutboundSettings::ROWS,
        DiscoverySettings::ROWS,
        LookupSettings::ROWS,
        KeysSettings::ROWS,
        AuditSettings::ROWS,
        ProviderSettings::ROWS,
        UpstreamSettings::ROWS,
        ProvisionSettings::ROWS,
        METADATA,
        Limits::ROWS,
    ];
    sections.into_iter().flatten().copied()
}

/// Returns the setting's name for a sentence: its key and its variable.
pub fn named(key: &str) -> String {
    all().find(|setting| setting.key == key).map_or_else(
        || key.to_owned(),
        |setting| format!("{} ({})", setting.key, setting.variable),
    )
}

/// The values of `tls.mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsModeName {
    SelfSigned,
    Files,
    Off,
}

/// The values of `log.format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    Json,
}

choices! {
    TlsModeName: "self-signed" => SelfSigned, "files" => Files, "off" => Off;
    LogFormat: "text" => Text, "json" => Json;
    ProxyHeader: "x-forwarded-for" => XForwardedFor, "forwarded" => Forwarded;
    RegistrationAccess: "closed" => Closed, "protected" => Protected, "open" => Open;
}

impl SettingValue for DatabaseUrl {
    type Raw = String;
    const KIND: ValueKind = ValueKind::Text;
    fn read(raw: String) -> Result<Self, ValueError> {
        raw.parse().map_err(ValueError::sentence)
    }
}

impl SettingValue for Issuer {
    type Raw = String;
    const KIND: ValueKind = ValueKind::Text;
    fn read(raw: String) -> Result<Self, ValueError> {
        Self::parse(&raw)
            .map_err(|reason| ValueError::sentence(format!("the issuer {raw:?} {reason}")))
    }
}

impl ListElement for IpNet {
    fn parse(text: &str) -> Result<Self, ValueError> {
        let address = || text.parse::<IpAddr>().ok().map(Self::from);
        text.parse().ok().or_else(address).ok_or_else(|| {
            ValueError::new(format!(
                "must be addresses or networks such as 10.0.0.0/8, not {text:?}"
            ))
        })
    }
}

impl ListElement for outbound::AllowedDestination {
    fn parse(text: &str) -> Result<Self, ValueError> {
        text.parse().map_err(ValueError::sentence)
    }
}

impl ListElement for webfinger::Domain {
    fn parse(text: &str) -> Result<Self, ValueError> {
        text.parse().map_err(ValueError::sentence)
    }
}

impl ListElement for RedirectHostPattern {
    fn parse(text: &str) -> Result<Self, ValueError> {
        Self::parse(text).map_err(|reason| ValueError::sentence(format!("{text:?} {reason}")))
    }
}

/// A private-use scheme (RFC 8252 §7.1), or [`ANY_SCHEME`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NativeScheme(pub String);

impl ListElement for NativeScheme {
    fn parse(text: &str) -> Result<Self, ValueError> {
        if text == ANY_SCHEME {
            return Ok(Self(text.to_owned()));
        }
        let wrong = |reason| Err(ValueError::sentence(format!("{text:?} {reason}")));
        if !is_scheme(text) {
            return wrong("is not a scheme");
        }
        match RedirectUri::parse(format!("{text}:/callback")) {
            Ok(uri) if uri.form() == RedirectForm::PrivateUse => Ok(Self(text.to_owned())),
            _ => wrong("is not a private-use scheme"),
        }
    }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The default on the page is read as the default in force.
    #[test]
    fn default_text_is_read_as_default() {
        let nothing: ConfigFile = toml::from_str("[[provider]]\n").unwrap();
        let mut table = Table::new();
        for setting in all() {
            if let SettingDefault::Value(text) = setting.default {
                setting.put(&mut table, &text()).unwrap();
            }
        }
        assert_eq!(table["limits"]["body_bytes"].as_integer(), Some(65_536));
        assert_eq!(table["discovery"]["max_age"].as_str(), Some("1h"));
        let defaults = ConfigFile::deserialize(table).unwrap();
        assert_eq!(defaults.read().unwrap(), nothing.read().unwrap());
    }
}
