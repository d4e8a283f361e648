//! `frontdesk migrate`.

use serde_json::json;

use crate::config::Config;
use crate::open_store;
use crate::terminal::output::Output;

/// Applies the missing migrations.
///
/// # Errors
/// If the store fails, or the output cannot be written.
pub fn run(config: &Config, out: &mut Output) -> anyhow::Result<()> {
    let (_, applied) = open_store::create(config)?;
    let told = if applied.is_empty() {
        "the database schema is up to date".to_owned()
    } else {
        format!("applied {}", applied.join(", "))
    };
    out.outcome(told, &json!({ "applied": applied }))
}
