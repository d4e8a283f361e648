//! `frontdesk client export` and `frontdesk client import`: clients on their way to another store.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Seek, Write};
use std::path::Path;

use protocol::Secret;
use store::{ExportedClient, ImportError, NotImported, SealingKey, Store};

use super::{Filter, PAGE, Reach, damage};
use crate::new_file;
use crate::progress::Progress;
use protocol::escape::{visible, visible_json};

/// How long a line may be, in bytes: far longer than any client.
const LINE: u64 = 4 << 20;

/// How many clients one transaction takes in.
const BATCH: usize = 500;

/// Writes one line of JSON for each client, to a new file or to standard output.
///
/// # Errors
/// One sentence; when there were damaged ones, after all others were written.
pub fn export(
    reach: &Reach,
    filter: &Filter,
    file: Option<&Path>,
    out: &mut impl Write,
) -> Result<(), String> {
    let Some(path) = file else {
        let (_, damaged) = lines(reach, filter, out)?;
        return damage(damaged, "exported");
    };
    let (exported, damaged) = new_file::write(path, |file| lines(reach, filter, file))?;
    writeln!(out, "exported {}", clients(exported)).map_err(|error| error.to_string())?;
    damage(damaged, "exported")
}

/// How many were written, and how many are damaged.
fn lines(reach: &Reach, filter: &Filter, out: &mut dyn Write) -> Result<(u64, u64), String> {
    let Some(which) = reach.within(filter) else {
        return Ok((0, 0));
    };
    let steps = reach
        .store
        .count_clients(&which)
        .map_err(|error| error.to_string())?;
    let progress = Progress::of("exporting", Some(steps));
    let (mut exported, mut damaged) = (0_u64, 0_u64);
    let mut after = None;
    loop {
        let page = reach
            .store
            .exported(&which, after.as_ref(), PAGE)
            .map_err(|error| error.to_string())?;
        let Some(last) = page.last() else {
            return Ok((exported, damaged));
        };
        after = Some(last.id.clone());
        for listed in page {
            match listed.client.and_then(|client| client.line()) {
                Ok(line) => {
                    writeln!(out, "{}", visible_json(&line)).map_err(|error| error.to_string())?;
                    exported = exported.saturating_add(1);
                }
                Err(error) => {
                    damaged = damaged.saturating_add(1);
                    progress
                        .aside(|| {
                            writeln!(io::stderr(), "frontdesk: {}", visible(&error.to_string()))
                        })
                        .map_err(|error| error.to_string())?;
                }
            }
        }
        progress.at(exported);
    }
}

/// Takes in the clients of an export, from a file or from standard input. All lines are looked at first.
///
/// # Errors
/// One sentence that names the line.
pub fn import(
    reach: &Reach,
    file: Option<&Path>,
    sealed_with: Option<&Path>,
    dry_run: bool,
    out: &mut impl Write,
) -> Result<(), String> {
    if reach.own.is_some() {
        return Err("only an administrator imports clients".to_owned());
    }
    if reach.provider.is_some() {
        return Err("only an account of every provider imports clients".to_owned());
    }
    let store = &reach.store;
    let mut export = Export {
        lines: BufReader::new(source(file)?),
        sealed_with: sealed_with.map(key).transpose()?,
    };
    let (all, new) = export
        .each_batch(store, "checking", |batch| store.compare(batch))
        .map_err(|stopped| stopped.sentence)?;
    let told = if dry_run {
        format!("{} would be imported", clients(new))
    } else {
        let imported = export.each_batch(store, "importing", |batch| store.import(batch));
        let (_, new) = imported.map_err(|Stopped { sentence, new }| match new {
            0 => sentence,
            new => format!("{sentence}; {} before it were imported. Fix the line and run the command again to continue", clients(new)),
        })?;
        format!("imported {}", clients(new))
    };
    let present = match all.saturating_sub(new) {
        0 => String::new(),
        present => format!("; {present} of {all} are here already"),
    };
    writeln!(out, "{told}{present}").map_err(|error| error.to_string())
}

/// An export, to be read more than once.
struct Export {
    lines: BufReader<File>,
    sealed_with: Option<SealingKey>,
}

/// Where an import ended before its end.
struct Stopped {
    sentence: String,
    /// How many clients were new until then.
    new: u64,
}

impl Export {
    /// Hands out the clients from the beginning on, some at a time, to work that says how many of them are new; says how many
    /// there are, and how many are new.
    fn each_batch(
        &mut self,
        store: &Store,
        what: &'static str,
        work: impl Fn(&[ExportedClient]) -> Result<usize, NotImported>,
    ) -> Result<(u64, u64), Stopped> {
        let (mut all, mut new) = (0_u64, 0_u64);
        let bytes = self.begin().map_err(|error| Stopped {
            sentence: unreadable(&error),
            new,
        })?;
        let progress = Progress::of(what, Some(bytes));
        loop {
            let batch = self.batch(store).map_err(|refused| Stopped {
                sentence: refusal(all, &refused),
                new,
            })?;
            if batch.is_empty() {
                return Ok((all, new));
            }
            let more = work(&batch).map_err(|refused| Stopped {
                sentence: refusal(all, &refused),
                new,
            })?;
            all = all.saturating_add(number(batch.len()));
            new = new.saturating_add(number(more));
            progress.at(self.lines.stream_position().unwrap_or(bytes));
        }
    }

    /// How many bytes there are, from the beginning.
    fn begin(&mut self) -> io::Result<u64> {
        self.lines.rewind()?;
        Ok(self.lines.get_ref().metadata()?.len())
    }

    fn batch(&mut self, store: &Store) -> Result<Vec<ExportedClient>, NotImported> {
        let mut batch = Vec::with_capacity(BATCH);
        while batch.len() < BATCH {
            let at = batch.len();
            let mut line = String::new();
            let read = Read::take(&mut self.lines, LINE).read_line(&mut line);
            if read.map_err(|error| NotImported {
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
            batch.push(client.map_err(|error| NotImported { at, error })?);
        }
        Ok(batch)
    }
}

/// A sentence about a line, when it is one's fault; `before` are the lines of the batches before.
fn refusal(before: u64, NotImported { at, error }: &NotImported) -> String {
    let line = before.saturating_add(number(*at)).saturating_add(1);
    match error {
        ImportError::Store(error) => error.to_string(),
        ImportError::Sealed(_) => format!("line {line}: {error} with --sealed-with"),
        _ => format!("line {line}: {error}"),
    }
}

/// A file that can be read twice: standard input is copied to one without a name.
fn source(file: Option<&Path>) -> Result<File, String> {
    if let Some(path) = file {
        return File::open(path)
            .map_err(|error| format!("{} cannot be read: {error}", path.display()));
    }
    let copied = || -> io::Result<File> {
        let mut copy = tempfile::tempfile()?;
        io::copy(&mut io::stdin().lock(), &mut copy)?;
        Ok(copy)
    };
    copied().map_err(|error| unreadable(&error))
}

fn unreadable(error: &io::Error) -> String {
    format!("the export cannot be read: {error}")
}

fn key(path: &Path) -> Result<SealingKey, String> {
    let named = || format!("--sealed-with names {}", path.display());
    let text = fs::read_to_string(path)
        .map(Secret::new)
        .map_err(|error| format!("{}, which cannot be read: {error}", named()))?;
    SealingKey::from_base64(text.reveal()).map_err(|error| format!("{}: {error}", named()))
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
