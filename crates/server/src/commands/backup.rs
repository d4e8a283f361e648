//! `frontdesk backup` and `frontdesk restore`. The name `-` is standard output or standard input.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, ErrorKind, IsTerminal, Read, Seek, SeekFrom, Write};
use std::path::Path;

use anyhow::{Context, anyhow, bail};
use protocol::Clock;
use serde_json::json;
use store::{BackupError, ClientFilter, Store, StoreError};

use super::{STANDARD_STREAM, by_hand, health};
use crate::config::{Config, SealingKeySource};
use crate::settings::named;
use crate::terminal::output::Output;
use crate::terminal::progress::Progress;
use crate::{atomic_file, open_store};

/// Writes the whole store, as of now, into a new file or to standard output. The service may run.
///
/// # Errors
/// If the store cannot be read or the file written; the file does not exist then. If standard output is a terminal, which
/// changes line ends and mixes messages in.
pub fn backup(config: &Config, path: &Path, out: &mut Output) -> anyhow::Result<()> {
    let is_standard = path == Path::new(STANDARD_STREAM);
    if is_standard && io::stdout().is_terminal() {
        bail!(
            "standard output is a terminal, which does not keep a backup as it is: redirect it to a file or a pipe, and in a \
            container use `docker compose exec -T`, since exec without -T makes a terminal"
        );
    }
    let store = open_store::open_existing(config)?;
    if is_standard {
        let mut out = BufWriter::new(out);
        write_rows(&store, &mut out)?;
        return Ok(out.flush()?);
    }
    let rows = atomic_file::write(path, |file| write_rows(&store, file))?;
    let path = path.display().to_string();
    out.outcome(
        format!("{path} has {rows} rows; the sealing key is not in it"),
        &json!({ "file": path, "rows": rows }),
    )
}

fn write_rows(store: &Store, out: &mut dyn Write) -> anyhow::Result<u64> {
    let steps = store.count_clients(&ClientFilter::default())?;
    let progress = Progress::start("backing up", Some(steps));
    Ok(store.backup(Clock::system().now(), out, |rows| progress.set(rows))?)
}

/// Restores a backup into the store, which must be empty unless `replace` is set.
///
/// # Errors
/// If the backup or the store is not suitable; nothing has changed then.
pub fn restore(
    config: &Config,
    path: &Path,
    replace: bool,
    out: &mut Output,
) -> anyhow::Result<()> {
    if replace && let Some(address) = health::running(config) {
        bail!(
            "the service answers at {address} ({}), and its store must not be replaced meanwhile: stop it first",
            named("management_listen")
        );
    }
    let is_standard = path == Path::new(STANDARD_STREAM);
    let file = (!is_standard)
        .then(|| File::open(path).with_context(|| format!("{} cannot be read", path.display())))
        .transpose()?;
    // A new key could not open the restored secrets.
    if let SealingKeySource::Generated(key) = &config.sealing
        && !key.exists()
    {
        bail!(
            "{} does not exist: copy the sealing key of the backed-up store there first",
            key.display()
        );
    }
    let (store, _) = open_store::create(config)?;
    let store = store.acting_as(by_hand(None));
    let restored = match file {
        Some(file) => checked(&store, &mut BufReader::new(file), replace),
        None => streamed(&store, replace),
    };
    let name = if is_standard {
        "standard input".to_owned()
    } else {
        path.display().to_string()
    };
    let rows = restored.map_err(|error| refusal(config, &name, error))?;
    out.outcome(
        format!("restored {rows} rows into {}", open_store::address(config)),
        &json!({ "restored": rows }),
    )
}

/// Restores a file, which is read to its end before the store is locked.
fn checked(store: &Store, file: &mut BufReader<File>, replace: bool) -> Result<u64, BackupError> {
    let rows = {
        let progress = Progress::start("checking", None);
        store.check_backup(file, |rows| progress.set(rows))?
    };
    let progress = Progress::start("restoring", Some(rows));
    store.restore(file, replace, |rows| progress.set(rows))
}

/// Restores standard input, which can be read once: it is checked in the transaction that inserts its rows. A copy of it
/// would need a place as large as the backup, which a container may not have.
fn streamed(store: &Store, replace: bool) -> Result<u64, BackupError> {
    let progress = Progress::start("restoring", None);
    let mut input = BufReader::new(ReadOnce {
        input: io::stdin().lock(),
        started: false,
    });
    store.restore(&mut input, replace, |rows| progress.set(rows))
}

/// An input that is read once, from its beginning.
struct ReadOnce<R> {
    input: R,
    started: bool,
}

impl<R: Read> Read for ReadOnce<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.started = true;
        self.input.read(buffer)
    }
}

impl<R> Seek for ReadOnce<R> {
    /// Goes to the beginning, where it is until something is read.
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match to {
            SeekFrom::Start(0) if !self.started => Ok(0),
            _ => Err(ErrorKind::NotSeekable.into()),
        }
    }
}

fn refusal(config: &Config, path: &str, error: BackupError) -> anyhow::Error {
    match error {
        BackupError::NotEmpty { table, rows } => anyhow!(
            "the store {} is not empty: it has {rows} rows in {table}; --replace deletes everything it has first",
            open_store::address(config)
        ),
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
