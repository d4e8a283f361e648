//! Measures group commit alone.

use std::error::Error;

use benchmark::{cpu, each};
use diesel::connection::SimpleConnection;
use protocol::Clock;

use crate::register::register;
use crate::table::{self, Row};

const REGISTRATION: &[u8] = include_bytes!("../../../../../scripts/benchmark/registration.json");

/// The number of rows in a transaction: the number of connections under load.
const BATCH: usize = 64;

/// Inserts `count` rows and prints the cost of each.
///
/// # Errors
/// An error of the database.
pub fn measure(file: &str, count: u32) -> Result<(), Box<dyn Error>> {
    let mut connection = table::connection(file)?;
    let clock = Clock::system();
    let rows: Vec<Row> = (0..count)
        .filter_map(|_| register(REGISTRATION, &clock))
        .map(|(row, _)| row)
        .collect();
    let begun = cpu()?;
    for batch in rows.chunks(BATCH) {
        connection.batch_execute("BEGIN IMMEDIATE")?;
        batch
            .iter()
            .try_for_each(|row| row.insert(&mut connection))?;
        connection.batch_execute("COMMIT")?;
    }
    println!("{{\"commit_cpu_us\": {:.2}}}", each(cpu()? - begun, count));
    Ok(())
}
