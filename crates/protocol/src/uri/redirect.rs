//! Redirection URIs, and the two forms of them that only WSO2 clients send.

use serde_json::{Value, json};
use url::Url;

use super::query::{RESPONSE_PARAMETERS, find_parameter};
use super::refused_schemes;
use super::syntax::{
    HostKind, authority, check_host, dns_name, is_scheme, plain, port_number, split_port,
};
use crate::form::JsonForm;
use crate::member::{Reason, SingleValue, text};

/// The prefix of a pattern among redirect URIs, which the WSO2 endpoints accept.
pub const PATTERN_MARKER: &str = "regexp=";

/// The maximum length of a pattern, in characters.
pub const PATTERN_MAX: usize = 4096;

/// The reason for refusing http elsewhere. RFC 8252 §7.3.
const HTTP_NOT_LOOPBACK: &str = "uses http, which is for loopback addresses only";

/// A redirection URI, or one of the two forms only WSO2 clients send. RFC 6749 §3.1.2, RFC 8252 §7.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedirectUri {
    text: String,
    form: RedirectForm,
}

/// The form of a redirection URI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RedirectForm {
    /// `https` on any other host.
    Https,
    /// `https` on `localhost` or a name below it.
    HttpsLocalhost,
    /// `http` on `localhost`, a name below it, `127.0.0.1` or `[::1]`. RFC 8252 §7.3.
    HttpLoopback,
    /// A private-use scheme. RFC 8252 §7.1.
    PrivateUse,
    /// `regexp=` and a pattern; WSO2 clients only.
    Pattern,
    /// A value without a scheme, such as `server.example.com`; WSO2 clients only.
    Schemeless,
}

impl RedirectUri {
    /// Reads a redirection URI of any form. The application type and the endpoint decide which forms a client may register.
    ///
    /// # Errors
    /// The text has none of the forms, or a scheme or query parameter that is not allowed. The reason continues "has an element
    /// that".
    pub fn parse(text: String) -> Result<Self, Reason> {
        refused_schemes::reject(&text)?;
        let uri = Self::parse_form(text)?;
        match find_parameter(&uri.text, &RESPONSE_PARAMETERS) {
            Some(name) if uri.form != RedirectForm::Pattern => Err(format!(
                "has a query parameter {name}, which is reserved for authorization responses"
            )
            .into()),
            _ => Ok(uri),
        }
    }

    /// Reads a redirection URI by its form alone, because one from the store may be older than the other rules.
    ///
    /// # Errors
    /// The text has none of the forms. The reason continues "has an element that".
    pub(crate) fn parse_form(text: String) -> Result<Self, Reason> {
        let form = match text.strip_prefix(PATTERN_MARKER) {
            Some(pattern) => pattern_form(pattern)?,
            None => uri_form(&text)?,
        };
        Ok(Self { text, form })
    }

    /// Returns the URI, byte for byte as it was sent.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the form.
    pub fn form(&self) -> RedirectForm {
        self.form
    }

    /// Returns the scheme in lower case, or `None` for the forms only WSO2 clients send.
    pub fn scheme(&self) -> Option<String> {
        match self.form {
            RedirectForm::Pattern | RedirectForm::Schemeless => None,
            _ => self
                .text
                .split_once(':')
                .map(|(scheme, _)| scheme.to_ascii_lowercase()),
        }
    }

    /// Returns the host in its canonical form, if the URI has one.
    pub fn host(&self) -> Option<String> {
        match self.form {
            RedirectForm::Https | RedirectForm::HttpsLocalhost | RedirectForm::HttpLoopback => {
                Url::parse(&self.text)
                    .ok()
                    .and_then(|url| url.host_str().map(str::to_owned))
            }
            _ => None,
        }
    }

    /// Returns true if the URI is on loopback, with http or with https.
    pub fn is_loopback(&self) -> bool {
        match self.form {
            RedirectForm::HttpLoopback | RedirectForm::HttpsLocalhost => true,
            RedirectForm::Https if self.may_have_address() => {
                matches!(self.host().as_deref(), Some("127.0.0.1" | "[::1]"))
            }
            _ => false,
        }
    }

