//! A backup, read again: checked to its end first, then put into the store in one transaction.

use std::collections::BTreeSet;
use std::io::{self, BufRead, Seek};

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use openssl::sha::Sha256;
use serde_json::Value;

use crate::Store;
use crate::audit::Event;
use crate::audit_row;
use crate::backup::{BackupError, End, Head, Shape, VERSION};
use crate::connection::{AnyConnection, Purpose};
use crate::error::StoreError;
use crate::judged_patterns::judge_older_patterns;
use crate::lock::{Lock, lock};
use crate::migrations::{known_versions, missing};
use crate::random::hexadecimal;
use crate::tables::{TABLES, columns, insert_from_json};

/// How long a line may be, in bytes: far longer than any row.
const LINE: u64 = 4 << 20;

/// How many rows go into one statement.
const BATCH: usize = 500;

impl Store {
    /// Reads a backup to its end, and says how many rows it has; nothing is changed.
    ///
    /// # Errors
    /// What is wrong with it; [`StoreError::Newer`] when a newer program made it; [`BackupError::OtherKey`].
    pub fn check_backup(
        &self,
        from: &mut (impl BufRead + Seek),
        mut progress: impl FnMut(u64),
    ) -> Result<u64, BackupError> {
        let mut rows = 0_u64;
        self.read_backup(from, |_, _| {
            rows = rows.saturating_add(1);
            progress(rows);
            Ok(())
        })?;
        Ok(rows)
    }

    /// Puts a backup into the store, all of it or nothing, and says how many rows that was. The store must be empty; with
    /// `replace`, what it has is deleted first. The audit trail of the backup has one more row then, which tells of it.
    ///
    /// # Errors
    /// As [`Store::check_backup`]; [`BackupError::NotEmpty`]; [`StoreError::Unavailable`].
    pub fn restore(
        &self,
        from: &mut (impl BufRead + Seek),
        replace: bool,
        mut progress: impl FnMut(u64),
    ) -> Result<u64, BackupError> {
        let mut connection = AnyConnection::establish_at(&self.0.url, Purpose::Migrate)?;
        connection.begin()?;
        let restored = self.restore_into(&mut connection, from, replace, &mut progress);
        match restored {
            Ok(rows) => connection.commit().map(|()| rows).map_err(Into::into),
            Err(error) => {
                // A connection whose rollback fails goes away, and the transaction with it.
                drop(connection.rollback());
                Err(error)
            }
        }
    }

    fn restore_into(
        &self,
        connection: &mut AnyConnection,
        from: &mut (impl BufRead + Seek),
        replace: bool,
        progress: &mut impl FnMut(u64),
    ) -> Result<u64, BackupError> {
        lock(connection, Lock::Migrations)?;
        if !missing(connection)?.is_empty() {
            return Err(StoreError::Behind.into());
        }
        exclude_others(connection)?;
        empty(connection, replace)?;
        let mut waiting: Vec<String> = Vec::new();
        let mut of: Option<Shape> = None;
        let mut rows = 0_u64;
        self.read_backup(from, |shape, row| {
            if waiting.len() == BATCH || of.as_ref().is_some_and(|of| of.table != shape.table) {
                insert(connection, of.as_ref(), &mut waiting)?;
                progress(rows);
            }
            if of.as_ref().is_none_or(|of| of.table != shape.table) {
                of = Some(known_columns(connection, shape)?);
            }
            waiting.push(row.to_owned());
            rows = rows.saturating_add(1);
            Ok(())
        })?;
        insert(connection, of.as_ref(), &mut waiting)?;
        judge_older_patterns(connection)?;
        // The trail that is there now is the backup's: it goes on with how it came here.
        audit_row::write_one(
            connection,
            &self
                .row_of(Event::StoreRestored)
                .saying(&format!("{rows} rows")),
        )?;
        progress(rows);
        Ok(rows)
    }

    /// Reads a backup from its beginning to its end, and hands out each row with its table.
    fn read_backup(
        &self,
        from: &mut (impl BufRead + Seek),
        mut row: impl FnMut(&Shape, &str) -> Result<(), BackupError>,
    ) -> Result<(), BackupError> {
        from.rewind()?;
        let mut lines = Lines {
            from,
            line: 0,
            digest: Sha256::new(),
        };
        let first = lines
            .next()?
            .ok_or_else(|| lines.wrong("is missing: the file is empty"))?;
        let head: Head = serde_json::from_str(&first)
            .map_err(|_| lines.wrong("is not the beginning of a backup"))?;
        self.judge(&head).map_err(|error| match error {
            Judged::Line(reason) => lines.wrong(reason),
            Judged::Other(error) => error,
        })?;
        let mut rows = 0_u64;
        loop {
            let before = lines.digest.clone();
            let text = lines
                .next()?
                .ok_or_else(|| lines.wrong("is missing: the file was cut off"))?;
            if let Ok(end) = serde_json::from_str::<End>(&text) {
                if end.rows != rows || end.sha256 != hexadecimal(&before.finish()) {
                    return Err(lines
                        .wrong("says that the lines before it are not those that were written"));
                }
                return match lines.next()? {
                    None => Ok(()),
                    Some(_) => Err(lines.wrong("comes after the end of the backup")),
                };
            }
            let (shape, inner) = row_of(&head, &text)
                .ok_or_else(|| lines.wrong("is not a row of the tables its first line names"))?;
            row(shape, inner)?;
            rows = rows.saturating_add(1);
        }
    }

