//! `frontdesk completions` and `frontdesk man`: the command line, told to shells and to people.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use clap::Command;
use clap_complete::Shell;

/// Prints what a shell completes the command line with.
///
/// # Errors
/// When it cannot be printed.
pub fn completions(mut command: Command, shell: Shell, out: &mut impl Write) -> Result<(), String> {
    let name = command.get_name().to_owned();
    // In memory first: what generates it panics when nobody reads.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, name, &mut script);
    out.write_all(&script).map_err(|error| error.to_string())
}

/// Prints the manual page, or writes one for each command into a folder.
///
/// # Errors
/// One sentence that names the folder.
pub fn man(command: Command, folder: Option<&Path>, out: &mut impl Write) -> Result<(), String> {
    let Some(folder) = folder else {
        return page(&command, out).map_err(|error| error.to_string());
    };
    let cannot = |error: io::Error| {
        format!(
            "the manual pages cannot be written to {}: {error}",
            folder.display()
        )
    };
    fs::create_dir_all(folder)
        .and_then(|()| clap_mangen::generate_to(command, folder))
        .map_err(cannot)
}

fn page(command: &Command, out: &mut impl Write) -> io::Result<()> {
    clap_mangen::Man::new(command.clone())
        .manual(format!("Frontdesk {}", env!("CARGO_PKG_VERSION")))
        .render(out)
}
