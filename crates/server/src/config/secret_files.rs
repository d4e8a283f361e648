//! The files with secrets in them, and whether group or others have access to them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::anyhow;
use protocol::Secret;
use toml::{Table, Value};

use super::ConfigSources;
use super::sources::{merged, secret_keys};
use crate::setting::ValueKind;
use crate::settings::{self, named};

/// The private files that the program creates in the data folder.
const GENERATED: [&str; 3] = ["sealing.key", "ca.key", "server.key"];

/// The bits of a mode that give access to group and others.
const GROUP_AND_OTHERS: u32 = 0o077;

/// A file with a secret in it.
#[derive(Debug, Clone)]
pub(super) struct SecretFile {
    /// The reason why the file is secret: the setting that names it, or the secret that is written in it.
    reason: String,
    path: PathBuf,
}

impl SecretFile {
    /// Returns a sentence if group or others have access to the file. A missing file is reported by the check of its setting.
    pub(super) fn concern(&self) -> Option<String> {
        let mode = fs::metadata(&self.path).ok()?.permissions().mode() & 0o7777;
        let Self { reason, path } = self;
        let open = mode & GROUP_AND_OTHERS != 0;
        open.then(|| {
            format!(
                "{reason}; its mode {mode:04o} gives access to group or others: chmod go-rwx {}",
                shell_quoted(path)
            )
        })
    }
}

/// Every file with a secret in it: those that settings name, those that the program makes in the data folder, and the
/// configuration file if a secret is written there.
///
/// # Errors
/// If the configuration file cannot be read.
pub(super) fn all(
    table: &Table,
    data: &Path,
    sources: &ConfigSources,
) -> anyhow::Result<Vec<SecretFile>> {
    let named = settings::all()
        .filter(|setting| setting.kind == ValueKind::SecretFile)
        .flat_map(|setting| {
            let paths = values(table, setting.key);
            let paths = paths.into_iter().filter_map(Value::as_str);
            paths.map(move |path| SecretFile {
                reason: format!("{} names {path}", named(setting.key)),
                path: path.into(),
            })
        });
    let generated = GENERATED.map(|name| data.join(name)).into_iter();
    let generated = generated.map(|path| SecretFile {
        reason: format!("{} is a private key", path.display()),
        path,
    });
    let mut files: Vec<SecretFile> = Vec::new();
    for file in named.chain(generated).chain(configuration(sources)?) {
        if files.iter().all(|known| known.path != file.path) {
            files.push(file);
        }
    }
    Ok(files)
}

/// The configuration file, if a secret is written in it.
fn configuration(sources: &ConfigSources) -> anyhow::Result<Option<SecretFile>> {
    let Some(path) = &sources.file else {
        return Ok(None);
    };
    let (table, _) = merged(&ConfigSources {
        file: sources.file.clone(),
        ..ConfigSources::default()
    })?;
    let secret = secret_keys(&table).next();
    let reason = |key| format!("{} is written in {}", named(key), path.display());
    Ok(secret.map(|key| SecretFile {
        reason: reason(key),
        path: path.clone(),
    }))
}

/// The values of a setting in the table: one, or one of each provider.
fn values<'a>(table: &'a Table, key: &str) -> Vec<&'a Value> {
    let mut steps = key.split('.');
    let first = steps.next().and_then(|first| table.get(first));
    steps.fold(first.into_iter().collect(), |sections, step| {
        let providers = |section: &'a Value| match section {
            Value::Array(providers) => providers.iter().collect(),
            section => vec![section],
        };
        let sections = sections.into_iter().flat_map(providers);
        sections.filter_map(|section| section.get(step)).collect()
    })
}

/// Quotes a path for a shell.
pub fn shell_quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain =
        |character: char| character.is_ascii_alphanumeric() || "/._-+@%,:".contains(character);
    if !text.starts_with('-') && text.chars().all(plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// Returns the error of a file that a setting names and that cannot be read.
pub(super) fn unreadable(key: &str, path: &Path, error: &std::io::Error) -> anyhow::Error {
    anyhow!(
        "{} names {}, which cannot be read: {error}",
        named(key),
        path.display()
    )
}

/// Reads a file with a secret, which a setting names.
pub(super) fn read_secret(path: &Path, key: &str) -> anyhow::Result<Secret> {
    fs::read_to_string(path)
        .map(Secret::new)
        .map_err(|error| unreadable(key, path, &error))
}
