//! Opens the configured store.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;

use anyhow::anyhow;
use store::{Store, StoreError};

use crate::config::{Config, SealingKeySource};

/// Opens the store, applies missing migrations and checks the sealing key.
///
/// # Errors
/// Names the setting, the file or the database.
pub fn open(config: &Config) -> anyhow::Result<Store> {
    let store = open_unmigrated(config)?;
    let applied = store
        .migrate()
        .map_err(|error| describe_error(config, &error))?;
    if !applied.is_empty() {
        tracing::info!(
            migrations = applied.join(", "),
            "database brought to this version"
        );
    }
    Ok(store)
}

/// Opens the store without migrating it.
///
/// # Errors
/// As [`open`].
pub fn open_unmigrated(config: &Config) -> anyhow::Result<Store> {
    let seal = || config.sealing_key();
    // A key that must exist is checked before anything is created.
    if !matches!(config.sealing, SealingKeySource::Generated(_)) {
        seal()?;
    }
    data_folder(config)?;
    Store::open(&config.database, seal()?).map_err(|error| describe_error(config, &error))
}

/// Returns a failure of the store with its address.
pub fn describe_error(config: &Config, error: &StoreError) -> anyhow::Error {
    match error {
        StoreError::Open { .. } => anyhow!(error.to_string()),
        StoreError::WrongKey => anyhow!("{}: {error}, {}", config.sealing, config.database),
        _ => anyhow!("{}: {error}", config.database),
    }
}

fn data_folder(config: &Config) -> anyhow::Result<()> {
    if fs::metadata(&config.data).is_ok_and(|found| found.is_dir()) {
        return Ok(());
    }
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&config.data)
        .map_err(|error| {
            anyhow!(
                "{} is {}, which cannot be made: {error}",
                crate::settings::named("data"),
                config.data.display()
            )
        })
}
