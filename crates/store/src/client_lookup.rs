//! Lookup of clients by their identifiers.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Text};

use crate::client_row::ClientRow;
use crate::connection::{AnyConnection, either};
use crate::error::StoreError;
use crate::schema::client;

/// Returns the rows of clients, in the order of `ids`, from a single snapshot of the database.
pub fn find_all(
    connection: &mut AnyConnection,
    ids: &[&str],
) -> Result<Vec<Option<ClientRow>>, StoreError> {
    match (connection, ids) {
        (connection, [id]) => Ok(vec![find(connection, id)?]),
        // Beginning a read costs SQLite several system calls; further statements in the same
        // transaction cost none.
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
            for (place, row) in (FindAll { ids }).load::<(i64, ClientRow)>(postgres)? {
                let place = usize::try_from(place.saturating_sub(1))
                    .ok()
                    .and_then(|place| rows.get_mut(place));
                place.map(|found| found.replace(row));
            }
            Ok(rows)
        }
    }
}

pub fn find(connection: &mut AnyConnection, id: &str) -> Result<Option<ClientRow>, StoreError> {
    // Uses the inner connection, because statements of the enum are prepared anew each time.
    Ok(
        either!(connection, inner => client::table.find(id).select(ClientRow::as_select()).get_result(inner).optional())?,
    )
}

/// Selects the rows of clients with their positions in `ids`, counted from 1. The text of the
/// statement does not depend on the number of clients, so it is prepared once.
struct FindAll<'a> {
    ids: &'a [&'a str],
}

impl QueryId for FindAll<'_> {
    type QueryId = FindAll<'static>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl Query for FindAll<'_> {
    type SqlType = (BigInt, client::SqlType);
}

impl QueryFragment<Pg> for FindAll<'_> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        pass.push_sql("SELECT wanted.place, ");
        client::all_columns.walk_ast(pass.reborrow())?;
        pass.push_sql(" FROM unnest(");
        pass.push_bind_param::<Array<Text>, _>(self.ids)?;
        // The limit makes the planner use the primary key, also if the table was empty when the
        // statement was prepared.
        pass.push_sql(") WITH ORDINALITY AS wanted (id, place) CROSS JOIN LATERAL (SELECT * FROM client WHERE client_id = wanted.id LIMIT 1) AS client");
        Ok(())
    }
}

impl RunQueryDsl<PgConnection> for FindAll<'_> {}
