//! The questions of `frontdesk init`, each with the flag that answers it too. Without a terminal a question has its default.

use std::io::{self, BufRead, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use clap::ValueEnum;

use super::arguments::{InitArguments, ProvisionWay};
use super::found::FoundDocument;

/// The answers.
pub struct InitAnswers {
    pub domains: Vec<String>,
    pub way: ProvisionWay,
    /// The address of the API; `None` where it follows from the document.
    pub at: Option<String>,
    /// The file with the credential.
    pub secret_file: Option<PathBuf>,
}

impl InitAnswers {
    /// Takes the answers from the flags, and asks for those that are missing if there is a terminal.
    ///
    /// # Errors
    /// An answer is missing that has no default, or the flags contradict each other.
    pub fn collect(
        arguments: &InitArguments,
        found: &FoundDocument,
        folder: &Path,
        is_asked: bool,
    ) -> anyhow::Result<Self> {
        let questions = Questions { is_asked };
        let domains = match arguments.domains.as_slice() {
            [] => questions.domains(found)?,
            given => given
                .iter()
                .map(|domain| {
                    canonical_domain(domain)
                        .map_err(|reason| anyhow!("--domain {domain:?} {reason}"))
                })
                .collect::<Result<_, _>>()?,
        };
        let way = match arguments.provision {
            Some(way) => way,
            None => questions.way(found)?,
        };
        if way == ProvisionWay::None && (arguments.at.is_some() || arguments.secret_file.is_some())
        {
            bail!("--at and --secret-file belong to --provision keycloak, http or rfc7591");
        }
        let at = match &arguments.at {
            Some(at) => Some(at.clone()),
            None => questions.at(way, found)?,
        };
        let secret_file = match &arguments.secret_file {
            Some(path) => Some(path.clone()),
            None => questions.secret_file(way, folder)?,
        };
        Ok(Self {
            domains,
            way,
            at,
            secret_file,
        })
    }
}

/// Asks at the terminal, on standard error, until the answer can be read; an empty answer is the default.
fn ask<T>(
    question: &str,
    default: &str,
    read: impl Fn(&str) -> Result<T, String>,
) -> anyhow::Result<T> {
    loop {
        let mut told = io::stderr().lock();
        write!(told, "{question} [{default}]: ")?;
        told.flush()?;
        let mut line = String::new();
        let length = io::stdin().lock().read_line(&mut line);
        if length.context("the answer cannot be read")? == 0 {
            bail!("the input ended before the last question; flags answer them too");
        }
        let answer = match line.trim() {
            "" => default,
            answer => answer,
        };
        match read(answer) {
            Ok(answer) => return Ok(answer),
            Err(reason) => writeln!(told, "It {reason}.")?,
        }
    }
}

struct Questions {
    /// True if there is a terminal.
    is_asked: bool,
}

impl Questions {
    fn domains(&self, found: &FoundDocument) -> anyhow::Result<Vec<String>> {
        if !self.is_asked {
            return Ok(Vec::new());
        }
        let own = found.issuer.host();
        let question = "Domains of the accounts, with commas between them";
        let domains = ask(question, own, |answer| {
            answer
                .split(',')
                .map(str::trim)
                .filter(|domain| !domain.is_empty())
                .map(canonical_domain)
                .collect::<Result<Vec<String>, String>>()
        })?;
        Ok(domains.into_iter().filter(|domain| domain != own).collect())
    }

    fn way(&self, found: &FoundDocument) -> anyhow::Result<ProvisionWay> {
        if !self.is_asked {
            return Ok(ProvisionWay::None);
        }
        let default = match found.keycloak() {
            Some(_) => ProvisionWay::Keycloak,
            None => ProvisionWay::None,
        };
        let question = "How does the authorization server get the clients?\n  \
            keycloak  written through Keycloak's admin API\n  \
            http      written through Hydra's admin API, or a script with the same requests\n  \
            rfc7591   registered at the server's own registration endpoint\n  \
            none      it asks the lookup, or reads the store\n";
        ask(question, &default.to_string(), |answer| {
            ProvisionWay::from_str(answer, true)
                .map_err(|_| "must be keycloak, http, rfc7591 or none".to_owned())
        })
    }

    fn at(&self, way: ProvisionWay, found: &FoundDocument) -> anyhow::Result<Option<String>> {
        let (question, default) = match way {
            ProvisionWay::None => return Ok(None),
            ProvisionWay::Keycloak => ("Address of Keycloak", found.keycloak()),
            ProvisionWay::Http => (
                "Address of the clients in the admin API, such as http://127.0.0.1:4445/admin/clients",
                None,
            ),
            ProvisionWay::Rfc7591 => match found.text("registration_endpoint") {
                // The service takes it from the document.
                Some(_) => return Ok(None),
                None => ("Address of the server's registration endpoint", None),
            },
        };
        match (self.is_asked, default) {
            (true, default) => {
                let default = default.unwrap_or_default();
                ask(question, &default, |answer| match answer {
                    "" => Err("is needed".to_owned()),
                    answer => Ok(Some(answer.to_owned())),
                })
            }
            (false, Some(default)) => Ok(Some(default)),
            (false, None) => {
                bail!(
                    "--at must be given with --provision {way}: {}",
                    lower_first(question)
                )
            }
        }
    }

    fn secret_file(&self, way: ProvisionWay, folder: &Path) -> anyhow::Result<Option<PathBuf>> {
        let (question, default) = match way {
            ProvisionWay::None => return Ok(None),
            ProvisionWay::Keycloak => (
                "File with the secret of the client in Keycloak; it is made if it does not exist",
                folder.join("keycloak.secret").display().to_string(),
            ),
            ProvisionWay::Http | ProvisionWay::Rfc7591 => (
                "File with the token for that address, or none",
                "none".to_owned(),
            ),
        };
        let file = match self.is_asked {
            true => ask(question, &default, |answer| Ok(answer.to_owned()))?,
            false => default,
        };
        Ok((file != "none").then(|| PathBuf::from(file)))
    }
}

/// Returns a domain as WebFinger has it.
fn canonical_domain(text: &str) -> Result<String, String> {
    text.parse()
        .map(|domain: webfinger::Domain| domain.to_string())
        .map_err(|_| "must be a host, such as example.com".to_owned())
}

fn lower_first(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(|first| first.to_ascii_lowercase());
    first.into_iter().chain(characters).collect()
}
