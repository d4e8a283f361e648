//! `frontdesk client export` and `frontdesk client import`: copies clients to another store.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Seek, Write};
use std::path::Path;

use anyhow::{Context, anyhow, bail};
use protocol::Secret;
use serde_json::json;
use store::{ExportedClient, ImportError, ImportFailure, SealingKey, Store};

use super::{ClientFilterArgs, ClientScope, PAGE, check_damaged};
use crate::atomic_file;
use crate::commands::STANDARD_STREAM;
use crate::terminal::output::Output;
use crate::terminal::progress::Progress;
use protocol::escape::{visible, visible_json};

/// The maximum length of a line, in bytes: far longer than any client.
const LINE: u64 = 4 << 20;

const UNREADABLE: &str = "the export cannot be read";

/// The number of clients per transaction.
const BATCH: usize = 500;

/// Writes a line of JSON for each client, to a new file or to standard output.
///
/// # Errors
/// If the store cannot be read or the file written, or after the export if clients were damaged.
pub fn export(
    scope: &ClientScope,
    filter: &ClientFilterArgs,
    file: Option<&Path>,
    out: &mut Output,
) -> anyhow::Result<()> {
    let Some(path) = file.filter(|path| !is_standard(path)) else {
        let (_, damaged) = lines(scope, filter, out)?;
        return check_damaged(damaged, "exported");
    };
    let (exported, damaged) = atomic_file::write(path, |file| lines(scope, filter, file))?;
    out.outcome(
        format!("exported {}", clients(exported)),
        &json!({ "exported": exported }),
    )?;
    check_damaged(damaged, "exported")
}

/// Writes the lines. Returns the numbers of written and damaged clients.
fn lines(
    scope: &ClientScope,
    filter: &ClientFilterArgs,
    out: &mut dyn Write,
) -> anyhow::Result<(u64, u64)> {
    let Some(which) = scope.within(filter) else {
        return Ok((0, 0));
    };
    let steps = scope.store.count_clients(&which)?;
    let progress = Progress::start("exporting", Some(steps));
    let (mut exported, mut damaged) = (0_u64, 0_u64);
    let mut after = None;
    loop {
        let page = scope.store.exported(&which, after.as_ref(), PAGE)?;
        let Some(last) = page.last() else {
            return Ok((exported, damaged));
        };
        after = Some(last.id.clone());
        for listed in page {
            match listed.client.and_then(|client| client.to_line()) {
                Ok(line) => {
                    writeln!(out, "{}", visible_json(&line))?;
                    exported = exported.saturating_add(1);
                }
                Err(error) => {
                    damaged = damaged.saturating_add(1);
                    progress.suspend(|| {
                        writeln!(io::stderr(), "frontdesk: {}", visible(&error.to_string()))
                    })?;
                }
            }
        }
        progress.set(exported);
    }
}

/// Imports clients from a file or from standard input. Every line is checked before the first is imported.
///
/// # Errors
/// If a line is wrong, or the store fails.
pub fn import(
    scope: &ClientScope,
    file: Option<&Path>,
    sealed_with: Option<&Path>,
    dry_run: bool,
    out: &mut Output,
) -> anyhow::Result<()> {
    if scope.own.is_some() {
        bail!("only an administrator imports clients");
    }
    if scope.provider.is_some() {
        bail!("only an account of every provider imports clients");
    }
    let store = &scope.store;
    let mut export = ExportFile {
        lines: BufReader::new(source(file)?),
        sealed_with: sealed_with.map(key).transpose()?,
    };
    let (all, new) = export
        .each_batch(store, "checking", |batch| store.compare(batch))
        .map_err(|stopped| stopped.error)?;
    let told = if dry_run {
        format!("{} would be imported", clients(new))
    } else {
        let imported = export.each_batch(store, "importing", |batch| store.import(batch));
        let (_, new) = imported.map_err(|ImportStopped { error, new }| match new {
            0 => error,
            new => anyhow!("{error:#}; {} before it were imported. Fix the line and run the command again to continue", clients(new)),
        })?;
        format!("imported {}", clients(new))
    };
    let object = json!({ "imported": new, "present": all.saturating_sub(new), "dry_run": dry_run });
    let present = match all.saturating_sub(new) {
        0 => String::new(),
        present => format!("; {present} of {all} are here already"),
    };
    out.outcome(format!("{told}{present}"), &object)
}

