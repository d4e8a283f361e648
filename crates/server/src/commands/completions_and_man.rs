//! `frontdesk completions`, `frontdesk man` and `frontdesk help settings`.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use anyhow::Context;
use clap::Command;
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use crate::setting::ValueKind;
use crate::settings;
use crate::terminal::exit_status::ExitStatus;

/// The command whose help lists the settings.
pub const SETTINGS: &str = "settings";

/// Prints the completion script of a shell.
///
/// # Errors
/// If the output cannot be written.
pub fn completions(mut command: Command, shell: Shell, out: &mut impl Write) -> anyhow::Result<()> {
    let name = command.get_name().to_owned();
    // In memory first, because the generator panics on a closed pipe.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, name, &mut script);
    Ok(out.write_all(&script)?)
}

/// Prints every setting.
///
/// # Errors
/// If the output cannot be written.
pub fn settings(mut command: Command, out: &mut impl Write) -> anyhow::Result<()> {
    command.build();
    let inner = command.find_subcommand_mut(SETTINGS);
    let help = inner.map(|inner| inner.render_long_help().to_string());
    Ok(write!(out, "{}", help.unwrap_or_default())?)
}

/// Prints the manual page, or writes one for each command into a folder.
///
/// # Errors
/// If the folder or a page cannot be written.
pub fn man(command: Command, folder: Option<&Path>, out: &mut impl Write) -> anyhow::Result<()> {
    // Its pages would repeat the others.
    let mut command = command.disable_help_subcommand(true);
    command.build();
    let Some(folder) = folder else {
        return Ok(page(&command, out)?);
    };
    fs::create_dir_all(folder)
        .and_then(|()| pages(&command, folder))
        .with_context(|| format!("the manual pages cannot be written to {}", folder.display()))
}

/// Writes the pages of a command and of the commands below it.
fn pages(command: &Command, folder: &Path) -> io::Result<()> {
    for inner in command.get_subcommands() {
        pages(inner, folder)?;
    }
    let path = folder.join(Man::new(command.clone()).get_filename());
    page(command, &mut fs::File::create(path)?)
}

fn page(command: &Command, out: &mut dyn Write) -> io::Result<()> {
    let release = format!("Frontdesk {}", env!("CARGO_PKG_VERSION"));
    let man = Man::new(command.clone())
        .source(release)
        .manual("Frontdesk");
    man.render_title(out)?;
    man.render_name_section(out)?;
    man.render_synopsis_section(out)?;
    man.render_description_section(out)?;
    man.render_options_section(out)?;
    if command.has_subcommands() {
        man.render_subcommands_section(out)?;
    }
    sections(command).to_writer(out)
}

/// Returns the sections that clap does not know.
fn sections(command: &Command) -> Roff {
    let mut page = Roff::new();
    let has_settings = command
        .get_arguments()
        .any(|argument| !argument.is_hide_set() && argument.get_help_heading() == Some("Settings"));
    if has_settings {
        secrets(&mut page);
    }
    if let Some(example) = example(command) {
        page.control("SH", ["EXAMPLES"]);
        page.control("nf", []);
        page.text([roman(example)]);
        page.control("fi", []);
    }
    page.control("SH", ["EXIT STATUS"]);
    for exit in ExitStatus::ALL {
        page.control("TP", []);
        page.text([bold(exit.code().to_string())]);
        page.text([roman(exit.meaning())]);
    }
    page.control("SH", ["SEE ALSO"]);
    page.text([
        bold("frontdesk"),
        roman("(1), "),
        bold("frontdesk-settings"),
        roman("(1), which has every setting: each is a flag of this command too"),
    ]);
    page
}

/// Adds the settings that are secrets. Their flags are left out, because other users can read a command line.
fn secrets(page: &mut Roff) {
    for setting in settings::all().filter(|setting| setting.kind == ValueKind::Secret) {
        page.control("TP", []);
        page.text([bold(setting.variable)]);
        page.text([roman(format!(
            "{} [key: {}; default: {}]",
            setting.help(),
            setting.key,
            setting.default_text()
        ))]);
    }
}

/// Returns the example at the end of a command's help.
fn example(command: &Command) -> Option<String> {
    let text = command.get_after_help()?.to_string();
    Some(text.strip_prefix("Example:\n")?.trim().to_owned())
}
