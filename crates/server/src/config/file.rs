//! The configuration as a file writes it: every section and its settings, nothing judged yet.

use std::path::PathBuf;

use serde::Deserialize;
use toml::Table;

use super::descriptor;
use crate::limits::Limits;

/// The whole file.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_field_names, reason = "the settings' own names")]
pub(super) struct File {
    pub(super) listen: Option<String>,
    pub(super) management_listen: Option<String>,
    pub(super) database: Option<String>,
    pub(super) data: Option<PathBuf>,
    pub(super) sealing_key_file: Option<PathBuf>,
    pub(super) sealing_key: Option<String>,
    pub(super) admin_password: Option<String>,
    pub(super) admin_password_file: Option<PathBuf>,
    pub(super) proxies: Vec<String>,
    pub(super) proxy_header: Option<String>,
    pub(super) tls: TlsSection,
    pub(super) log: LogSection,
    pub(super) traces: TracesSection,
    pub(super) limits: Limits,
    pub(super) outbound: OutboundSection,
    pub(super) discovery: DiscoverySection,
    pub(super) keys: KeysSection,
    pub(super) audit: AuditSection,
    pub(super) provider: Vec<ProviderSection>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct TlsSection {
    pub(super) mode: Option<String>,
    pub(super) certificate: Option<PathBuf>,
    pub(super) key: Option<PathBuf>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct LogSection {
    pub(super) level: Option<String>,
    pub(super) format: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct TracesSection {
    pub(super) endpoint: Option<String>,
    pub(super) percent: Option<u32>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct OutboundSection {
    pub(super) allow: Vec<String>,
    pub(super) ca: Option<PathBuf>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct DiscoverySection {
    pub(super) max_age: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct KeysSection {
    pub(super) keep_retired: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct AuditSection {
    pub(super) keep: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ProviderSection {
    pub(super) issuer: Option<String>,
    pub(super) domains: Vec<String>,
    pub(super) registration: Option<String>,
    pub(super) native_schemes: Vec<String>,
    pub(super) client_secret_lifetime: Option<String>,
    pub(super) client_lifetime: Option<String>,
    pub(super) metadata: Table,
    pub(super) signed_metadata: Option<bool>,
    pub(super) software_statement_issuer: Vec<StatementIssuerSection>,
    pub(super) webfinger: Vec<descriptor::Section>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StatementIssuerSection {
    pub(super) issuer: String,
    pub(super) jwks_file: PathBuf,
}
