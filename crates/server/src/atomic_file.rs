//! A new file that is either complete or absent.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::Path;

use anyhow::anyhow;
use tempfile::NamedTempFile;

/// Creates a file that only its owner may read. It gets its name after everything is written and durable.
///
/// # Errors
/// If `work` fails, or the file exists or cannot be written; the file does not exist then.
pub fn write<T>(
    path: &Path,
    work: impl FnOnce(&mut BufWriter<&File>) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let cannot = |error: io::Error| match error.kind() {
        ErrorKind::AlreadyExists => anyhow!("{} exists and is not overwritten", path.display()),
        _ => anyhow::Error::new(error).context(format!("{} cannot be written", path.display())),
    };
    if path.symlink_metadata().is_ok() {
        return Err(cannot(ErrorKind::AlreadyExists.into()));
    }
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let aside = NamedTempFile::new_in(folder).map_err(cannot)?;
    let mut out = BufWriter::new(aside.as_file());
    let done = work(&mut out)?;
    out.flush().map_err(cannot)?;
    drop(out);
    aside.as_file().sync_all().map_err(cannot)?;
    aside
        .persist_noclobber(path)
        .map_err(|error| cannot(error.error))?;
    // The name is durable once its folder is.
    OpenOptions::new()
        .read(true)
        .open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(cannot)?;
    Ok(done)
}