    fn judge(&self, head: &Head) -> Result<(), Judged> {
        if head.frontdesk_backup != VERSION {
            return Err(Judged::Line(
                "says that the backup has another form than this program reads",
            ));
        }
        let known: BTreeSet<String> =
            known_versions().map_err(|error| Judged::Other(error.into()))?;
        if let Some(newer) = head
            .migrations
            .iter()
            .find(|version| !known.contains(*version))
        {
            return Err(Judged::Other(
                StoreError::Newer {
                    migration: newer.clone(),
                }
                .into(),
            ));
        }
        if head.sealing_key_id != self.0.seal.id() {
            return Err(Judged::Other(BackupError::OtherKey(
                head.sealing_key_id.clone(),
            )));
        }
        // These names become part of statements.
        let plain = |name: &String| {
            !name.is_empty()
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
        };
        let good = |shape: &Shape| {
            TABLES.contains(&shape.table.as_str()) && shape.columns.iter().all(plain)
        };
        if head.tables.iter().all(good) {
            Ok(())
        } else {
            Err(Judged::Line("names a table or a column that there is not"))
        }
    }
}

/// What is wrong with a head.
enum Judged {
    Line(&'static str),
    Other(BackupError),
}

/// The lines of a file, digested as they are read.
struct Lines<'a, R> {
    from: &'a mut R,
    line: u64,
    digest: Sha256,
}

impl<R: BufRead> Lines<'_, R> {
    fn next(&mut self) -> Result<Option<String>, BackupError> {
        self.line = self.line.saturating_add(1);
        let mut bytes = Vec::new();
        io::Read::take(&mut *self.from, LINE).read_until(b'\n', &mut bytes)?;
        if bytes.is_empty() {
            return Ok(None);
        }
        self.digest.update(&bytes);
        if bytes.pop() != Some(b'\n') {
            return Err(self.wrong("does not end: the file was cut off, or is no backup"));
        }
        String::from_utf8(bytes)
            .map(Some)
            .map_err(|_| self.wrong("is not text"))
    }

    fn wrong(&self, reason: &str) -> BackupError {
        BackupError::Line {
            line: self.line,
            reason: reason.to_owned(),
        }
    }
}

/// The table of a row, and the object that is the row: exactly the columns that the head names, each a text, a whole number, a
/// truth value or nothing.
fn row_of<'a>(head: &'a Head, text: &'a str) -> Option<(&'a Shape, &'a str)> {
    let (table, rest) = text.strip_prefix("{\"")?.split_once("\":")?;
    let inner = rest.strip_suffix('}')?;
    let shape = head.tables.iter().find(|shape| shape.table == table)?;
    let Value::Object(row) = serde_json::from_str(inner).ok()? else {
        return None;
    };
    let plain = |value: &Value| {
        value.is_string() || value.is_i64() || value.is_boolean() || value.is_null()
    };
    let whole = row.len() == shape.columns.len()
        && shape
            .columns
            .iter()
            .all(|column| row.get(column).is_some_and(plain));
    whole.then_some((shape, inner))
}

/// Keeps servers from writing until the transaction ends; on SQLite it is alone already.
fn exclude_others(connection: &mut AnyConnection) -> Result<(), StoreError> {
    if let AnyConnection::Postgres(postgres) = connection {
        diesel::sql_query(format!(
            "LOCK TABLE \"{}\" IN SHARE ROW EXCLUSIVE MODE",
            TABLES.join("\", \"")
        ))
        .execute(postgres)?;
    }
    Ok(())
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    rows: i64,
}

fn empty(connection: &mut AnyConnection, replace: bool) -> Result<(), BackupError> {
    for table in TABLES {
        let statement = format!(
            "{} FROM \"{table}\"",
            if replace {
                "DELETE"
            } else {
                "SELECT count(*) AS rows"
            }
        );
        if replace {
            execute(connection, &statement)?;
            continue;
        }
        let counted: Vec<Count> = match connection {
            AnyConnection::Sqlite(sqlite) => diesel::sql_query(statement).load(sqlite)?,
            AnyConnection::Postgres(postgres) => diesel::sql_query(statement).load(postgres)?,
        };
        if let Some(Count { rows: rows @ 1.. }) = counted.first() {
            return Err(BackupError::NotEmpty { table, rows: *rows });
        }
    }
    Ok(())
}

fn execute(connection: &mut AnyConnection, statement: &str) -> Result<(), StoreError> {
    match connection {
        AnyConnection::Sqlite(sqlite) => diesel::sql_query(statement).execute(sqlite),
        AnyConnection::Postgres(postgres) => diesel::sql_query(statement).execute(postgres),
    }?;
    Ok(())
}

/// The table with the columns to insert, all of which there must be; those the backup lacks are empty.
fn known_columns(connection: &mut AnyConnection, shape: &Shape) -> Result<Shape, BackupError> {
    let known = columns(connection, &shape.table)?;
    match shape.columns.iter().find(|column| !known.contains(column)) {
        None => Ok(shape.clone()),
        Some(unknown) => Err(BackupError::Line {
            line: 1,
            reason: format!(
                "names the column {unknown} of {}, which there is not",
                shape.table
            ),
        }),
    }
}

fn insert(
    connection: &mut AnyConnection,
    of: Option<&Shape>,
    waiting: &mut Vec<String>,
) -> Result<(), BackupError> {
    let (Some(of), false) = (of, waiting.is_empty()) else {
        return Ok(());
    };
    let statement = insert_from_json(connection, &of.table, &of.columns);
    let rows = format!("[{}]", waiting.join(","));
    waiting.clear();
    match connection {
        AnyConnection::Sqlite(sqlite) => diesel::sql_query(statement)
            .bind::<Text, _>(rows)
            .execute(sqlite)?,
        AnyConnection::Postgres(postgres) => diesel::sql_query(statement)
            .bind::<Text, _>(rows)
            .execute(postgres)?,
    };
    Ok(())
}
