//! `frontdesk backup` and `frontdesk restore`.

use std::fs::File;
use std::io::{BufReader, Write};
use std::path::Path;

use protocol::Clock;
use store::{BackupError, StoreError, Which};

use super::by_hand;
use crate::config::{Config, Sealing};
use crate::progress::Progress;
use crate::settings::named;
use crate::{new_file, open};

/// Writes everything the store has at this moment into a new file, while the service runs.
///
/// # Errors
/// One sentence; there is no file then.
pub fn backup(config: &Config, path: &Path, out: &mut impl Write) -> Result<(), String> {
    let store = open::store(config)?;
    let steps = store
        .count_clients(&Which::default())
        .map_err(|error| error.to_string())?;
    let rows = new_file::write(path, |file| {
        let progress = Progress::of("backing up", Some(steps));
        store
            .backup(Clock::system().now(), file, |rows| progress.at(rows))
            .map_err(|error| error.to_string())
    })?;
    writeln!(
        out,
        "{} has {rows} rows; the sealing key is not in it",
        path.display()
    )
    .map_err(|error| error.to_string())
}

/// Puts a backup into the store: into an empty one, unless it may be replaced.
///
/// # Errors
/// One sentence; nothing has changed then.
pub fn restore(
    config: &Config,
    path: &Path,
    replace: bool,
    out: &mut impl Write,
) -> Result<(), String> {
    let file =
        File::open(path).map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
    let mut file = BufReader::new(file);
    // A key made now would open nothing of what is restored.
    if let Sealing::Made(key) = &config.sealing
        && !key.exists()
    {
        return Err(format!(
            "{} does not exist: copy the sealing key of the backed-up store there first",
            key.display()
        ));
    }
    let store = open::store(config)?.by(by_hand(None));
    let refused = |error: BackupError| refusal(path, &error);
    let rows = {
        let progress = Progress::of("checking", None);
        store
            .check_backup(&mut file, |rows| progress.at(rows))
            .map_err(refused)?
    };
    let progress = Progress::of("restoring", Some(rows));
    store
        .restore(&mut file, replace, |rows| progress.at(rows))
        .map_err(refused)?;
    drop(progress);
    writeln!(out, "restored {rows} rows").map_err(|error| error.to_string())
}

fn refusal(path: &Path, error: &BackupError) -> String {
    let path = path.display();
    match error {
        BackupError::NotEmpty { .. } => {
            format!("{error}; --replace deletes everything it has first")
        }
        BackupError::OtherKey(_) => format!(
            "{path}: {error}; set {} to that key",
            named("sealing_key_file")
        ),
        BackupError::Store(StoreError::Newer { migration }) => {
            format!(
                "{path}: a newer program made it: it has the migration {migration}, which this program does not know"
            )
        }
        BackupError::Store(error) => error.to_string(),
        BackupError::File(_) | BackupError::Line { .. } => format!("{path}: {error}"),
    }
}
