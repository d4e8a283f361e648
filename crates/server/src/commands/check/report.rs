//! Prints what `frontdesk check` found, as text for people or as a JSON object for programs.

use std::io::Write;

use anyhow::bail;
use protocol::escape::{visible_json, visible_lines};
use serde_json::{Value, json};

use crate::config::Config;
use crate::http::descriptors::Descriptors;

/// The text that stands for a secret in the settings, and is `null` in JSON.
const HIDDEN: &str = "(hidden)";

/// The findings about a configuration.
pub(super) struct ConfigurationReport {
    pub(super) descriptors: Descriptors,
    pub(super) providers: Vec<CheckedProvider>,
    /// Conditions that are not problems.
    pub(super) notes: Vec<String>,
    /// The state of the store, if it can be opened.
    pub(super) store: Option<&'static str>,
    pub(super) store_note: Option<String>,
    pub(super) problems: Vec<String>,
}

/// One provider of the configuration.
pub(super) struct CheckedProvider {
    pub(super) issuer: String,
    /// The value of the setting `provider.registration`.
    pub(super) registration: String,
    /// Members of the document that lead nowhere until they are configured.
    pub(super) placeholders: Vec<&'static str>,
    pub(super) notes: Vec<String>,
}

impl ConfigurationReport {
    /// Prints everything.
    ///
    /// # Errors
    /// The number of problems, if there are any.
    pub(super) fn print(
        &self,
        config: &Config,
        json: bool,
        out: &mut impl Write,
    ) -> anyhow::Result<()> {
        if json {
            let object = self.to_json(config)?.to_string();
            writeln!(out, "{}", visible_json(&object))?;
        } else {
            for line in self.to_lines(config) {
                writeln!(out, "{}", visible_lines(&line))?;
            }
        }
        match self.problems.len() {
            0 => Ok(()),
            1 => bail!("1 problem found"),
            many => bail!("{many} problems found"),
        }
    }

    fn to_lines(&self, config: &Config) -> Vec<String> {
        let mut lines = vec![
            "# What was set; everything else has its default.".to_owned(),
            config.effective().trim_end().to_owned(),
            format!(
                "\n# In force\nconfiguration: {}\ndevelopment mode: {}\ndatabase: {}\nlisten: {}",
                file(config).unwrap_or_else(|| "no file".to_owned()),
                config.development,
                config.database,
                config.listen
            ),
        ];
        for provider in &self.providers {
            let CheckedProvider {
                issuer,
                registration,
                ..
            } = provider;
            lines.push(format!("provider: {issuer} ({registration})"));
            let placeholders = provider.placeholders.iter();
            lines.extend(
                placeholders
                    .map(|member| format!("  {member} is a placeholder until it is configured")),
            );
            lines.extend(provider.notes.iter().map(|note| format!("  note: {note}")));
        }
        let note = |note: &String| format!("note: {note}");
        lines.extend(self.notes.iter().map(note));
        lines.push(format!("connections: {}", self.descriptors));
        lines.extend(self.store.map(|store| format!("store: {store}")));
        lines.extend(self.store_note.iter().map(note));
        let problems = self.problems.iter();
        lines.extend(problems.map(|problem| format!("wrong: {problem}")));
        if self.problems.is_empty() {
            lines.push("no problems found".to_owned());
        }
        lines
    }

    fn to_json(&self, config: &Config) -> anyhow::Result<Value> {
        let mut settings = toml::from_str::<Value>(config.effective())?;
        hide(&mut settings);
        let providers = self.providers.iter().map(|provider| {
            json!({
                "issuer": provider.issuer,
                "registration": provider.registration,
                "placeholders": provider.placeholders,
                "notes": provider.notes,
            })
        });
        let notes: Vec<&String> = self.notes.iter().chain(&self.store_note).collect();
        Ok(json!({
            "configuration": file(config),
            "settings": settings,
            "development": config.development,
            "database": config.database.to_string(),
            "listen": config.listen,
            "providers": providers.collect::<Vec<Value>>(),
            "connections": self.descriptors.connections,
            "descriptors": self.descriptors.limit,
            "store": self.store,
            "notes": notes,
            "problems": self.problems,
        }))
    }
}

/// Returns the path of the configuration file.
fn file(config: &Config) -> Option<String> {
    let path = config.file.as_ref()?;
    Some(path.display().to_string())
}

/// Replaces the values of secrets by `null`.
fn hide(value: &mut Value) {
    match value {
        Value::String(text) if text == HIDDEN => *value = Value::Null,
        Value::Array(values) => values.iter_mut().for_each(hide),
        Value::Object(object) => object.values_mut().for_each(hide),
        _ => {}
    }
}
