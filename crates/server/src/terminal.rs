//! Output for the person at the terminal: results, tables, exit codes, progress and the message of a start.

pub mod exit_status;
pub mod output;
pub mod progress;
pub mod startup_message;
pub mod table;
