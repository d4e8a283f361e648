//! Where settings come from, and what they say together.

use std::fs;
use std::path::PathBuf;

use anyhow::anyhow;
use serde::Deserialize;
use store::DatabaseUrl;
use toml::Table;

use crate::setting::{PREFIX, Setting, ValueKind};
use crate::settings::{self, ConfigFile};

/// Where settings come from, the later over the earlier.
#[derive(Debug, Default)]
pub struct Sources {
    /// The file that `--config` names.
    pub file: Option<PathBuf>,
    /// The variables of the environment that are ours.
    pub environment: Vec<(String, String)>,
    /// The flags that were given, by the setting's key.
    pub flags: Vec<(String, String)>,
}

impl Sources {
    /// With the variables of this process.
    ///
    /// # Errors
    /// Names a variable of ours that is not UTF-8.
    pub fn of_process(file: Option<PathBuf>, flags: Vec<(String, String)>) -> anyhow::Result<Self> {
        #[expect(
            clippy::disallowed_methods,
            reason = "the only reader of the environment"
        )]
        let variables =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
        let environment = variables
            .filter(|(name, _)| name.starts_with(PREFIX))
            .map(|(name, value)| match value.into_string() {
                Ok(value) => Ok((name, value)),
                Err(_) => Err(anyhow!("{name} must be UTF-8")),
            })
            .collect::<anyhow::Result<_>>()?;
        Ok(Self {
            file,
            environment,
            flags,
        })
    }
}

/// The file's table with environment and flags over it, and the variables that are no setting's.
pub(super) fn merged(sources: &Sources) -> anyhow::Result<(Table, Vec<String>)> {
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
            // The text knows the line of a fault, the table the name of its setting.
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
            // A variable that is set to nothing says nothing: that is how one is left out in a compose file.
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

/// The settings in the table whose values are secret, a database's URL with a password among them.
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

/// The table as TOML, without its secrets.
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

/// A message as part of a sentence.
pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
