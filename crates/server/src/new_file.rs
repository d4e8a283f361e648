//! A file that is whole or not there, and never in the place of another.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::Path;

use tempfile::NamedTempFile;

/// Makes a file that only its owner may read. It has its name once everything is written and durable.
///
/// # Errors
/// One sentence: the work's, or one that names the file; there is no file then.
pub fn write<T>(
    path: &Path,
    work: impl FnOnce(&mut BufWriter<&File>) -> Result<T, String>,
) -> Result<T, String> {
    let cannot = |error: io::Error| match error.kind() {
        ErrorKind::AlreadyExists => format!("{} exists and is not overwritten", path.display()),
        _ => format!("{} cannot be written: {error}", path.display()),
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
