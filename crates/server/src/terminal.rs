//! Output for the person at the terminal: exit codes, progress and the message of a start.

pub mod exit_status;
pub mod progress;
pub mod startup_message;
