//! `[limits]`: the limits on requests of anonymous callers.

use std::time::Duration;

use ipnet::IpNet;
use oauth_http::BodyLimits;
use protocol::json::JsonLimits;
use serde::Deserialize;

use crate::setting::{
    BoundedValue, DefaultText, FileSection, Setting, SettingDefault, SettingError, SettingValue,
    row, section,
};

section! {
    /// The limits on requests of anonymous callers.
    #[derive(Eq)]
    LimitsFile => Limits, "limits.", {
        /// The maximum number of open connections of one address in each process, except configured proxies; further ones are closed at once, and 0 is no limit.
        connections_per_address: u32 = 256, "FRONTDESK_LIMITS_CONNECTIONS_PER_ADDRESS";
        /// The maximum number of open connections in each process, proxies included; further ones are closed at once, and 0 is what the limit of file descriptors leaves.
        connections: u32 = 0, "FRONTDESK_LIMITS_CONNECTIONS";
        /// The maximum number of TLS handshakes of one address in progress in each process, except configured proxies; further ones are closed at once, and 0 is no limit.
        handshakes_per_address: u32 = 32, "FRONTDESK_LIMITS_HANDSHAKES_PER_ADDRESS";
        /// The maximum length of a request's path and query, in bytes; more is 414.
        target_bytes: u32 = 8_192, in 128..=65_534, "FRONTDESK_LIMITS_TARGET_BYTES";
        /// The maximum number of header fields of a request; more is 431.
        headers: u32 = 64, in 8..=96, "FRONTDESK_LIMITS_HEADERS";
        /// The maximum length of a request's target and header fields together, in bytes; more is 431.
        head_bytes: u32 = 16_384, in 1_024..=131_072, "FRONTDESK_LIMITS_HEAD_BYTES";
        /// The maximum length of a request's body, in bytes; more is 413.
        body_bytes: u32 = 65_536, in 128..=u32::MAX, "FRONTDESK_LIMITS_BODY_BYTES";
        /// The time within which a request's head must arrive, in seconds; more is 408.
        head_seconds: u32 = 5, in 1..=u32::MAX, "FRONTDESK_LIMITS_HEAD_SECONDS";
        /// The time within which a request's body must arrive, in seconds; more is 408.
        body_seconds: u32 = 10, in 1..=u32::MAX, "FRONTDESK_LIMITS_BODY_SECONDS";
        /// The time within which a request must be answered, in seconds; more is 503.
        handler_seconds: u32 = 15, in 1..=u32::MAX, "FRONTDESK_LIMITS_HANDLER_SECONDS";
        /// The time after which an idle connection is closed, in seconds.
        keep_alive_seconds: u32 = 75, in 1..=u32::MAX, "FRONTDESK_LIMITS_KEEP_ALIVE_SECONDS";
        /// The maximum number of registrations a minute, counted per account, token and anonymous address, in each process; more is 429, and 0 is no limit.
        registrations_per_minute: u32 = 60, "FRONTDESK_LIMITS_REGISTRATIONS_PER_MINUTE";
        /// The addresses or networks, such as 192.0.2.0/24, from which anonymous registrations are not limited; accounts and tokens are limited from there too.
        unthrottled: Vec<IpNet>, default "", "FRONTDESK_LIMITS_UNTHROTTLED";
        /// The maximum number of updates and deletions a minute, for each client and for each address, in each process; more is 429, and 0 is no limit.
        updates_per_minute: u32 = 60, "FRONTDESK_LIMITS_UPDATES_PER_MINUTE";
        /// The maximum number of failed logins a minute of one account from one address, in each process, and ten times as many of all together; more is 429, and 0 is no limit.
        failed_logins_per_minute: u32 = 10, "FRONTDESK_LIMITS_FAILED_LOGINS_PER_MINUTE";
        /// The maximum number of passwords that wait to be verified, for each processor; more is 503, first for the address that has most of them.
        passwords_waiting: u32 = 64, in 1..=u32::MAX, "FRONTDESK_LIMITS_PASSWORDS_WAITING";
        /// The maximum length of a client ID metadata document, in bytes; more is refused.
        document_bytes: u32 = 5_120, in 1_024..=65_536, "FRONTDESK_LIMITS_DOCUMENT_BYTES";
        /// The maximum number of fetches of client ID metadata documents a minute from one host, and ten times as many from all together, in each process; more is 503, and 0 is no limit.
        documents_per_minute: u32 = 60, "FRONTDESK_LIMITS_DOCUMENTS_PER_MINUTE";
        /// The maximum number of client ID metadata documents of a provider in the store; the oldest without a known use makes room for another, and 0 is no limit.
        documents: u32 = 10_000, "FRONTDESK_LIMITS_DOCUMENTS";
        /// The maximum number of client ID metadata documents without a known use of one host, for each provider; the oldest makes room for another, and 0 is no limit.
        documents_per_host: u32 = 100, "FRONTDESK_LIMITS_DOCUMENTS_PER_HOST";
        /// The maximum depth of nested arrays and objects; deeper is 400.
        json_depth: u32 = 32, in 1..=u32::MAX, "FRONTDESK_LIMITS_JSON_DEPTH";
        /// The maximum number of members of an object; more is 400.
        json_members: u32 = 200, in 1..=u32::MAX, "FRONTDESK_LIMITS_JSON_MEMBERS";
        /// The maximum number of elements of an array; more is 400.
        json_elements: u32 = 200, in 1..=u32::MAX, "FRONTDESK_LIMITS_JSON_ELEMENTS";
    }
}

impl Limits {
    /// The limits on a request's body.
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
