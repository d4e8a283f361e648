//! The command line as clap knows it: the commands, with `--json` at each of them and a flag for each setting.
//!
//! A setting is a flag of every command. The help shows the settings where they matter: at `serve`, `check` and `settings`.

use clap::{Arg, ArgAction, Command, CommandFactory};

use super::args::Cli;
use crate::commands::completions_and_man::SETTINGS;
use crate::setting::{Setting, ValueKind};
use crate::settings;
use crate::terminal::exit_status::ExitStatus;

/// The identifier of the flag for JSON.
pub const JSON: &str = "json";

/// The commands whose help has the settings.
const WITH_SETTINGS: [&str; 3] = ["serve", "check", "settings"];

/// The commands that have no results to print as JSON.
const WITHOUT_JSON: [&str; 4] = ["serve", "settings", "completions", "man"];

/// The heading of the settings that are secrets.
const SECRETS: &str =
    "Secrets, which belong in the file or a variable, since other users can read a command line:";

/// Returns the command line with a flag for each setting.
pub fn command() -> Command {
    let command = Cli::command().after_help(format!(
        "Settings: frontdesk help settings\n\nExample:\n  frontdesk serve --config frontdesk.toml\n\n{}",
        ExitStatus::help()
    ));
    let command = command.mut_subcommand(SETTINGS, |inner| inner.after_help(secrets()));
    let command = command.mut_subcommands(|inner| {
        if WITH_SETTINGS.contains(&inner.get_name()) {
            with_settings(inner, true)
        } else {
            inner
        }
    });
    with_json(with_settings(command, false))
}

/// Adds a flag for each setting, which the subcommands get too unless they have it.
fn with_settings(command: Command, shown: bool) -> Command {
    settings::all().fold(command, |command, setting| {
        let secret = setting.kind == ValueKind::Secret;
        command.arg(
            Arg::new(setting.key)
                .long(setting.flag())
                .global(true)
                .value_name("VALUE")
                .help(help(&setting))
                .help_heading("Settings")
                .hide(secret || !shown),
        )
    })
}

/// Returns the list of the settings that are secrets, for the end of the help of `settings`.
fn secrets() -> String {
    settings::all()
        .filter(|setting| setting.kind == ValueKind::Secret)
        .fold(SECRETS.to_owned(), |text, setting| {
            format!("{text}\n  {}\n          {}", setting.key, help(&setting))
        })
}

/// Returns the text of a setting's flag: meaning, key, variable and default.
fn help(setting: &Setting) -> String {
    format!(
        "{} [key: {}; variable: {}; default: {}]",
        setting.help(),
        setting.key,
        setting.variable,
        setting.default_text()
    )
}

fn with_json(command: Command) -> Command {
    if WITHOUT_JSON.contains(&command.get_name()) {
        return command;
    }
    if command.has_subcommands() {
        return command.mut_subcommands(with_json);
    }
    command.arg(Arg::new(JSON).long(JSON).action(ArgAction::SetTrue).help(
        "Print JSON, one object per line; times are seconds since 1970, and null is what is absent",
    ))
}
