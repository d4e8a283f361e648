//! `[provider.upstream]`: the authorization server whose document is the provider's.

use std::time::Duration;

use anyhow::{anyhow, bail};
use protocol::Object;
use protocol::upstream::check_additions;
use serde_json::Value;
use url::Url;

use super::json_table::json_object;
use super::server_address;
use crate::settings::{UpstreamSettings, named};

const DOCUMENT: &str = "provider.upstream.document";
const ADD: &str = "provider.upstream.add";

/// The authorization server behind a provider.
#[derive(Debug, Clone)]
pub struct UpstreamConfig {
    /// The address of its document.
    pub document: Url,
    /// The interval at which it is asked again.
    pub refresh: Duration,
    /// Values that are added to its lists.
    pub add: Object,
    /// True if its document comes in clear from beyond loopback.
    pub is_plain: bool,
}

/// Reads the section; nothing if it is empty.
///
/// # Errors
/// Names the setting that is wrong.
pub(super) fn read(settings: UpstreamSettings) -> anyhow::Result<Option<UpstreamConfig>> {
    let Some(text) = &settings.document else {
        if settings != UpstreamSettings::default() {
            bail!(
                "{} must be set, since other settings of [provider.upstream] are",
                named(DOCUMENT)
            );
        }
        return Ok(None);
    };
    let document = server_address::read(DOCUMENT, text, settings.plain_http)?;
    let add = json_object(settings.add, ADD)?;
    check_additions(&add)
        .map_err(|invalid| anyhow!("{ADD}.{} {}", invalid.member, invalid.reason))?;
    Ok(Some(UpstreamConfig {
        is_plain: server_address::is_plain(&document),
        document,
        refresh: settings.refresh,
        add,
    }))
}

impl UpstreamConfig {
    /// Adds the values that a connector's kind of server supports and does not list.
    pub(super) fn extend(&mut self, additions: &[(&str, &[&str])]) {
        for (member, values) in additions {
            let held = self
                .add
                .entry(*member)
                .or_insert_with(|| Value::Array(Vec::new()));
            for value in *values {
                if let Value::Array(held) = held
                    && !held.iter().any(|held| held == value)
                {
                    held.push((*value).into());
                }
            }
        }
    }
}
