//! Import of exported clients, a batch in each transaction.

use std::borrow::Cow;
use std::collections::BTreeMap;

use diesel::prelude::*;

use crate::Store;
use crate::audit::AuditEvent;
use crate::audit_row;
use crate::client_lookup::find_all;
use crate::client_row::{ClientRow, InsertMany};
use crate::connection::AnyConnection;
use crate::error::StoreError;
use crate::export::{ExportedClient, ImportError};
use crate::schema::client;
use crate::seal::SealingKey;

/// The first client of a batch that cannot be imported, and the reason. For errors of the store,
/// the first client of the batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportFailure {
    /// The index in the batch.
    pub at: usize,
    /// The reason.
    pub error: ImportError,
}

impl From<StoreError> for ImportFailure {
    fn from(error: StoreError) -> Self {
        Self {
            at: 0,
            error: error.into(),
        }
    }
}

impl From<diesel::result::Error> for ImportFailure {
    fn from(error: diesel::result::Error) -> Self {
        StoreError::from(error).into()
    }
}

impl Store {
    /// Parses a line of an export. `sealed_with` is the key of the exporting store; it opens
    /// secrets that the key of this store does not open, and they are sealed again.
    ///
    /// # Errors
    /// [`ImportError`] with the reason why the line is invalid.
    pub fn read_exported(
        &self,
        line: &str,
        sealed_with: Option<&SealingKey>,
    ) -> Result<ExportedClient, ImportError> {
        ExportedClient::parse_line(line, &self.0.seal, sealed_with)
    }

    /// Returns the number of clients of the batch that do not exist here yet.
    ///
    /// # Errors
    /// The first client that exists here and differs; [`StoreError::Unavailable`].
    pub fn compare(&self, batch: &[ExportedClient]) -> Result<usize, ImportFailure> {
        let present = self.0.pool.read(|connection| present(connection, batch))?;
        Ok(self.absent(batch, present)?.len())
    }

    /// Imports the clients of the batch that do not exist here yet, in a single transaction, and returns
    /// their number.
    ///
    /// # Errors
    /// The first client that cannot be imported; then nothing of the batch was imported.
    /// [`StoreError::Unavailable`].
    pub fn import(&self, batch: &[ExportedClient]) -> Result<usize, ImportFailure> {
        match self.insert_all(batch) {
            // Another process has inserted one of the clients in the meantime. It is compared now.
            Err(ImportFailure {
                error: ImportError::Store(StoreError::Conflict),
                ..
            }) => self.insert_all(batch),
            outcome => outcome,
        }
    }

    fn insert_all(&self, batch: &[ExportedClient]) -> Result<usize, ImportFailure> {
        let mut refused = None;
        let inserted = self.0.pool.write(|connection| {
            let insert = |connection: &mut AnyConnection| -> Result<usize, ImportFailure> {
                let absent = self.absent(batch, present(connection, batch)?)?;
                insert_rows(connection, &absent)?;
                let audit_row = |row: &&ClientRow| {
                    Cow::Owned(
                        self.audit_row(AuditEvent::ClientImported)
                            .with_client(&row.client_id)
                            .with_provider(&row.provider),
                    )
                };
                audit_row::write(
                    connection,
                    &absent.iter().map(audit_row).collect::<Vec<_>>(),
                )?;
                Ok(absent.len())
            };
            insert(connection).map_err(|reason| {
                let error = match &reason.error {
                    ImportError::Store(error) => error.clone(),
                    _ => StoreError::Conflict,
                };
                refused = Some(reason);
                error
            })
        });
        inserted.map_err(|error| refused.unwrap_or_else(|| error.into()))
    }

    /// Returns the clients that do not exist here yet.
    fn absent<'a>(
        &self,
        batch: &'a [ExportedClient],
        present: Vec<ClientRow>,
    ) -> Result<Vec<&'a ClientRow>, ImportFailure> {
        let present: BTreeMap<String, ClientRow> = present
            .into_iter()
            .map(|row| (row.client_id.clone(), row))
            .collect();
        let mut seen: BTreeMap<&str, &ClientRow> =
            present.iter().map(|(id, row)| (id.as_str(), row)).collect();
        let mut absent = Vec::new();
        for (at, exported) in batch.iter().enumerate() {
            let row = exported.row();
            match seen.get(row.client_id.as_str()) {
                Some(other) if exported.equals_row(other, &self.0.seal) => {}
                Some(_) => {
                    return Err(ImportFailure {
                        at,
                        error: ImportError::Different(row.client_id.clone()),
                    });
                }
                None => {
                    seen.insert(&row.client_id, row);
                    absent.push(row);
                }
            }
        }
        Ok(absent)
    }
}

fn present(
    connection: &mut AnyConnection,
    batch: &[ExportedClient],
) -> Result<Vec<ClientRow>, StoreError> {
    let ids: Vec<&str> = batch
        .iter()
        .map(|exported| exported.row().client_id.as_str())
        .collect();
    Ok(find_all(connection, &ids)?.into_iter().flatten().collect())
}

fn insert_rows(connection: &mut AnyConnection, rows: &[&ClientRow]) -> Result<(), StoreError> {
    if let AnyConnection::Postgres(postgres) = &mut *connection {
        InsertMany::new(rows).execute(postgres)?;
        return Ok(());
    }
    for row in rows {
        diesel::insert_into(client::table)
            .values(*row)
            .execute(connection)?;
    }
    Ok(())
}
