//! Opening the store a configuration names.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;

use store::{Store, StoreError};

use crate::config::{Config, Sealing};

/// Opens the store, brings it to this version, and makes sure the sealing key is its own.
///
/// # Errors
/// One sentence that names the setting, the file or the database.
pub fn store(config: &Config) -> Result<Store, String> {
    let store = unmigrated(config)?;
    let applied = store.migrate().map_err(|error| sentence(config, &error))?;
    if !applied.is_empty() {
        tracing::info!(
            migrations = applied.join(", "),
            "database brought to this version"
        );
    }
    Ok(store)
}

/// Opens the store as it is.
///
/// # Errors
/// As [`store`](fn@store).
pub fn unmigrated(config: &Config) -> Result<Store, String> {
    let seal = || config.sealing_key().map_err(|error| error.to_string());
    // A key that must be there already is looked for before anything is made.
    if !matches!(config.sealing, Sealing::Made(_)) {
        seal()?;
    }
    data_folder(config)?;
    Store::open(&config.database, seal()?).map_err(|error| sentence(config, &error))
}

/// What is wrong with the store, and which.
pub fn sentence(config: &Config, error: &StoreError) -> String {
    match error {
        StoreError::Open { .. } => error.to_string(),
        StoreError::WrongKey => format!("{}: {error}, {}", config.sealing, config.database),
        _ => format!("{}: {error}", config.database),
    }
}

fn data_folder(config: &Config) -> Result<(), String> {
    if fs::metadata(&config.data).is_ok_and(|found| found.is_dir()) {
        return Ok(());
    }
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&config.data)
        .map_err(|error| {
            format!(
                "{} is {}, which cannot be made: {error}",
                crate::settings::named("data"),
                config.data.display()
            )
        })
}
