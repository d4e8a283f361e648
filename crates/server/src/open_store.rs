//! Opens the configured store. Only `serve`, `migrate` and `restore` make one: a command that is run with the wrong
//! configuration must not leave a new store behind that no service reads.

use std::fs::{self, DirBuilder};
use std::io::{self, IsTerminal, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{self, Path, PathBuf};

use anyhow::{anyhow, bail};
use store::{Store, StoreError};

use crate::config::{Config, FileChoice, SealingKeySource, TlsMode, generate_once};
use crate::settings::named;

/// Opens the store for `serve`: makes it if it does not exist, applies missing migrations and checks the sealing key.
///
/// # Errors
/// Names the setting, the file or the database.
pub fn open(config: &Config) -> anyhow::Result<Store> {
    let (store, applied) = make(config, config.tls == TlsMode::SelfSigned)?;
    if !applied.is_empty() {
        tracing::info!(
            migrations = applied.join(", "),
            "database brought to this version"
        );
    }
    Ok(store)
}

/// Opens the store for a command that may make it, and returns the names of the migrations that were applied.
///
/// # Errors
/// As [`open`].
pub fn create(config: &Config) -> anyhow::Result<(Store, Vec<String>)> {
    announce(config);
    make(config, false)
}

/// Opens a store that exists, and checks its schema and the sealing key. Makes nothing.
///
/// # Errors
/// As [`open`], and if there is no store.
pub fn open_existing(config: &Config) -> anyhow::Result<Store> {
    announce(config);
    let store = open_unmigrated(config)?;
    match store.check() {
        Ok(()) => Ok(store),
        Err(StoreError::SchemaOutdated) if !store.has_schema()? => Err(no_store(config)),
        Err(error) => Err(describe_error(config, &error)),
    }
}

/// Opens a store that exists, without a look at its schema. Makes nothing.
///
/// # Errors
/// As [`open`], and if there is no SQLite file.
pub fn open_unmigrated(config: &Config) -> anyhow::Result<Store> {
    let path = config.database.sqlite_path();
    if path.is_some_and(|path| !path.exists()) {
        return Err(no_store(config));
    }
    Store::open(&config.database, config.sealing_key()?)
        .map_err(|error| describe_error(config, &error))
}

/// Opens the store as it is, for a note of `frontdesk check`. `None` means that it is missing or cannot be read, which another line
/// reports.
pub fn open_for_note(config: &Config) -> Option<Store> {
    let is_absent = |path: &Path| !path.exists();
    if config.database.sqlite_path().is_some_and(is_absent) {
        return None;
    }
    let store = open_unmigrated(config).ok()?;
    store.check().ok()?;
    Some(store)
}

/// Returns a failure of the store with its address.
pub fn describe_error(config: &Config, error: &StoreError) -> anyhow::Error {
    match error {
        // The words of libpq.
        StoreError::Open { reason, .. } if reason.contains("no password supplied") => anyhow!(
            "{error}; write the password into a file that PGPASSFILE names, readable by its owner only, as \
            host:port:database:user:password, or into {}",
            named("database")
        ),
        StoreError::Open { .. } => anyhow!(error.to_string()),
        StoreError::WrongKey => anyhow!("{}: {error}, {}", config.sealing, config.database),
        _ => anyhow!("{}: {error}", config.database),
    }
}

fn no_store(config: &Config) -> anyhow::Error {
    let configuration = match &config.file {
        Some(path) => format!("the configuration file is {}", path.display()),
        None => "there is no configuration file".to_owned(),
    };
    let is_relative = config.database.sqlite_path().is_some_and(Path::is_relative);
    let is_named = config.file_choice == FileChoice::Named;
    let (note, advice) = match (is_relative, is_named) {
        (true, true) => (
            RELATIVE,
            "run the command in the folder of the service".to_owned(),
        ),
        (false, true) => ("", format!("correct {}", named("database"))),
        (true, false) => (RELATIVE, NAME_THE_FILE.to_owned()),
        (false, false) => ("", NAME_THE_FILE.to_owned()),
    };
    anyhow!(
        "there is no store at {}{note}, and {configuration}: {advice}, or make a store with `frontdesk serve` or `frontdesk migrate`",
        address(config)
    )
}

const RELATIVE: &str = " (relative paths are relative to the working directory)";

const NAME_THE_FILE: &str = "name the service's with --config or FRONTDESK_CONFIG";

/// Returns the URL of the store without its password, with the absolute path of an SQLite file.
pub fn address(config: &Config) -> String {
    let path = config.database.sqlite_path();
    match path.and_then(|path| path::absolute(path).ok()) {
        Some(path) => format!("sqlite://{}", path.display()),
        None => config.database.to_string(),
    }
}

/// Returns the folder of the SQLite file if it does not exist, and `serve` does not make it with the folder of `data`.
pub fn missing_folder(config: &Config) -> Option<PathBuf> {
    let folder = config.database.folder()?;
    let is_made = || {
        let is_parent = || {
            let data = path::absolute(&config.data).ok()?;
            Some(data.starts_with(path::absolute(&folder).ok()?))
        };
        needs_data_folder(config, config.tls == TlsMode::SelfSigned) && is_parent() == Some(true)
    };
    (!folder.is_dir() && !is_made()).then_some(folder)
}

/// Names the store at a terminal, where the working directory and the environment decide which one it is.
fn announce(config: &Config) {
    let mut told = io::stderr();
    if told.is_terminal() {
        let _ = writeln!(told, "store: {}", config.database);
    }
}

fn make(config: &Config, certificates: bool) -> anyhow::Result<(Store, Vec<String>)> {
    let is_generated = matches!(config.sealing, SealingKeySource::Generated(_));
    // A key that must exist is checked before anything is created.
    if !is_generated {
        config.sealing_key()?;
    }
    if needs_data_folder(config, certificates) {
        data_folder(config)?;
    }
    config.make_sealing_key()?;
    let store = Store::open(&config.database, config.sealing_key()?)
        .map_err(|error| describe_error(config, &error))?;
    let applied = store
        .migrate()
        .map_err(|error| describe_error(config, &error))?;
    Ok((store, applied))
}

/// Makes the sealing key of a new configuration, in the file that is configured for it. Returns the file, if the key is in a file,
/// with true if it was made.
///
/// # Errors
/// If the key cannot be made.
pub fn make_sealing_key(config: &Config) -> anyhow::Result<Option<(PathBuf, bool)>> {
    let path = match &config.sealing {
        SealingKeySource::Given(_) => return Ok(None),
        SealingKeySource::File(path) | SealingKeySource::Generated(path) => path.clone(),
    };
    let is_new = !path.exists();
    if path.starts_with(&config.data) {
        data_folder(config)?;
    }
    generate_once(&path)?;
    Ok(Some((path, is_new)))
}

/// Returns true if a start puts something into the folder of `data`.
fn needs_data_folder(config: &Config, certificates: bool) -> bool {
    let path = config.database.sqlite_path();
    let is_inside = path.is_some_and(|path| path.starts_with(&config.data));
    matches!(config.sealing, SealingKeySource::Generated(_)) || is_inside || certificates
}

fn data_folder(config: &Config) -> anyhow::Result<()> {
    if fs::metadata(&config.data).is_ok_and(|found| found.is_dir()) {
        return Ok(());
    }
    if let Err(error) = DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&config.data)
    {
        bail!(
            "{} is {}, which cannot be made: {error}",
            named("data"),
            config.data.display()
        );
    }
    Ok(())
}
