//! The password of the first administrator.

use std::path::PathBuf;

use anyhow::{anyhow, bail, ensure};
use protocol::Secret;

use super::secret_files::read_secret;
use crate::setting::values::SecretPath;
use crate::settings::named;

/// The minimum number of characters of a new password, unless the service listens on loopback only.
const CHARACTERS: usize = 12;

/// The source of the first administrator's password.
#[derive(Debug, Clone)]
pub enum AdminPassword {
    /// The configuration itself.
    Given(Secret),
    /// A file that an operator named.
    File(PathBuf),
}

impl AdminPassword {
    /// Chooses between the two settings, and judges a password that is given.
    pub(super) fn choose(
        given: Option<Secret>,
        file: Option<SecretPath>,
        loopback_only: bool,
    ) -> anyhow::Result<Option<Self>> {
        let password = match (given, file) {
            (Some(_), Some(_)) => {
                let [password, file] = ["admin_password", "admin_password_file"].map(named);
                bail!("{password} and {file} are both set; set one of them");
            }
            (Some(given), None) => Self::Given(given),
            (None, Some(path)) => return Ok(Some(Self::File(path.0))),
            (None, None) => return Ok(None),
        };
        password.read(loopback_only)?;
        Ok(Some(password))
    }

    /// Reads the password.
    pub(super) fn read(&self, loopback_only: bool) -> anyhow::Result<Secret> {
        let (password, name) = match self {
            Self::Given(password) => (password.clone(), named("admin_password")),
            Self::File(path) => {
                let text = read_secret(path, "admin_password_file")?;
                let password = Secret::new(text.reveal().trim_end_matches(['\r', '\n']));
                (
                    password,
                    format!(
                        "{} names {}, and the password in it",
                        named("admin_password_file"),
                        path.display()
                    ),
                )
            }
        };
        check_new_password(&password, loopback_only)
            .map_err(|reason| anyhow!("{name} {reason}"))?;
        Ok(password)
    }
}

/// Checks that an account can be given a password.
///
/// # Errors
/// The rest of a sentence that begins with the source of the password.
pub fn check_new_password(password: &Secret, loopback_only: bool) -> anyhow::Result<()> {
    ensure!(!password.reveal().is_empty(), "must not be empty");
    let characters = password.reveal().chars().count();
    ensure!(
        loopback_only || characters >= CHARACTERS,
        "must have at least {CHARACTERS} characters, not {characters}"
    );
    Ok(())
}
