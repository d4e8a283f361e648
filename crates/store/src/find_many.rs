//! Any number of clients in one go.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Text};

use crate::client_row::ClientRow;
use crate::connection::{AnyConnection, either};
use crate::error::StoreError;
use crate::schema::client;

/// The rows of clients, in the order of their identifiers. One snapshot of the database serves all of them.
pub fn find_many(
    connection: &mut AnyConnection,
    ids: &[&str],
) -> Result<Vec<Option<ClientRow>>, StoreError> {
    match (connection, ids) {
        (connection, [id]) => Ok(vec![find(connection, id)?]),
        // Beginning to read costs SQLite several calls of the system, and a statement for each client none.
        (AnyConnection::Sqlite(sqlite), ids) => sqlite.transaction(|sqlite| {
            ids.iter()
                .map(|id| {
                    Ok(client::table
                        .find(id)
                        .select(ClientRow::as_select())
                        .get_result(sqlite)
                        .optional()?)
                })
                .collect()
        }),
        (AnyConnection::Postgres(postgres), ids) => {
            let mut rows: Vec<Option<ClientRow>> = ids.iter().map(|_| None).collect();
            for (place, row) in (FindMany { ids }).load::<(i64, ClientRow)>(postgres)? {
                let place = usize::try_from(place.saturating_sub(1))
                    .ok()
                    .and_then(|place| rows.get_mut(place));
                place.map(|found| found.replace(row));
            }
            Ok(rows)
        }
    }
}

/// The row of a client.
pub fn find(connection: &mut AnyConnection, id: &str) -> Result<Option<ClientRow>, StoreError> {
    // Through the connection inside: the enum's reads are prepared anew each time.
    Ok(
        either!(connection, inner => client::table.find(id).select(ClientRow::as_select()).get_result(inner).optional())?,
    )
}

/// The rows of clients with their places, from 1, among the identifiers: the same text for any number, so it is prepared once.
struct FindMany<'a> {
    ids: &'a [&'a str],
}

impl QueryId for FindMany<'_> {
    type QueryId = FindMany<'static>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl Query for FindMany<'_> {
    type SqlType = (BigInt, client::SqlType);
}

impl QueryFragment<Pg> for FindMany<'_> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        pass.push_sql("SELECT wanted.place, ");
        client::all_columns.walk_ast(pass.reborrow())?;
        pass.push_sql(" FROM unnest(");
        pass.push_bind_param::<Array<Text>, _>(self.ids)?;
        // With a limit each row is looked up by its key, whatever was known of the table's size when the statement was prepared.
        pass.push_sql(") WITH ORDINALITY AS wanted (id, place) CROSS JOIN LATERAL (SELECT * FROM client WHERE client_id = wanted.id LIMIT 1) AS client");
        Ok(())
    }
}

impl RunQueryDsl<PgConnection> for FindMany<'_> {}
