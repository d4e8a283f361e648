//! The flags of `frontdesk init`: those of its questions, and those of the settings that it writes.

use std::fmt;
use std::path::PathBuf;

use anyhow::bail;
use clap::ValueEnum;

use crate::setting::ValueKind;
use crate::settings;

/// The questions that a new configuration answers.
#[derive(Debug, clap::Args)]
pub struct InitArguments {
    /// The authorization server: its issuer, or the address of its document.
    #[arg(long, value_name = "URL")]
    pub from: String,
    /// The configuration file to write, which must not exist; the file of --config or ./frontdesk.toml by default.
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// A domain of accounts, for which WebFinger answers with this issuer; may be repeated.
    #[arg(long = "domain", value_name = "DOMAIN")]
    pub domains: Vec<String>,
    /// The way in which the server gets the clients; none for a server that asks the lookup or reads the store.
    #[arg(long, value_name = "WAY")]
    pub provision: Option<ProvisionWay>,
    /// The address of the API for that.
    #[arg(long, value_name = "URL")]
    pub at: Option<String>,
    /// The file with the credential for that API; with keycloak it is made if it does not exist.
    #[arg(long, value_name = "FILE")]
    pub secret_file: Option<PathBuf>,
}

/// The way in which an authorization server gets the clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ProvisionWay {
    /// Keycloak's admin API.
    Keycloak,
    /// Hydra's admin API, or a script that has the same.
    Http,
    /// The server's own dynamic client registration.
    Rfc7591,
    /// The server asks the lookup, or reads the store.
    None,
}

impl fmt::Display for ProvisionWay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Keycloak => "keycloak",
            Self::Http => "http",
            Self::Rfc7591 => "rfc7591",
            Self::None => "none",
        })
    }
}

/// Returns the value of a setting's flag.
pub fn flag<'a>(flags: &'a [(String, String)], key: &str) -> Option<&'a str> {
    flags
        .iter()
        .find(|(known, _)| known == key)
        .map(|(_, value)| value.as_str())
}

/// Refuses secrets on the command line, which would stand in the file in clear.
pub fn check_flags(flags: &[(String, String)]) -> anyhow::Result<()> {
    let secret = settings::all()
        .filter(|setting| setting.kind == ValueKind::Secret)
        .find(|setting| flag(flags, setting.key).is_some());
    match secret {
        Some(setting) => bail!(
            "--{} is a secret, which is not written into the configuration; give it as {} to `serve`, or in a file",
            setting.flag(),
            setting.variable
        ),
        None => Ok(()),
    }
}
