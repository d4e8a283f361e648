//! `frontdesk backup` and `frontdesk restore`.

use std::fs::File;
use std::io::{BufReader, Write};
use std::path::Path;

use anyhow::{Context, anyhow, bail};
use protocol::Clock;
use store::{BackupError, ClientFilter, StoreError};

use super::by_hand;
use crate::config::{Config, SealingKeySource};
use crate::settings::named;
use crate::terminal::progress::Progress;
use crate::{atomic_file, open_store};

/// Writes the whole store, as of now, into a new file. The service may run.
///
/// # Errors
/// If the store cannot be read or the file written; the file does not exist then.
pub fn backup(config: &Config, path: &Path, out: &mut impl Write) -> anyhow::Result<()> {
    let store = open_store::open(config)?;
    let steps = store.count_clients(&ClientFilter::default())?;
    let rows = atomic_file::write(path, |file| {
        let progress = Progress::start("backing up", Some(steps));
        store
            .backup(Clock::system().now(), file, |rows| progress.set(rows))
            .map_err(anyhow::Error::from)
    })?;
    Ok(writeln!(
        out,
        "{} has {rows} rows; the sealing key is not in it",
        path.display()
    )?)
}

/// Restores a backup into the store, which must be empty unless `replace` is set.
///
/// # Errors
/// If the backup or the store is not suitable; nothing has changed then.
pub fn restore(
    config: &Config,
    path: &Path,
    replace: bool,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let file = File::open(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let mut file = BufReader::new(file);
    // A new key could not open the restored secrets.
    if let SealingKeySource::Generated(key) = &config.sealing
        && !key.exists()
    {
        bail!(
            "{} does not exist: copy the sealing key of the backed-up store there first",
            key.display()
        );
    }
    let store = open_store::open(config)?.acting_as(by_hand(None));
    let refused = |error| refusal(path, error);
    let rows = {
        let progress = Progress::start("checking", None);
        store
            .check_backup(&mut file, |rows| progress.set(rows))
            .map_err(refused)?
    };
    let progress = Progress::start("restoring", Some(rows));
    store
        .restore(&mut file, replace, |rows| progress.set(rows))
        .map_err(refused)?;
    drop(progress);
    Ok(writeln!(out, "restored {rows} rows")?)
}

fn refusal(path: &Path, error: BackupError) -> anyhow::Error {
    let path = path.display();
    match error {
        BackupError::NotEmpty { .. } => {
            anyhow!("{error}; --replace deletes everything it has first")
        }
        BackupError::OtherKey(_) => anyhow!(
            "{path}: {error}; set {} to that key",
            named("sealing_key_file")
        ),
        BackupError::Store(StoreError::SchemaNewer { migration }) => {
            anyhow!(
                "{path}: a newer program made it: it has the migration {migration}, which this program does not know"
            )
        }
        BackupError::Store(error) => error.into(),
        BackupError::File(_) | BackupError::Line { .. } => anyhow!("{path}: {error}"),
    }
}
