//! Standard output of a command: text for people, or JSON for programs.

use std::fmt;
use std::io::{self, Write};

use protocol::escape::visible_json;
use serde_json::Value;

use super::table::TextTable;

/// Standard output. It records whether its reader closed the pipe.
#[derive(Debug)]
pub struct Output {
    stdout: io::Stdout,
    closed: bool,
    json: bool,
}

impl Output {
    /// Returns standard output for people or, if `json` is set, for programs.
    pub fn new(json: bool) -> Self {
        Self {
            stdout: io::stdout(),
            closed: false,
            json,
        }
    }

    /// True if the command prints JSON.
    pub fn is_json(&self) -> bool {
        self.json
    }

    /// True if the reader closed the pipe.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// Prints what a command did: a line of text, or an object.
    ///
    /// # Errors
    /// If the output cannot be written.
    pub fn outcome(&mut self, text: impl fmt::Display, object: &Value) -> anyhow::Result<()> {
        if self.json {
            self.objects(std::iter::once(object.clone()))
        } else {
            Ok(writeln!(self, "{text}")?)
        }
    }

    /// Prints the next rows of a table, or an object for each row.
    ///
    /// # Errors
    /// If the output cannot be written.
    pub fn rows<T>(
        &mut self,
        table: &mut TextTable,
        items: &[T],
        row: impl Fn(&T) -> Vec<String>,
        object: impl Fn(&T) -> Value,
    ) -> anyhow::Result<()> {
        if self.json {
            self.objects(items.iter().map(object))
        } else {
            let rows: Vec<_> = items.iter().map(row).collect();
            Ok(write!(self, "{}", table.rows(&rows))?)
        }
    }

    /// Prints a JSON object per line.
    fn objects(&mut self, objects: impl Iterator<Item = Value>) -> anyhow::Result<()> {
        for object in objects {
            writeln!(self, "{}", visible_json(&object.to_string()))?;
        }
        Ok(())
    }

    fn note_closed<T>(&mut self, written: io::Result<T>) -> io::Result<T> {
        self.closed |= written
            .as_ref()
            .is_err_and(|error| error.kind() == io::ErrorKind::BrokenPipe);
        written
    }
}

impl Write for Output {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let written = self.stdout.write(buffer);
        self.note_closed(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.stdout.flush();
        self.note_closed(flushed)
    }
}
