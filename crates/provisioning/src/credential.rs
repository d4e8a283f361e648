//! Credentials that are read from a file at each use, so that an operator can replace them while the service runs.

use std::fs;
use std::path::PathBuf;

use protocol::Secret;

use crate::connector::ConnectorError;

/// The path of a file that holds a secret, with the name of the setting for messages.
#[derive(Debug, Clone)]
pub struct CredentialFile {
    /// The setting that names the file.
    pub setting: String,
    /// The path of the file.
    pub path: PathBuf,
}

impl CredentialFile {
    /// Reads the secret, without white space at its end.
    ///
    /// # Errors
    /// The file cannot be read, or is empty.
    pub fn read(&self) -> Result<Secret, ConnectorError> {
        let Self { setting, path } = self;
        let text = fs::read_to_string(path).map_err(|error| {
            ConnectorError::misconfigured(format!(
                "{setting} names {}, which cannot be read: {error}",
                path.display()
            ))
        })?;
        match text.trim_end() {
            "" => Err(ConnectorError::misconfigured(format!(
                "{setting} names {}, which is empty",
                path.display()
            ))),
            text => Ok(Secret::new(text)),
        }
    }
}
