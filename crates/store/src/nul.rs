//! Finds clients with U+0000 in their JSON, registered before the character was refused.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use protocol::ClientId;
use protocol::json::has_nul;

use crate::Store;
use crate::connection::AnyConnection;
use crate::error::StoreError;
use crate::schema::client;

/// The maximum number of rows that are read at a time.
const PAGE_SIZE: i64 = 500;

/// The clients with JSON that PostgreSQL cannot read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClientsWithNul {
    /// The number of clients.
    pub count: u64,
    /// The first clients, ordered by identifier.
    pub first: Vec<ClientId>,
}

impl Store {
    /// Counts the clients with U+0000 in a string or member name of their metadata or terms, and
    /// returns the first `most` of them. Reads every row.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn clients_with_nul(&self, most: usize) -> Result<ClientsWithNul, StoreError> {
        let mut found = ClientsWithNul::default();
        let mut after = String::new();
        loop {
            let page = self
                .0
                .pool
                .read(|connection| candidates(connection, &after))?;
            let Some((last, ..)) = page.last() else {
                return Ok(found);
            };
            after.clone_from(last);
            for (id, metadata, terms) in page {
                if has_nul(&metadata) || terms.as_deref().is_some_and(has_nul) {
                    found.count = found.count.saturating_add(1);
                    if found.first.len() < most {
                        found.first.push(ClientId::new(id));
                    }
                }
            }
        }
    }
}

type Candidate = (String, String, Option<String>);

/// Returns rows with the text of the escape. It is no escape if a backslash before it is escaped.
fn candidates(connection: &mut AnyConnection, after: &str) -> Result<Vec<Candidate>, StoreError> {
    let escaped =
        sql::<Bool>(r"(metadata LIKE '%\u0000%' ESCAPE '!' OR terms LIKE '%\u0000%' ESCAPE '!')");
    let rows = client::table
        .filter(client::client_id.gt(after))
        .filter(escaped)
        .order(client::client_id)
        .limit(PAGE_SIZE);
    Ok(rows
        .select((client::client_id, client::metadata, client::terms))
        .load(connection)?)
}
