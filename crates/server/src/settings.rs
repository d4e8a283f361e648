//! The settings: one row gives a setting its key in the file, its variable in the environment, its flag, its default
//! and its line in the operator's reference.

use toml::{Table, Value};

/// What form a setting's value has outside the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A text.
    Text,
    /// A text nobody may see.
    Secret,
    /// The path of a file with a secret in it.
    SecretFile,
    /// A whole number.
    Number,
    /// Texts with commas between them.
    List,
}

/// One setting.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Where it stands in the file: `tls.mode`; `provider.…` means the only provider.
    pub key: &'static str,
    /// Its variable in the environment.
    pub variable: &'static str,
    /// The form of its value there and on the command line.
    pub form: Form,
    /// What holds when nothing is said.
    pub default: &'static str,
    /// What it is, in one sentence.
    pub doc: &'static str,
}

impl Setting {
    /// Its flag on the command line, without the dashes.
    pub fn flag(&self) -> String {
        self.variable
            .trim_start_matches(PREFIX)
            .to_ascii_lowercase()
            .replace('_', "-")
    }

    /// Reads a value of the environment or the command line.
    fn value(&self, text: &str) -> Result<Value, String> {
        Ok(match self.form {
            Form::Text | Form::Secret | Form::SecretFile => Value::String(text.to_owned()),
            Form::Number => {
                let number: u32 = text
                    .trim()
                    .parse()
                    .map_err(|_| format!("{WHOLE_NUMBER}, not {text:?}"))?;
                Value::Integer(number.into())
            }
            Form::List => Value::Array(
                text.split(',')
                    .map(str::trim)
                    .filter(|part| !part.is_empty())
                    .map(|part| part.to_owned().into())
                    .collect(),
            ),
        })
    }
}

/// What a [`Form::Number`] must be, after its name.
pub const WHOLE_NUMBER: &str = "must be a whole number from 0 to 4294967295";

/// What every variable begins with.
pub const PREFIX: &str = "FRONTDESK_";

