//! Structured values: numbers, language tags, IP addresses, objects and JWTs.

use std::borrow::Cow;

use oxilangtag::LanguageTag;
use serde_json::{Value, json};

use crate::form::JsonForm;
use crate::member::{Object, Reason, SingleValue, text};

/// The maximum length of a software statement, in characters.
pub const STATEMENT_MAX: usize = 16 * 1024;

/// A whole number that is not negative: a duration in seconds, or seconds since the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seconds(u64);

impl Seconds {
    /// Returns the number.
    pub fn get(self) -> u64 {
        self.0
    }
}

impl SingleValue for Seconds {
    const SHAPE: &'static str = "number of seconds";

    fn schema() -> Value {
        json!({ "type": "integer", "format": "int64", "minimum": 0, "maximum": i64::MAX })
    }

    fn read(value: Value) -> Result<Self, Reason> {
        let whole = value.as_u64().or_else(|| {
            value
                .as_f64()
                .filter(|number| number.fract() == 0.0)
                .and_then(|number| format!("{number}").parse().ok())
        });
        whole
            .filter(|seconds| i64::try_from(*seconds).is_ok())
            .map(Self)
            .ok_or_else(|| "must be a whole number of seconds".into())
    }

    fn write(&self) -> JsonForm<'_> {
        JsonForm::Number(self.0)
    }
}

/// A regular expression for language tags, without the grandfathered ones. RFC 5646 §2.1.
pub const LANGUAGE_TAG: &str = "([A-Za-z]{2,3}(-[A-Za-z]{3}){0,3}|[A-Za-z]{4,8})(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?\
    (-([A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*(-[0-9A-WYZa-wyz](-[A-Za-z0-9]{2,8})+)*(-[Xx](-[A-Za-z0-9]{1,8})+)?|[Xx](-[A-Za-z0-9]{1,8})+";

/// A language tag as sent. BCP 47.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Locale(String);

impl SingleValue for Locale {
    const SHAPE: &'static str = "language tag";

    fn schema() -> Value {
        json!({ "type": "string", "pattern": format!("^({LANGUAGE_TAG})$") })
    }

    fn read(value: Value) -> Result<Self, Reason> {
        let text = text(value)?;
        match LanguageTag::parse(text.as_str()) {
            Ok(_) => Ok(Self(text)),
            Err(_) => Err("must be a language tag (BCP 47)".into()),
        }
    }

    fn write(&self) -> JsonForm<'_> {
        self.0.as_str().into()
    }
}

/// A JSON object with members that another specification defines, stored as it was sent.
#[derive(Debug, Clone, PartialEq)]
pub struct JsonObject(Object);

impl JsonObject {
    /// Returns the members.
    pub fn object(&self) -> &Object {
        &self.0
    }
}

impl SingleValue for JsonObject {
    const SHAPE: &'static str = "object";

    fn schema() -> Value {
        json!({ "type": "object" })
    }

    fn read(value: Value) -> Result<Self, Reason> {
        match value {
            Value::Object(object) => Ok(Self(object)),
            _ => Err("must be a JSON object".into()),
        }
    }

    fn write(&self) -> JsonForm<'_> {
        JsonForm::Object(Cow::Borrowed(&self.0))
    }
}

/// A signed JWT in its compact form, stored as it was sent. RFC 7515 §7.1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Jwt(String);

impl Jwt {
    /// Returns the compact form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl SingleValue for Jwt {
    const SHAPE: &'static str = "JWT";

    fn schema() -> Value {
        json!({ "type": "string", "pattern": "^[A-Za-z0-9_.-]+$", "maxLength": STATEMENT_MAX })
    }

    fn read(value: Value) -> Result<Self, Reason> {
        let text = text(value)?;
        if text.len() > STATEMENT_MAX
            || !text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
        {
            return Err("must be a JWT in its compact form".into());
        }
        Ok(Self(text))
    }

    fn write(&self) -> JsonForm<'_> {
        self.0.as_str().into()
    }
}

/// An IP address in its textual form, stored as it was sent. RFC 8705 §2.1.2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IpAddressText(String);

impl SingleValue for IpAddressText {
    const SHAPE: &'static str = "IP address";

    fn schema() -> Value {
        json!({ "type": "string", "anyOf": [{ "format": "ipv4" }, { "format": "ipv6" }] })
    }

    fn read(value: Value) -> Result<Self, Reason> {
        let text = text(value)?;
        match text.parse::<std::net::IpAddr>() {
            Ok(_) => Ok(Self(text)),
            Err(_) => Err("must be an IP address".into()),
        }
    }

    fn write(&self) -> JsonForm<'_> {
        self.0.as_str().into()
    }
}
