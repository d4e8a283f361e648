//! The limits: one row each, for the code that keeps them, the configuration and the operator's reference.

use std::time::Duration;

use oauth_http::BodyLimits;
use protocol::json::JsonLimits;
use serde::de::{Deserialize, Deserializer, Error as _};

use crate::settings::{Form, Setting, WHOLE_NUMBER};

macro_rules! limits {
    ($( $(#[doc = $doc:literal])+ $name:ident, $variable:literal, $default:literal; )+) => {
        /// How much of anything a stranger may ask of the service.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct Limits { $( $(#[doc = $doc])+ #[serde(deserialize_with = "whole_number")] pub $name: u32, )+ }

        impl Default for Limits {
            fn default() -> Self {
                Self { $( $name: $default, )+ }
            }
        }

        /// The limits as settings.
        pub const SETTINGS: &[Setting] = &[$( Setting {
            key: concat!("limits.", stringify!($name)),
            variable: $variable,
            form: Form::Number,
            default: stringify!($default),
            doc: concat!($($doc),+),
        } ),+];
    };
}

limits! {
    /// How many bytes a request's body may have; more is 413.
    body_bytes, "FRONTDESK_LIMITS_BODY_BYTES", 65_536;
    /// How many seconds a request's head may take to arrive; more is 408.
    head_seconds, "FRONTDESK_LIMITS_HEAD_SECONDS", 5;
    /// How many seconds a request's body may take to arrive; more is 408.
    body_seconds, "FRONTDESK_LIMITS_BODY_SECONDS", 10;
    /// How many seconds a request may take in all; more is 503.
    handler_seconds, "FRONTDESK_LIMITS_HANDLER_SECONDS", 15;
    /// How many seconds an idle connection is kept.
    keep_alive_seconds, "FRONTDESK_LIMITS_KEEP_ALIVE_SECONDS", 75;
    /// How many clients anybody may register a minute, counted per account, token, anonymous address and identical metadata, in each process; more is 429, and 0 is any number.
    registrations_per_minute, "FRONTDESK_LIMITS_REGISTRATIONS_PER_MINUTE", 60;
    /// How often a minute one account's password may be wrong from one address, in each process; more is 429, and 0 is any number.
    failed_logins_per_minute, "FRONTDESK_LIMITS_FAILED_LOGINS_PER_MINUTE", 10;
    /// How deep arrays and objects may stand inside one another; deeper is 400.
    json_depth, "FRONTDESK_LIMITS_JSON_DEPTH", 32;
    /// How many members one object may have; more is 400.
    json_members, "FRONTDESK_LIMITS_JSON_MEMBERS", 200;
    /// How many elements one array may have; more is 400.
    json_elements, "FRONTDESK_LIMITS_JSON_ELEMENTS", 200;
}

impl Limits {
    /// Those of a request's body.
    pub fn body(&self) -> BodyLimits {
        let size = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        BodyLimits {
            bytes: size(self.body_bytes),
            time: Duration::from_secs(self.body_seconds.into()),
            json: JsonLimits { depth: size(self.json_depth), members: size(self.json_members), elements: size(self.json_elements) },
        }
    }
}

/// Its own reader, since serde's refusal would speak of a type of this program.
fn whole_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let value = toml::Value::deserialize(deserializer)?;
    value.as_integer().and_then(|number| number.try_into().ok()).ok_or_else(|| D::Error::custom(format!("{WHOLE_NUMBER}, not {value}")))
}
