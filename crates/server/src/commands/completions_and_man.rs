//! `frontdesk completions` and `frontdesk man`.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use anyhow::Context;
use clap::Command;
use clap_complete::Shell;

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

/// Prints the manual page, or writes one for each command into a folder.
///
/// # Errors
/// If the folder or a page cannot be written.
pub fn man(command: Command, folder: Option<&Path>, out: &mut impl Write) -> anyhow::Result<()> {
    let Some(folder) = folder else {
        return Ok(page(&command, out)?);
    };
    fs::create_dir_all(folder)
        .and_then(|()| clap_mangen::generate_to(command, folder))
        .with_context(|| format!("the manual pages cannot be written to {}", folder.display()))
}

fn page(command: &Command, out: &mut impl Write) -> io::Result<()> {
    clap_mangen::Man::new(command.clone())
        .manual(format!("Frontdesk {}", env!("CARGO_PKG_VERSION")))
        .render(out)
}
