//! Fills the column `redirect_patterns` for clients that were registered before the column existed,
//! or that come from a backup of that time.

use diesel::prelude::*;
use protocol::RegisteredMetadata;

use crate::connection::AnyConnection;
use crate::error::StoreError;
use crate::schema::client;

/// The maximum number of rows that are read at a time.
const PAGE_SIZE: i64 = 500;

/// A `LIKE` pattern for the metadata of clients with redirect patterns.
const PATTERN_MARK: &str = "%\"regexp=%";

/// Fills the column `redirect_patterns` where it is empty and the client has a pattern. If the
/// pattern is outside the grammar, the column stays empty and a log line names the client.
pub fn judge_older_patterns(connection: &mut AnyConnection) -> Result<(), StoreError> {
    let mut after = String::new();
    loop {
        let rows: Vec<(String, String)> = client::table
            .filter(client::client_id.gt(&after))
            .filter(client::redirect_patterns.is_null())
            .filter(client::metadata.like(PATTERN_MARK))
            .order(client::client_id)
            .select((client::client_id, client::metadata))
            .limit(PAGE_SIZE)
            .load(connection)?;
        let Some((last, _)) = rows.last() else {
            return Ok(());
        };
        after.clone_from(last);
        for (id, metadata) in rows {
            judge(connection, &id, metadata)?;
        }
    }
}

fn judge(connection: &mut AnyConnection, id: &str, metadata: String) -> Result<(), StoreError> {
    // The error of a damaged row is reported when the row is read for a client.
    let Ok(metadata) = RegisteredMetadata::from_stored(metadata) else {
        return Ok(());
    };
    match metadata.members().judged_patterns() {
        Some(judged) => {
            diesel::update(client::table.find(id))
                .set(client::redirect_patterns.eq(judged))
                .execute(connection)?;
        }
        None if metadata.members().has_patterns() => tracing::warn!(
            client_id = id,
            "a regexp= redirect URI is outside the grammar that engines agree about; redirect_patterns stays empty"
        ),
        None => {}
    }
    Ok(())
}
