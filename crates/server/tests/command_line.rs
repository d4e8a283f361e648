//! The command line as scripts, shells and operators meet it.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test says what it expects")]

mod support;

#[path = "command_line/described.rs"]
mod described;