macro_rules! settings {
    ($( $(#[doc = $doc:literal])+ $key:literal, $variable:literal, $form:ident, $default:literal; )+) => {
        /// Every setting that can be given outside the file.
        pub const SETTINGS: &[Setting] = &[$( Setting {
            key: $key, variable: $variable, form: Form::$form, default: $default, doc: concat!($($doc),+),
        } ),+];
    };
}

settings! {
    /// Where the service listens: address and port, or name and port; port 0 takes any free one.
    "listen", "FRONTDESK_LISTEN", Text, "0.0.0.0:9443; localhost:9443 in development mode";
    /// Where health and metrics are served, over plain HTTP; never on the public address.
    "management_listen", "FRONTDESK_MANAGEMENT_LISTEN", Text, "127.0.0.1:9444";
    /// The database: a sqlite:// or postgres:// URL.
    "database", "FRONTDESK_DATABASE", Text, "sqlite://{data}/frontdesk.db";
    /// The folder for what the embedded default keeps: database, sealing key, development certificates.
    "data", "FRONTDESK_DATA", Text, "frontdesk-data";
    /// A file with the key that seals secrets in the store: 32 bytes in base64.
    "sealing_key_file", "FRONTDESK_SEALING_KEY_FILE", SecretFile, "{data}/sealing.key, made at first start, with SQLite; none with PostgreSQL";
    /// The same key itself.
    "sealing_key", "FRONTDESK_SEALING_KEY", Secret, "";
    /// The password of the account admin, which is made with it when there is no account yet: at least 12 characters, in development mode any.
    "admin_password", "FRONTDESK_ADMIN_PASSWORD", Secret, "none; development mode makes one and shows it once";
    /// A file with that password, which is then not in the environment of the process; a line break at its end is no part of it.
    "admin_password_file", "FRONTDESK_ADMIN_PASSWORD_FILE", SecretFile, "none";
    /// TLS: self-signed (a certificate authority of our own), files, or off.
    "tls.mode", "FRONTDESK_TLS", Text, "files when a certificate is named, else self-signed";
    /// The certificate with its chain, PEM.
    "tls.certificate", "FRONTDESK_TLS_CERTIFICATE", Text, "";
    /// The certificate's private key, PEM.
    "tls.key", "FRONTDESK_TLS_KEY", SecretFile, "";
    /// What is logged: error, warn, info, debug or trace, or a filter such as info,store=debug.
    "log.level", "FRONTDESK_LOG", Text, "info";
    /// How log lines are written: text or json.
    "log.format", "FRONTDESK_LOG_FORMAT", Text, "json; text in development mode";
    /// Where spans of requests go, OTLP over HTTP: http://host:4318, or a whole address; requires a build with the cargo feature otel.
    "traces.endpoint", "FRONTDESK_TRACES_ENDPOINT", Text, "";
    /// How many of a hundred requests are traced, where no proxy has decided that.
    "traces.percent", "FRONTDESK_TRACES_PERCENT", Number, "100";
    /// The proxies whose word about their clients' addresses is believed: addresses or networks such as 10.0.0.0/8.
    "proxies", "FRONTDESK_PROXIES", List, "none";
    /// The one header in which they give it: x-forwarded-for or forwarded (RFC 7239).
    "proxy_header", "FRONTDESK_PROXY_HEADER", Text, "x-forwarded-for";
    /// Private destinations that may be fetched from all the same: host:port, several with commas.
    "outbound.allow", "FRONTDESK_OUTBOUND_ALLOW", List, "none";
    /// A certificate authority, PEM, trusted besides the system's when fetching.
    "outbound.ca", "FRONTDESK_OUTBOUND_CA", Text, "";
    /// For how long clients and caches may keep the documents and keys; a new signing key is published that long before it signs.
    "discovery.max_age", "FRONTDESK_DISCOVERY_MAX_AGE", Text, "1h";
    /// For how long a key that no longer signs stays published.
    "keys.keep_retired", "FRONTDESK_KEYS_KEEP_RETIRED", Text, "30d";
    /// For how long the audit trail is kept; 0 is for ever.
    "audit.keep", "FRONTDESK_AUDIT_KEEP", Text, "90d";
    /// The issuer: the provider's own https URL.
    "provider.issuer", "FRONTDESK_ISSUER", Text, "https://localhost:9443 in development mode; otherwise it must be set";
    /// The domains whose accounts and URLs WebFinger answers with this issuer; the issuer's own host always is one.
    "provider.domains", "FRONTDESK_DOMAINS", List, "the issuer's host";
    /// Who may register: closed, protected (an account or an initial access token) or open.
    "provider.registration", "FRONTDESK_REGISTRATION", Text, "protected";
    /// Private-use schemes without a dot that native clients may use.
    "provider.native_schemes", "FRONTDESK_NATIVE_SCHEMES", List, "none";
    /// How long a client secret is good for.
    "provider.client_secret_lifetime", "FRONTDESK_CLIENT_SECRET_LIFETIME", Text, "for ever";
    /// How long a registered client is.
    "provider.client_lifetime", "FRONTDESK_CLIENT_LIFETIME", Text, "for ever";
    /// Where users are sent to authenticate.
    "provider.metadata.authorization_endpoint", "FRONTDESK_AUTHORIZATION_ENDPOINT", Text, "{issuer}/oauth2/authorize on a loopback issuer; otherwise it must be set";
    /// Where codes become tokens.
    "provider.metadata.token_endpoint", "FRONTDESK_TOKEN_ENDPOINT", Text, "{issuer}/oauth2/token on a loopback issuer; otherwise it must be set";
    /// Where claims about the user are.
    "provider.metadata.userinfo_endpoint", "FRONTDESK_USERINFO_ENDPOINT", Text, "{issuer}/oauth2/userinfo on a loopback issuer; otherwise left out";
}

/// Every setting: those above and one for each limit.
pub fn all() -> impl Iterator<Item = Setting> {
    SETTINGS
        .iter()
        .copied()
        .chain(crate::limits::SETTINGS.iter().copied())
}

/// The setting's name in a sentence: its key and its variable.
pub fn named(key: &str) -> String {
    all().find(|setting| setting.key == key).map_or_else(
        || key.to_owned(),
        |setting| format!("{} ({})", setting.key, setting.variable),
    )
}

/// Puts the value of a setting where it belongs in the file's table.
///
/// # Errors
/// The rest of a sentence that begins with the setting's variable or flag.
pub fn put(file: &mut Table, setting: &Setting, text: &str) -> Result<(), String> {
    let value = setting.value(text)?;
    let mut path: Vec<&str> = setting.key.split('.').collect();
    let last = path.pop().unwrap_or_default();
    let mut table = file;
    for (depth, step) in path.into_iter().enumerate() {
        let fresh = || {
            if depth == 0 && step == "provider" {
                Value::Array(vec![Value::Table(Table::new())])
            } else {
                Value::Table(Table::new())
            }
        };
        let next = table.entry(step).or_insert_with(fresh);
        table = match next {
            Value::Table(table) => table,
            Value::Array(providers) => match providers.as_mut_slice() {
                [Value::Table(only)] => only,
                [] => return Err("is for a configuration with one provider, and the file has an empty list of them".to_owned()),
                _ => return Err("is for a configuration with one provider, and the file has several".to_owned()),
            },
            _ => return Err(format!("cannot be set: {step} is not a table in the file")),
        };
    }
    table.insert(last.to_owned(), value);
    Ok(())
}
