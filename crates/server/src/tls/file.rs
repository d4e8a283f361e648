//! Certificates and keys in files: read with a clear failure, written whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use openssl::pkey::{PKey, Private};
use openssl::x509::X509;

use super::error::TlsError;

/// The mode of a public file.
pub(super) const PUBLIC: u32 = 0o644;

/// The mode of a private file.
pub(super) const PRIVATE: u32 = 0o600;

/// The certificates of a PEM file, at least one, in their order.
pub(crate) fn certificates(path: &Path) -> Result<Vec<X509>, TlsError> {
    match X509::stack_from_pem(&read(path)?) {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err(TlsError::NoCertificate(path.to_owned())),
    }
}

/// The private key of a PEM file.
pub(super) fn key(path: &Path) -> Result<PKey<Private>, TlsError> {
    let mut encrypted = false;
    // Without this, OpenSSL would ask for the passphrase at the terminal.
    let no_passphrase = |_: &mut [u8]| {
        encrypted = true;
        Ok(0)
    };
    let parsed = PKey::private_key_from_pem_callback(&read(path)?, no_passphrase);
    parsed.map_err(|_| {
        if encrypted {
            TlsError::EncryptedKey(path.to_owned())
        } else {
            TlsError::NoKey(path.to_owned())
        }
    })
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    fs::read(path).map_err(|source| match source.kind() {
        ErrorKind::NotFound => TlsError::Missing(path.to_owned()),
        _ => TlsError::Unreadable {
            path: path.to_owned(),
            source,
        },
    })
}

/// Replaces the file in a single step, so that a reader finds the old text or the new one. Callers hold the folder's lock, so
/// the temporary name is theirs alone.
pub(super) fn write(path: &Path, text: &[u8], mode: u32) -> Result<(), TlsError> {
    let new = path.with_added_extension("new");
    let attempt = || {
        match fs::remove_file(&new) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {} // a leftover of a process that died would keep its own mode
        }
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(&new)?;
        file.write_all(text)?;
        file.sync_all()?;
        fs::rename(&new, path)
    };
    attempt().map_err(|source| TlsError::Unwritable {
        path: path.to_owned(),
        source,
    })
}

/// Creates the folder if it is missing, and locks it against other processes until the result is dropped.
pub(super) fn lock(folder: &Path) -> Result<File, TlsError> {
    let attempt = || {
        fs::create_dir_all(folder)?;
        let handle = File::open(folder)?;
        handle.lock()?;
        Ok(handle)
    };
    attempt().map_err(|source| TlsError::Unwritable {
        path: folder.to_owned(),
        source,
    })
}
