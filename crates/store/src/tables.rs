//! The tables as a backup sees them: their columns are asked of the database, so a new one needs no line here.

use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::connection::AnyConnection;
use crate::error::StoreError;

/// Every table with something to keep. What proves the sealing key is not among them: the store that is restored into has its
/// own proof of the same key.
pub const TABLES: &[&str] = &[
    "client",
    "signing_key",
    "account",
    "initial_access_token",
    "audit",
];

#[derive(QueryableByName)]
struct ColumnName {
    #[diesel(sql_type = Text)]
    name: String,
}

/// The columns of a table, in their order.
pub fn columns(connection: &mut AnyConnection, table: &str) -> Result<Vec<String>, StoreError> {
    let named: Vec<ColumnName> = match connection {
        AnyConnection::Sqlite(sqlite) => {
            diesel::sql_query("SELECT name FROM pragma_table_info(?) ORDER BY cid").bind::<Text, _>(table).load(sqlite)?
        }
        AnyConnection::Postgres(postgres) => diesel::sql_query(
            "SELECT CAST(attname AS TEXT) AS name FROM pg_attribute \
             WHERE attrelid = CAST($1 AS regclass) AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
        )
        .bind::<Text, _>(table)
        .load(postgres)?,
    };
    Ok(named.into_iter().map(|named| named.name).collect())
}

/// The expression that makes one JSON object of a row.
pub fn row_as_json(connection: &AnyConnection, columns: &[String]) -> String {
    let pairs: Vec<String> = columns
        .iter()
        .map(|column| format!("'{column}', \"{column}\""))
        .collect();
    let pairs = pairs.join(", ");
    match connection {
        AnyConnection::Sqlite(_) => format!("json_object({pairs})"),
        AnyConnection::Postgres(_) => format!("CAST(json_build_object({pairs}) AS TEXT)"),
    }
}

/// The statement that inserts rows from one JSON array of such objects.
pub fn insert_from_json(connection: &AnyConnection, table: &str, columns: &[String]) -> String {
    let names: Vec<String> = columns
        .iter()
        .map(|column| format!("\"{column}\""))
        .collect();
    let names = names.join(", ");
    match connection {
        AnyConnection::Sqlite(_) => {
            let values: Vec<String> = columns
                .iter()
                .map(|column| format!("json_extract(value, '$.{column}')"))
                .collect();
            format!(
                "INSERT INTO \"{table}\" ({names}) SELECT {} FROM json_each(?)",
                values.join(", ")
            )
        }
        AnyConnection::Postgres(_) => {
            format!(
                "INSERT INTO \"{table}\" ({names}) SELECT {names} FROM json_populate_recordset(CAST(NULL AS \"{table}\"), CAST($1 AS json))"
            )
        }
    }
}
