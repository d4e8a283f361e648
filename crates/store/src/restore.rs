//! Restores a backup: it is read to its end in the transaction that inserts its rows, so an invalid
//! line undoes everything.

use std::collections::BTreeSet;
use std::io::{self, BufRead, Seek};

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use openssl::sha::Sha256;
use serde_json::Value;

use crate::Store;
use crate::audit::AuditEvent;
use crate::audit_row;
use crate::backup::{BackupError, BackupFooter, BackupHeader, FORMAT_VERSION, TableColumns};
use crate::connection::{AnyConnection, ConnectionUse};
use crate::error::StoreError;
use crate::judged_patterns::judge_older_patterns;
use crate::lock::{Lock, lock};
use crate::migrations::{known_versions, missing};
use crate::random::hexadecimal;
use crate::tables::{TABLES, columns, insert_from_json};

/// The maximum length of a line, in bytes, far above that of any row.
const MAX_LINE_BYTES: u64 = 4 << 20;

/// The number of rows that a single statement inserts.
const ROWS_PER_STATEMENT: usize = 500;

impl Store {
    /// Reads a backup to its end and returns its number of rows, without changing the store.
    ///
    /// # Errors
    /// [`BackupError::Line`] for an invalid line; [`StoreError::SchemaNewer`] if a newer version wrote
    /// it; [`BackupError::OtherKey`].
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

    /// Restores a backup, all of it or nothing, and returns its number of rows. The store must be
    /// empty, or is emptied first if `replace` is true. The restored audit trail gets one more row,
    /// about the restore.
    ///
    /// # Errors
    /// As [`Store::check_backup`]; [`BackupError::NotEmpty`]; [`StoreError::Unavailable`].
    pub fn restore(
        &self,
        from: &mut (impl BufRead + Seek),
        replace: bool,
        mut progress: impl FnMut(u64),
    ) -> Result<u64, BackupError> {
        let mut connection = AnyConnection::establish_at(&self.0.url, ConnectionUse::Migrate)?;
        connection.begin()?;
        let restored = self.restore_into(&mut connection, from, replace, &mut progress);
        match restored {
            Ok(rows) => connection.commit().map(|()| rows).map_err(Into::into),
            Err(error) => {
                // If the rollback fails, the connection is closed and the transaction ends with it.
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
            return Err(StoreError::SchemaOutdated.into());
        }
        exclude_others(connection)?;
        ensure_empty(connection, replace)?;
        let mut waiting: Vec<String> = Vec::new();
        let mut current: Option<TableColumns> = None;
        let mut rows = 0_u64;
        self.read_backup(from, |table, row| {
            if waiting.len() == ROWS_PER_STATEMENT
                || current
                    .as_ref()
                    .is_some_and(|current| current.table != table.table)
            {
                insert(connection, current.as_ref(), &mut waiting)?;
                progress(rows);
            }
            if current
                .as_ref()
                .is_none_or(|current| current.table != table.table)
            {
                current = Some(known_columns(connection, table)?);
            }
            waiting.push(row.to_owned());
            rows = rows.saturating_add(1);
            Ok(())
        })?;
        insert(connection, current.as_ref(), &mut waiting)?;
        judge_older_patterns(connection)?;
        // The restored trail continues with the event of its restore.
        audit_row::write_one(
            connection,
            &self
                .audit_row(AuditEvent::StoreRestored)
                .with_detail(&format!("{rows} rows")),
        )?;
        progress(rows);
        Ok(rows)
    }

    /// Reads a backup from beginning to end, and calls `row` with each row and its table.
    fn read_backup(
        &self,
        from: &mut (impl BufRead + Seek),
        mut row: impl FnMut(&TableColumns, &str) -> Result<(), BackupError>,
    ) -> Result<(), BackupError> {
        from.rewind()?;
        let mut lines = BackupReader {
            from,
            line: 0,
            digest: Sha256::new(),
        };
        let first = lines
            .next()?
            .ok_or_else(|| lines.error("is missing: the file is empty"))?;
        let head: BackupHeader = serde_json::from_str(&first)
            .map_err(|_| lines.error("is not the beginning of a backup"))?;
        self.check_header(&head).map_err(|error| match error {
            HeaderError::Malformed(reason) => lines.error(reason),
            HeaderError::Other(error) => error,
        })?;
        let mut rows = 0_u64;
        loop {
            let before = lines.digest.clone();
            let text = lines
                .next()?
                .ok_or_else(|| lines.error("is missing: the file was cut off"))?;
            if let Ok(end) = serde_json::from_str::<BackupFooter>(&text) {
                if end.rows != rows || end.sha256 != hexadecimal(&before.finish()) {
                    return Err(
                        lines.error("has a checksum that does not match the lines before it")
                    );
                }
                return match lines.next()? {
                    None => Ok(()),
                    Some(_) => Err(lines.error("comes after the end of the backup")),
                };
            }
            let (table, inner) = parse_row(&head, &text)
                .ok_or_else(|| lines.error("is not a row of the tables its first line names"))?;
            row(table, inner)?;
            rows = rows.saturating_add(1);
        }
    }

    fn check_header(&self, head: &BackupHeader) -> Result<(), HeaderError> {
        if head.frontdesk_backup != FORMAT_VERSION {
            return Err(HeaderError::Malformed(
                "has a format version that this program does not read",
            ));
        }
        let known: BTreeSet<String> =
            known_versions().map_err(|error| HeaderError::Other(error.into()))?;
        if let Some(newer) = head
            .migrations
            .iter()
            .find(|version| !known.contains(*version))
        {
            return Err(HeaderError::Other(
                StoreError::SchemaNewer {
                    migration: newer.clone(),
                }
                .into(),
            ));
        }
        if head.sealing_key_id != self.0.seal.id() {
            return Err(HeaderError::Other(BackupError::OtherKey(
                head.sealing_key_id.clone(),
            )));
        }
        // The names become part of statements.
        let plain = |name: &String| {
            !name.is_empty()
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
        };
        let is_known = |table: &TableColumns| {
            TABLES.contains(&table.table.as_str()) && table.columns.iter().all(plain)
        };
        if head.tables.iter().all(is_known) {
            Ok(())
        } else {
            Err(HeaderError::Malformed("names an unknown table or column"))
        }
    }
}

/// The reason why a header is refused.
enum HeaderError {
    Malformed(&'static str),
    Other(BackupError),
}

/// Reads lines and computes their digest.
struct BackupReader<'a, R> {
    from: &'a mut R,
    line: u64,
    digest: Sha256,
}

impl<R: BufRead> BackupReader<'_, R> {
    fn next(&mut self) -> Result<Option<String>, BackupError> {
        self.line = self.line.saturating_add(1);
        let mut bytes = Vec::new();
        io::Read::take(&mut *self.from, MAX_LINE_BYTES).read_until(b'\n', &mut bytes)?;
        if bytes.is_empty() {
            return Ok(None);
        }
        self.digest.update(&bytes);
        if bytes.pop() != Some(b'\n') {
            return Err(self.error("does not end: the file was cut off, or is no backup"));
        }
        String::from_utf8(bytes)
            .map(Some)
            .map_err(|_| self.error("is not text"))
    }

