//! The limits: one row each, for the code that keeps them, the configuration and the operator's reference.

use std::time::Duration;

use oauth_http::BodyLimits;
use protocol::json::JsonLimits;
use serde::de::{Deserialize, Deserializer, Error as _};

use crate::settings::{Form, Setting, WHOLE_NUMBER, named};

macro_rules! limits {
    ($( $(#[doc = $doc:literal])+ $name:ident, $variable:literal, $default:literal $(, $least:literal $(..= $most:literal)?)?; )+) => {
        /// How much of anything a stranger may ask of the service.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct Limits { $( $(#[doc = $doc])+ #[serde(deserialize_with = "whole_number")] pub $name: u32, )+ }

        impl Default for Limits {
            fn default() -> Self {
                Self { $( $name: $default, )+ }
            }
        }

        impl Limits {
            /// Whether a service can be run with them.
            ///
            /// # Errors
            /// One sentence that names the first that is too low or too high.
            pub fn check(&self) -> Result<(), String> {
                $( within(concat!("limits.", stringify!($name)), self.$name, &[$($least $(, $most)?)?])?; )+
                Ok(())
            }
        }

        /// The limits as settings.
        pub const SETTINGS: &[Setting] = &[$( Setting {
            key: concat!("limits.", stringify!($name)),
            variable: $variable,
            form: Form::Number,
            default: stringify!($default),
            doc: concat!($($doc),+ $(, " At least ", stringify!($least) $(, ", at most ", stringify!($most))?, ".")?),
        } ),+];
    };
}

limits! {
    /// How many connections one address may have at a time in each process, configured proxies apart; one more is closed at once, and 0 is any number.
    connections_per_address, "FRONTDESK_LIMITS_CONNECTIONS_PER_ADDRESS", 256;
    /// The maximum number of open connections in all in each process, proxies included; one more is closed at once, and 0 is what the limit of file descriptors leaves.
    connections, "FRONTDESK_LIMITS_CONNECTIONS", 0;
    /// The maximum number of TLS handshakes of one address under way in each process, configured proxies apart; one more is closed at once, and 0 is any number.
    handshakes_per_address, "FRONTDESK_LIMITS_HANDSHAKES_PER_ADDRESS", 32;
    /// How many bytes the path and query of a request may have; more is 414.
    target_bytes, "FRONTDESK_LIMITS_TARGET_BYTES", 8_192, 128..=65_534;
    /// How many header fields a request may have; more is 431.
    headers, "FRONTDESK_LIMITS_HEADERS", 64, 8..=96;
    /// How many bytes a request's target and header fields may have together; more is 431.
    head_bytes, "FRONTDESK_LIMITS_HEAD_BYTES", 16_384, 1_024..=131_072;
    /// How many bytes a request's body may have; more is 413.
    body_bytes, "FRONTDESK_LIMITS_BODY_BYTES", 65_536, 128;
    /// How many seconds a request's head may take to arrive; more is 408.
    head_seconds, "FRONTDESK_LIMITS_HEAD_SECONDS", 5, 1;
    /// How many seconds a request's body may take to arrive; more is 408.
    body_seconds, "FRONTDESK_LIMITS_BODY_SECONDS", 10, 1;
    /// How many seconds a request may take in all; more is 503.
    handler_seconds, "FRONTDESK_LIMITS_HANDLER_SECONDS", 15, 1;
    /// How many seconds an idle connection is kept.
    keep_alive_seconds, "FRONTDESK_LIMITS_KEEP_ALIVE_SECONDS", 75, 1;
    /// How many clients anybody may register a minute, counted per account, token, anonymous address and identical metadata, in each process; more is 429, and 0 is any number.
    registrations_per_minute, "FRONTDESK_LIMITS_REGISTRATIONS_PER_MINUTE", 60;
    /// The maximum number of updates and deletions a minute, for each client and for each address, in each process; more is 429, and 0 is any number.
    updates_per_minute, "FRONTDESK_LIMITS_UPDATES_PER_MINUTE", 60;
    /// How often a minute one account's password may be wrong from one address, in each process, and ten times as often all of them together; more is 429, and 0 is any number.
    failed_logins_per_minute, "FRONTDESK_LIMITS_FAILED_LOGINS_PER_MINUTE", 10;
    /// How many passwords may wait to be verified, for each processor; more is 503, first for the address that has most of them.
    passwords_waiting, "FRONTDESK_LIMITS_PASSWORDS_WAITING", 64, 1;
    /// How deep arrays and objects may stand inside one another; deeper is 400.
    json_depth, "FRONTDESK_LIMITS_JSON_DEPTH", 32, 1;
    /// How many members one object may have; more is 400.
    json_members, "FRONTDESK_LIMITS_JSON_MEMBERS", 200, 1;
    /// How many elements one array may have; more is 400.
    json_elements, "FRONTDESK_LIMITS_JSON_ELEMENTS", 200, 1;
}

impl Limits {
    /// Those of a request's body.
    pub fn body(&self) -> BodyLimits {
        let size = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        BodyLimits {
            bytes: size(self.body_bytes),
            time: Duration::from_secs(self.body_seconds.into()),
            json: JsonLimits {
                depth: size(self.json_depth),
                members: size(self.json_members),
                elements: size(self.json_elements),
            },
        }
    }
}

/// Whether a limit lies between its bounds: none, the least, or the least and the most.
fn within(key: &str, limit: u32, bounds: &[u32]) -> Result<(), String> {
    let too_low = bounds
        .first()
        .filter(|least| limit < **least)
        .map(|least| format!("at least {least}"));
    let too_high = || {
        bounds
            .get(1)
            .filter(|most| limit > **most)
            .map(|most| format!("at most {most}"))
    };
    match too_low.or_else(too_high) {
        None => Ok(()),
        Some(bound) => Err(format!("{} must be {bound}, not {limit}", named(key))),
    }
}

/// Its own reader, since serde's refusal would speak of a type of this program.
fn whole_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let value = toml::Value::deserialize(deserializer)?;
    value
        .as_integer()
        .and_then(|number| number.try_into().ok())
        .ok_or_else(|| D::Error::custom(format!("{WHOLE_NUMBER}, not {value}")))
}