/// A file of exported clients, which is read twice.
struct ExportFile {
    lines: BufReader<File>,
    sealed_with: Option<SealingKey>,
}

/// An import that stopped early.
struct ImportStopped {
    error: anyhow::Error,
    /// The number of clients imported before.
    new: u64,
}

impl ExportFile {
    /// Passes the clients in batches to `work`, which returns how many of a batch are new. Returns the number of clients and
    /// the number of new ones.
    fn each_batch(
        &mut self,
        store: &Store,
        what: &'static str,
        work: impl Fn(&[ExportedClient]) -> Result<usize, ImportFailure>,
    ) -> Result<(u64, u64), ImportStopped> {
        let (mut all, mut new) = (0_u64, 0_u64);
        let bytes = self.begin().map_err(|error| ImportStopped {
            error: anyhow::Error::new(error).context(UNREADABLE),
            new,
        })?;
        let progress = Progress::start(what, Some(bytes));
        loop {
            let batch = self.batch(store).map_err(|refused| ImportStopped {
                error: refusal(all, refused),
                new,
            })?;
            if batch.is_empty() {
                return Ok((all, new));
            }
            let more = work(&batch).map_err(|refused| ImportStopped {
                error: refusal(all, refused),
                new,
            })?;
            all = all.saturating_add(number(batch.len()));
            new = new.saturating_add(number(more));
            progress.set(self.lines.stream_position().unwrap_or(bytes));
        }
    }

    /// Rewinds the file and returns its length in bytes.
    fn begin(&mut self) -> io::Result<u64> {
        self.lines.rewind()?;
        Ok(self.lines.get_ref().metadata()?.len())
    }

    fn batch(&mut self, store: &Store) -> Result<Vec<ExportedClient>, ImportFailure> {
        let mut batch = Vec::with_capacity(BATCH);
        while batch.len() < BATCH {
            let at = batch.len();
            let mut line = String::new();
            let read = Read::take(&mut self.lines, LINE).read_line(&mut line);
            if read.map_err(|error| ImportFailure {
                at,
                error: ImportError::Unreadable(error.to_string()),
            })? == 0
            {
                break;
            }
            let client = store.read_exported(
                line.trim_end_matches(['\r', '\n']),
                self.sealed_with.as_ref(),
            );
            batch.push(client.map_err(|error| ImportFailure { at, error })?);
        }
        Ok(batch)
    }
}

/// Adds the number of the line, if the error is about one; `before` counts the lines of earlier batches.
fn refusal(before: u64, ImportFailure { at, error }: ImportFailure) -> anyhow::Error {
    let line = before.saturating_add(number(at)).saturating_add(1);
    match error {
        ImportError::Store(error) => error.into(),
        ImportError::Sealed(_) => anyhow!("line {line}: {error} with --sealed-with"),
        _ => anyhow!("line {line}: {error}"),
    }
}

fn is_standard(path: &Path) -> bool {
    path == Path::new(STANDARD_STREAM)
}

/// Opens the file, or copies standard input or a pipe to an unnamed one, so that it can be read twice.
fn source(file: Option<&Path>) -> anyhow::Result<File> {
    let Some(path) = file.filter(|path| !is_standard(path)) else {
        return copy(&mut io::stdin().lock()).context(UNREADABLE);
    };
    let cannot_be_read = || format!("{} cannot be read", path.display());
    let mut file = File::open(path).with_context(cannot_be_read)?;
    let found = file.metadata().with_context(cannot_be_read)?;
    if found.is_file() {
        return Ok(file);
    }
    copy(&mut file).with_context(cannot_be_read)
}

/// Copies an input to an unnamed file.
fn copy(input: &mut impl Read) -> io::Result<File> {
    let mut copy = tempfile::tempfile()?;
    io::copy(input, &mut copy)?;
    Ok(copy)
}

fn key(path: &Path) -> anyhow::Result<SealingKey> {
    let named = || format!("--sealed-with names {}", path.display());
    let text = fs::read_to_string(path)
        .map(Secret::new)
        .with_context(|| format!("{}, which cannot be read", named()))?;
    SealingKey::from_base64(text.reveal()).with_context(named)
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

fn clients(number: u64) -> String {
    match number {
        1 => "1 client".to_owned(),
        number => format!("{number} clients"),
    }
}
