//! `frontdesk migrate`.

use std::io::Write;

use crate::config::Config;
use crate::open_store;

/// Applies the missing migrations.
///
/// # Errors
/// If the store fails, or the output cannot be written.
pub fn run(config: &Config, out: &mut impl Write) -> anyhow::Result<()> {
    let store = open_store::open_unmigrated(config)?;
    let applied = store
        .migrate()
        .map_err(|error| open_store::describe_error(config, &error))?;
    let told = if applied.is_empty() {
        "the database schema is up to date".to_owned()
    } else {
        format!("applied {}", applied.join(", "))
    };
    Ok(writeln!(out, "{told}")?)
}
