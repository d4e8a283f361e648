//! `frontdesk migrate`.

use std::io::Write;

use crate::config::Config;
use crate::open;

/// Brings the database to this version.
///
/// # Errors
/// One sentence.
pub fn run(config: &Config, out: &mut impl Write) -> Result<(), String> {
    let store = open::unmigrated(config)?;
    let applied = store
        .migrate()
        .map_err(|error| open::sentence(config, &error))?;
    let told = if applied.is_empty() {
        "the database schema is up to date".to_owned()
    } else {
        format!("applied {}", applied.join(", "))
    };
    writeln!(out, "{told}").map_err(|error| error.to_string())
}
