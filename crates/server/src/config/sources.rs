//! The sources of settings, and how they are merged.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::anyhow;
use serde::Deserialize;
use store::DatabaseUrl;
use toml::Table;

use crate::setting::{PREFIX, Setting, ValueKind};
use crate::settings::{self, ConfigFile};

/// The variable that names the configuration file. It is no setting, since the file has the settings.
pub const FILE_VARIABLE: &str = "FRONTDESK_CONFIG";

/// The places of the configuration file, if none is named.
pub const DEFAULT_FILES: [&str; 2] = ["frontdesk.toml", "/etc/frontdesk/frontdesk.toml"];

/// The way in which the configuration file was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FileChoice {
    /// `--config` or `FRONTDESK_CONFIG` names it.
    Named,
    /// It is the first of `DEFAULT_FILES` that exists, if any does.
    #[default]
    Default,
}

/// The sources of settings; later ones override earlier ones.
#[derive(Debug, Default)]
pub struct ConfigSources {
    /// The configuration file.
    pub file: Option<PathBuf>,
    pub file_choice: FileChoice,
    /// The variables of the environment with our prefix.
    pub environment: Vec<(String, String)>,
    /// The flags that were given, by the setting's key.
    pub flags: Vec<(String, String)>,
}

impl ConfigSources {
    /// Returns the sources with the variables of this process. The file is the one that `--config` names, or else the one that
    /// `FRONTDESK_CONFIG` names, or else the first of `DEFAULT_FILES` that exists.
    ///
    /// # Errors
    /// If a variable with our prefix is not UTF-8.
    pub fn from_process(
        file: Option<PathBuf>,
        flags: Vec<(String, String)>,
    ) -> anyhow::Result<Self> {
        #[expect(
            clippy::disallowed_methods,
            reason = "the only reader of the environment"
        )]
        let variables =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
        let mut environment: Vec<(String, String)> = variables
            .filter(|(name, _)| name.starts_with(PREFIX))
            .map(|(name, value)| match value.into_string() {
                Ok(value) => Ok((name, value)),
                Err(_) => Err(anyhow!("{name} must be UTF-8")),
            })
            .collect::<anyhow::Result<_>>()?;
        let named = environment
            .extract_if(.., |(name, _)| name == FILE_VARIABLE)
            .map(|(_, path)| PathBuf::from(path))
            .find(|path| !path.as_os_str().is_empty());
        let named = file.or(named);
        Ok(Self {
            file_choice: match named {
                Some(_) => FileChoice::Named,
                None => FileChoice::Default,
            },
            file: named.or_else(|| default_file(DEFAULT_FILES.map(Path::new))),
            environment,
            flags,
        })
    }
}

/// Returns the first file that exists. One that cannot be looked at counts: its reader says why.
fn default_file<const N: usize>(places: [&Path; N]) -> Option<PathBuf> {
    let is_missing = |path: &Path| {
        let found = fs::metadata(path);
        found.is_err_and(|error| {
            matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
        })
    };
    let found = places.into_iter().find(|path| !is_missing(path));
    found.map(Path::to_owned)
}

/// Returns the file's table overridden by environment and flags, and the unknown variables.
pub(super) fn merged(sources: &ConfigSources) -> anyhow::Result<(Table, Vec<String>)> {
    let mut table = match &sources.file {
        None => Table::new(),
        Some(path) => {
            let text = fs::read_to_string(path).map_err(|error| {
                anyhow!(
                    "the configuration file {} cannot be read: {error}",
                    path.display()
                )
            })?;
            let wrong = |error: &toml::de::Error, key: Option<&str>| {
                let before = error
                    .span()
                    .and_then(|span| text.get(..span.start))
                    .unwrap_or_default();
                let line = before.matches('\n').count() + 1;
                let key = key.map_or_else(String::new, |key| format!("{key}: "));
                anyhow!(
                    "the configuration file {} is wrong at line {line}: {key}{}",
                    path.display(),
                    one_line(error.message())
                )
            };
            let table: Table = toml::from_str(&text).map_err(|error| wrong(&error, None))?;
            // The error from the text has the line, the error from the table has the key.
            toml::from_str::<ConfigFile>(&text).map_err(|error| {
                let named = ConfigFile::deserialize(table.clone())
                    .err()
                    .map(|named| named.to_string());
                let key = named.as_deref().and_then(|named| {
                    named
                        .strip_prefix(error.message())?
                        .trim()
                        .strip_prefix("in `")?
                        .strip_suffix('`')
                });
                wrong(&error, key)
            })?;
            table
        }
    };
    let settings: Vec<Setting> = settings::all().collect();
    let mut unknown = Vec::new();
    for (name, text) in &sources.environment {
        match settings.iter().find(|setting| setting.variable == name) {
            // An empty variable is ignored, because a compose file cannot omit one.
            Some(_) if text.is_empty() => {}
            Some(setting) => setting
                .put(&mut table, text)
                .map_err(|reason| anyhow!("{name}{reason}"))?,
            None => unknown.push(name.clone()),
        }
    }
    for (key, text) in &sources.flags {
        if let Some(setting) = settings.iter().find(|setting| setting.key == key) {
            setting
                .put(&mut table, text)
                .map_err(|reason| anyhow!("--{}{reason}", setting.flag()))?;
        }
    }
    Ok((table, unknown))
}

/// Returns true if a secret is written in the table.
pub fn holds_secret(table: &Table) -> bool {
    secret_keys(table).next().is_some()
}

/// Returns the settings in the table with secret values, including a database URL with a password.
pub(super) fn secret_keys(table: &Table) -> impl Iterator<Item = &'static str> {
    let secrets = settings::all()
        .filter(|setting| setting.kind == ValueKind::Secret)
        .map(|setting| setting.key);
    let url = table.get("database").and_then(|url| url.as_str());
    let hidden = url.and_then(|text| {
        text.parse::<DatabaseUrl>()
            .ok()
            .filter(|url| !url.is_sqlite() && url.to_string() != text)
    });
    secrets
        .filter(|key| table.contains_key(*key))
        .chain(hidden.map(|_| "database"))
}

/// Renders the table as TOML, without its secrets.
pub(super) fn masked(table: &Table) -> String {
    let mut shown = table.clone();
    for setting in settings::all().filter(|setting| setting.kind == ValueKind::Secret) {
        if let Some(value) = shown.get_mut(setting.key) {
            *value = "(hidden)".into();
        }
    }
    if let Some(url) = table
        .get("database")
        .and_then(|url| url.as_str())
        .and_then(|url| url.parse::<DatabaseUrl>().ok())
    {
        shown.insert("database".to_owned(), url.to_string().into());
    }
    toml::to_string_pretty(&shown).unwrap_or_default()
}

/// Puts a message on one line.
pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first configuration file that exists is read, also if it turns out to be unreadable.
    #[test]
    fn first_default_file_wins() {
        let folder = tempfile::TempDir::new().unwrap();
        let [here, there] = ["here.toml", "there.toml"].map(|name| folder.path().join(name));
        let found = || default_file([here.as_path(), there.as_path()]);
        assert_eq!(found(), None);
        fs::write(&there, "").unwrap();
        assert_eq!(found(), Some(there.clone()));
        fs::create_dir(&here).unwrap();
        assert_eq!(found(), Some(here.clone()));
        let below = there.join("frontdesk.toml");
        assert_eq!(default_file([below.as_path()]), None);
        assert_eq!(
            DEFAULT_FILES,
            ["frontdesk.toml", "/etc/frontdesk/frontdesk.toml"]
        );
    }
}
