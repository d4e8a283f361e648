//! The tables of a backup. Their columns are read from the database, so a new column needs no
//! change here.

use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::connection::AnyConnection;
use crate::error::StoreError;

/// The tables of a backup. The sentinel is not among them, because the restored store has its own
/// for the same key.
pub const TABLES: &[&str] = &[
    "client",
    "signing_key",
    "account",
    "initial_access_token",
    "lookup_token",
    "upstream_document",
    "client_document",
    "provisioning",
    "provisioning_target",
    "audit",
];

#[derive(QueryableByName)]
struct ColumnName {
    #[diesel(sql_type = Text)]
    name: String,
}

/// Returns the columns of a table, in their order.
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

/// Returns the SQL expression for a row as a JSON object.
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

/// Returns the statement that inserts rows from a JSON array of objects.
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
