//! The hosts to which terms limit redirect URIs.

use std::borrow::Cow;
use std::net::Ipv4Addr;

use serde_json::{Value, json};

use crate::RedirectUri;
use crate::form::JsonForm;
use crate::member::{Reason, SingleValue, text};

/// A host of redirect URIs: a DNS name, without its subdomains, or an IP address, IPv6 in brackets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedirectHost(String);

impl RedirectHost {
    /// Returns the host in its canonical form.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Reads a host in upper or lower case.
    ///
    /// # Errors
    /// The text is not a host. The reason continues the name of the flag or the member.
    pub fn parse(text: &str) -> Result<Self, Reason> {
        let host = RedirectUri::parse(format!("https://{text}/"))
            .ok()
            .and_then(|uri| uri.host());
        host.filter(|host| host.eq_ignore_ascii_case(text))
            .map(Self)
            .ok_or_else(|| "must be a host name or an IP address, without a port".into())
    }
}

impl SingleValue for RedirectHost {
    const SHAPE: &'static str = "host";

    fn schema() -> Value {
        json!({ "type": "string" })
    }

    fn read(value: Value) -> Result<Self, Reason> {
        text(value).and_then(|text| Self::parse(&text))
    }

    fn write(&self) -> JsonForm<'_> {
        self.0.as_str().into()
    }

    fn value(&self) -> Option<Cow<'_, str>> {
        Some(self.0.as_str().into())
    }
}

/// The prefix of a pattern that stands for every host below a name.
const BELOW: &str = "*.";

/// A host of redirect URIs, or `*.` and a DNS name for every host below that name. The name itself is not below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedirectHostPattern(String);

impl RedirectHostPattern {
    /// Reads a pattern in upper or lower case.
    ///
    /// # Errors
    /// The text is not a pattern. The reason continues the name of the setting or the member.
    pub fn parse(text: &str) -> Result<Self, Reason> {
        let name = text.strip_prefix(BELOW);
        RedirectHost::parse(name.unwrap_or(text))
            .ok()
            .filter(|host| name.is_none() || !is_address(&host.0))
            .map(|RedirectHost(host)| match name {
                Some(_) => Self(format!("{BELOW}{host}")),
                None => Self(host),
            })
            .ok_or_else(|| "must be a host such as example.com, or *.example.com for every host below it, without a port".into())
    }

    /// Returns true if the pattern stands for a host, which is in its canonical form.
    pub fn matches(&self, host: &str) -> bool {
        match self.0.strip_prefix(BELOW) {
            Some(name) => host
                .strip_suffix(name)
                .is_some_and(|below| below.ends_with('.')),
            None => host == self.0,
        }
    }
}

/// Returns true for a host in its canonical form that is an IP address.
fn is_address(host: &str) -> bool {
    host.ends_with(']') || host.parse::<Ipv4Addr>().is_ok()
}

impl SingleValue for RedirectHostPattern {
    const SHAPE: &'static str = "host pattern";

    fn schema() -> Value {
        json!({ "type": "string" })
    }

    fn read(value: Value) -> Result<Self, Reason> {
        text(value).and_then(|text| Self::parse(&text))
    }

    fn write(&self) -> JsonForm<'_> {
        self.0.as_str().into()
    }

    fn value(&self) -> Option<Cow<'_, str>> {
        Some(self.0.as_str().into())
    }
}