    fn error(&self, reason: &str) -> BackupError {
        BackupError::Line {
            line: self.line,
            reason: reason.to_owned(),
        }
    }
}

/// Splits a line into its table and the object that is the row. The object must have exactly the
/// columns of the header, each a string, an integer, a boolean or null.
fn parse_row<'a>(head: &'a BackupHeader, text: &'a str) -> Option<(&'a TableColumns, &'a str)> {
    let (table, rest) = text.strip_prefix("{\"")?.split_once("\":")?;
    let inner = rest.strip_suffix('}')?;
    let table = head.tables.iter().find(|columns| columns.table == table)?;
    let Value::Object(row) = serde_json::from_str(inner).ok()? else {
        return None;
    };
    let plain = |value: &Value| {
        value.is_string() || value.is_i64() || value.is_boolean() || value.is_null()
    };
    let whole = row.len() == table.columns.len()
        && table
            .columns
            .iter()
            .all(|column| row.get(column).is_some_and(plain));
    whole.then_some((table, inner))
}

/// Prevents servers from writing until the transaction ends. On SQLite the transaction excludes
/// them already.
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
struct RowCount {
    #[diesel(sql_type = BigInt)]
    rows: i64,
}

fn ensure_empty(connection: &mut AnyConnection, replace: bool) -> Result<(), BackupError> {
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
        let counted: Vec<RowCount> = match connection {
            AnyConnection::Sqlite(sqlite) => diesel::sql_query(statement).load(sqlite)?,
            AnyConnection::Postgres(postgres) => diesel::sql_query(statement).load(postgres)?,
        };
        if let Some(RowCount { rows: rows @ 1.. }) = counted.first() {
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

/// Returns the columns to insert, after checking that the table has all of them. Columns that the
/// backup lacks become null.
fn known_columns(
    connection: &mut AnyConnection,
    table: &TableColumns,
) -> Result<TableColumns, BackupError> {
    let known = columns(connection, &table.table)?;
    match table.columns.iter().find(|column| !known.contains(column)) {
        None => Ok(table.clone()),
        Some(unknown) => Err(BackupError::Line {
            line: 1,
            reason: format!("names the unknown column {unknown} of {}", table.table),
        }),
    }
}

fn insert(
    connection: &mut AnyConnection,
    current: Option<&TableColumns>,
    waiting: &mut Vec<String>,
) -> Result<(), BackupError> {
    let (Some(table), false) = (current, waiting.is_empty()) else {
        return Ok(());
    };
    let statement = insert_from_json(connection, &table.table, &table.columns);
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