    /// Returns false if the host is a name for certain, so that it need not be parsed: an address in any spelling begins with a digit,
    /// a bracket or an escape.
    fn may_have_address(&self) -> bool {
        let authority = self.text.split('/').nth(2).unwrap_or_default();
        authority.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '[' | '%'))
            || authority.contains(['@', '\\'])
    }

    /// Returns true for the forms that only native applications may register.
    pub fn is_native_only(&self) -> bool {
        matches!(
            self.form,
            RedirectForm::HttpLoopback | RedirectForm::PrivateUse
        )
    }
}

impl SingleValue for RedirectUri {
    const ADDRESSES: bool = true;
    const SHAPE: &'static str = "URI";

    // The schema has no format, because the two forms only WSO2 clients send are not URIs.
    fn schema() -> Value {
        json!({ "type": "string", "pattern": "^[!-~]+$", "maxLength": PATTERN_MARKER.len() + PATTERN_MAX })
    }

    fn read(value: Value) -> Result<Self, Reason> {
        text(value).and_then(Self::parse)
    }

    fn read_stored(value: Value) -> Result<Self, Reason> {
        text(value).and_then(Self::parse_form)
    }

    fn rule(reason: &str) -> &'static str {
        match reason {
            HTTP_NOT_LOOPBACK => "http_not_loopback",
            _ => "form",
        }
    }

    fn write(&self) -> JsonForm<'_> {
        self.text.as_str().into()
    }

    fn uris(&self) -> Vec<&str> {
        vec![&self.text]
    }
}

fn pattern_form(pattern: &str) -> Result<RedirectForm, Reason> {
    if pattern.is_empty()
        || pattern.len() > PATTERN_MAX
        || !pattern.bytes().all(|byte| byte.is_ascii_graphic())
    {
        return Err(format!(
            "must be a pattern of 1 to {PATTERN_MAX} plain characters after {PATTERN_MARKER}"
        )
        .into());
    }
    Ok(RedirectForm::Pattern)
}

fn uri_form(text: &str) -> Result<RedirectForm, Reason> {
    plain(text)?;
    let Some((scheme, rest)) = text.split_once(':').filter(|(scheme, _)| is_scheme(scheme)) else {
        return schemeless(text);
    };
    match scheme.to_ascii_lowercase().as_str() {
        "https" => Ok(match check_host(text, rest)? {
            HostKind::Localhost => RedirectForm::HttpsLocalhost,
            HostKind::LoopbackAddress | HostKind::Other => RedirectForm::Https,
        }),
        "http" => match check_host(text, rest)? {
            HostKind::Localhost | HostKind::LoopbackAddress => Ok(RedirectForm::HttpLoopback),
            HostKind::Other => Err(HTTP_NOT_LOOPBACK.into()),
        },
        // The text `host:port` looks like a URI with the host as its scheme.
        _ if is_port(rest) => schemeless(text),
        scheme => private_use(text, scheme, rest),
    }
}

fn private_use(text: &str, scheme: &str, rest: &str) -> Result<RedirectForm, Reason> {
    if text.contains('#') {
        return Err("must not contain a fragment".into());
    }
    if rest.is_empty() {
        return Err("has nothing after its scheme".into());
    }
    if let Some(hier) = rest.strip_prefix("//") {
        let authority = authority(hier);
        if authority.contains('@') {
            return Err("must not contain user information".into());
        }
        let (host, port) = split_port(authority);
        if host.is_empty() {
            return Err("must have a host after //".into());
        }
        if let Some(port) = port {
            port_number(port)?;
        }
    }
    match Url::parse(text) {
        Ok(url) if url.scheme() == scheme => Ok(RedirectForm::PrivateUse),
        _ => Err("is not a URI".into()),
    }
}

fn is_port(rest: &str) -> bool {
    let digits = authority(rest);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn schemeless(text: &str) -> Result<RedirectForm, Reason> {
    if text.contains('#') {
        return Err("must not contain a fragment".into());
    }
    let (host, port) = split_port(authority(text));
    dns_name(host).map_err(|_| "must be an absolute URI")?;
    if let Some(port) = port {
        port_number(port)?;
    }
    Ok(RedirectForm::Schemeless)
}
