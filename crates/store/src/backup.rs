//! Backups: all tables in a single file that either database can restore.
//!
//! The file has a JSON object on each line: a header with the migrations and columns, a line
//! for each row, and a footer with the number of rows and the SHA-256 of all bytes before it.
//! Sealed values stay sealed; the sealing key is not in the file.

use std::io::{self, Write};

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use openssl::sha::Sha256;
use protocol::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Store;
use crate::connection::{AnyConnection, ConnectionUse};
use crate::error::StoreError;
use crate::migrations::applied;
use crate::random::hexadecimal;
use crate::tables::{TABLES, columns, row_as_json};

/// The version of the file format.
pub(crate) const FORMAT_VERSION: u32 = 1;

/// The number of rows that are read at a time.
const PAGE_SIZE: i64 = 500;

/// The first line of a backup.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BackupHeader {
    pub frontdesk_backup: u32,
    /// Seconds since 1970.
    pub made_at: i64,
    /// The identifier of the key that seals the sealed values.
    pub sealing_key_id: String,
    /// The applied migrations.
    pub migrations: Vec<String>,
    pub tables: Vec<TableColumns>,
}

/// A table and its columns, in the order of a row.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TableColumns {
    pub table: String,
    pub columns: Vec<String>,
}

/// The last line of a backup.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BackupFooter {
    pub rows: u64,
    pub sha256: String,
}

/// The reason why a backup was not written or not restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// An error of the store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file cannot be written or read.
    #[error("{0}")]
    File(#[from] io::Error),
    /// A line of the file is invalid.
    #[error("line {line} {reason}")]
    Line {
        /// The number of the line, counted from 1.
        line: u64,
        /// The rest of a sentence that begins with the line.
        reason: String,
    },
    /// The values are sealed with another key.
    #[error("it was sealed with another sealing key, whose identifier is {0}")]
    OtherKey(String),
    /// The store to restore into is not empty.
    #[error("the store is not empty: it has {rows} rows in {table}")]
    NotEmpty {
        /// A table with rows.
        table: &'static str,
        /// The number of rows.
        rows: i64,
    },
}

impl From<diesel::result::Error> for BackupError {
    fn from(error: diesel::result::Error) -> Self {
        StoreError::from(error).into()
    }
}

#[derive(QueryableByName)]
struct BackupRow {
    #[diesel(sql_type = BigInt)]
    place: i64,
    #[diesel(sql_type = Text)]
    line: String,
}

/// Writes lines and computes their digest.
struct DigestWriter<'a> {
    out: &'a mut dyn Write,
    digest: Sha256,
    rows: u64,
}

impl DigestWriter<'_> {
    fn line(&mut self, text: &str) -> io::Result<()> {
        for part in [text, "\n"] {
            self.digest.update(part.as_bytes());
            self.out.write_all(part.as_bytes())?;
        }
        Ok(())
    }

    fn end(self) -> Result<u64, BackupError> {
        let end = BackupFooter {
            rows: self.rows,
            sha256: hexadecimal(&self.digest.finish()),
        };
        writeln!(self.out, "{}", json(&end)?)?;
        Ok(self.rows)
    }
}

impl Store {
    /// Writes all rows of a single snapshot and returns their number. Other processes may read and write
    /// at the same time. `progress` is called with the number of rows after each page.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; an error of the writer.
    pub fn backup(
        &self,
        now: Timestamp,
        out: &mut dyn Write,
        mut progress: impl FnMut(u64),
    ) -> Result<u64, BackupError> {
        let mut connection = AnyConnection::establish_at(&self.0.url, ConnectionUse::Read)?;
        // A single snapshot for all tables, so that later commits are in none of them.
        match &mut connection {
            AnyConnection::Sqlite(sqlite) => {
                AnsiTransactionManager::begin_transaction_sql(sqlite, "BEGIN")?;
            }
            AnyConnection::Postgres(postgres) => {
                AnsiTransactionManager::begin_transaction_sql(
                    postgres,
                    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
                )?;
            }
        }
        let mut tables = Vec::new();
        for table in TABLES {
            tables.push(TableColumns {
                table: (*table).to_owned(),
                columns: columns(&mut connection, table)?,
            });
        }
        let head = BackupHeader {
            frontdesk_backup: FORMAT_VERSION,
            made_at: now.seconds(),
            sealing_key_id: self.0.seal.id(),
            migrations: applied(&mut connection)?.into_iter().collect(),
            tables,
        };
        let mut writer = DigestWriter {
            out,
            digest: Sha256::new(),
            rows: 0,
        };
        writer.line(&json(&head)?)?;
        for table_columns in &head.tables {
            pages(&mut connection, table_columns, |page| {
                for line in &page {
                    writer.line(&format!("{{\"{}\":{}}}", table_columns.table, line.line))?;
                    writer.rows = writer.rows.saturating_add(1);
                }
                progress(writer.rows);
                Ok(())
            })?;
        }
        <AnyConnection as Connection>::TransactionManager::rollback_transaction(&mut connection)?;
        writer.end()
    }
}

/// Reads all rows of a table in pages, because neither database should hold them all in memory.
fn pages(
    connection: &mut AnyConnection,
    table_columns: &TableColumns,
    mut page: impl FnMut(Vec<BackupRow>) -> Result<(), BackupError>,
) -> Result<(), BackupError> {
    let row = row_as_json(connection, &table_columns.columns);
    let table = &table_columns.table;
    if let AnyConnection::Postgres(postgres) = connection {
        let select = format!("SELECT CAST(0 AS BIGINT) AS place, {row} AS line FROM \"{table}\"");
        postgres.batch_execute(&format!("DECLARE backup NO SCROLL CURSOR FOR {select}"))?;
    }
    let mut after = i64::MIN;
    loop {
        let lines: Vec<BackupRow> = match connection {
            AnyConnection::Sqlite(sqlite) => {
                let select = format!(
                    "SELECT rowid AS place, {row} AS line FROM \"{table}\" WHERE rowid > ? ORDER BY rowid LIMIT ?"
                );
                diesel::sql_query(select)
                    .bind::<BigInt, _>(after)
                    .bind::<BigInt, _>(PAGE_SIZE)
                    .load(sqlite)?
            }
            AnyConnection::Postgres(postgres) => {
                diesel::sql_query(format!("FETCH FORWARD {PAGE_SIZE} FROM backup"))
                    .load(postgres)?
            }
        };
        let Some(last) = lines.last() else { break };
        after = last.place;
        page(lines)?;
    }
    if let AnyConnection::Postgres(postgres) = connection {
        postgres.batch_execute("CLOSE backup")?;
    }
    Ok(())
}

fn json(value: &impl Serialize) -> Result<String, BackupError> {
    serde_json::to_string(value).map_err(|error| BackupError::File(error.into()))
}
