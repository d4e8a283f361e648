//! `frontdesk init`: writes the configuration for an authorization server that exists.
//!
//! Each question has a flag, and the flags of the settings go into the file as well. The file is read as `serve` reads it before it
//! gets its name, so that a file that is written starts.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, IsTerminal, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{self, Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use protocol::random::{SECRET_CHARACTERS, letters_and_digits};
use serde_json::json;
use tempfile::NamedTempFile;
use toml::Table;

use crate::config::{Config, ConfigSources, FileChoice, ProviderConfig, holds_secret};
use crate::open_store;
use crate::provider::offer_from;
use crate::provider::proxied_paths::ProxiedPaths;
use crate::terminal::output::Output;
use crate::{config::shell_quoted, serve};

mod answers;
mod arguments;
mod found;
mod nginx;
mod table;

pub use arguments::{InitArguments, ProvisionWay};

use answers::InitAnswers;
use arguments::check_flags;
use found::FoundDocument;
use nginx::ProxyLines;

/// Writes the configuration and the sealing key, and prints the lines for a proxy.
///
/// # Errors
/// The file exists, the document cannot be had, or what would be written does not start.
pub fn run(
    arguments: &InitArguments,
    config_file: Option<PathBuf>,
    flags: &[(String, String)],
    out: &mut Output,
) -> anyhow::Result<()> {
    let output = arguments.output.clone().or(config_file);
    let output = path::absolute(output.unwrap_or_else(|| "frontdesk.toml".into()))?;
    let folder = output.parent().unwrap_or(Path::new("/")).to_owned();
    if output.symlink_metadata().is_ok() {
        return Err(exists(&output));
    }
    if !folder.is_dir() {
        bail!("the folder {} does not exist", folder.display());
    }
    check_flags(flags)?;
    let found = FoundDocument::find(&arguments.from, flags)?;
    let is_asked = io::stdin().is_terminal() && io::stderr().is_terminal() && !out.is_json();
    let answers = InitAnswers::collect(arguments, &found, &folder, is_asked)?;
    let table = table::configuration(&found, &answers, &folder, flags)?;
    let secret = new_secret(&answers)?;
    let written = write(&table, &output, &folder, &found);
    let (config, sealing_key) = written.inspect_err(|_| {
        if let Some(path) = &secret {
            let _ = fs::remove_file(path);
        }
    })?;
    let made = Made {
        output,
        sealing_key,
        secret,
    };
    report(&config, &found, &answers, &table, &made, out)
}

/// The files of a new configuration.
struct Made {
    output: PathBuf,
    /// The sealing key, if it is in a file, with true if it was made.
    sealing_key: Option<(PathBuf, bool)>,
    /// The secret file, if it was made.
    secret: Option<PathBuf>,
}

fn exists(path: &Path) -> anyhow::Error {
    anyhow!("{} exists and is not overwritten", path.display())
}

/// Makes the secret of the client in Keycloak, if its file does not exist.
fn new_secret(answers: &InitAnswers) -> anyhow::Result<Option<PathBuf>> {
    let Some(path) = answers.secret_file.as_deref() else {
        return Ok(None);
    };
    if answers.way != ProvisionWay::Keycloak || path.exists() {
        let read = fs::read_to_string(path).map(drop);
        return read
            .map(|()| None)
            .with_context(|| format!("the file {} cannot be read", path.display()));
    }
    let cannot = || format!("the secret file {} cannot be made", path.display());
    let secret = letters_and_digits(&serve::random(), SECRET_CHARACTERS)?;
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .with_context(cannot)?;
    writeln!(file, "{secret}").with_context(cannot)?;
    file.sync_all().with_context(cannot)?;
    Ok(Some(path::absolute(path)?))
}

/// Checks the configuration as a start does, makes the sealing key, and gives the file its name.
fn write(
    table: &Table,
    output: &Path,
    folder: &Path,
    found: &FoundDocument,
) -> anyhow::Result<(Config, Option<(PathBuf, bool)>)> {
    let cannot = || format!("{} cannot be written", output.display());
    // A file without secrets may be read by the user that the service runs as.
    let mode = if holds_secret(table) { 0o600 } else { 0o644 };
    let mut file = tempfile::Builder::new()
        .permissions(Permissions::from_mode(mode))
        .tempfile_in(folder)
        .with_context(cannot)?;
    let text = toml::to_string_pretty(table).with_context(cannot)?;
    write!(file, "{HEAD}{text}").with_context(cannot)?;
    let config = Config::load(&ConfigSources {
        file: Some(file.path().to_owned()),
        file_choice: FileChoice::Named,
        ..ConfigSources::default()
    })?;
    let provider = only_provider(&config)?;
    provider.check()?;
    let upstream = provider.upstream.as_ref().context("there is no upstream")?;
    offer_from(provider, upstream, &found.body)
        .map_err(|refusal| anyhow!(refusal.sentence(&provider.issuer, &found.url)))?;
    let sealing_key = open_store::make_sealing_key(&config)?;
    persist(file, output).with_context(cannot)?;
    Ok((config, sealing_key))
}

const HEAD: &str = "# Written by `frontdesk init`. Every setting: `frontdesk help settings`.\n\n";

fn persist(file: NamedTempFile, output: &Path) -> io::Result<()> {
    file.as_file().sync_all()?;
    file.persist_noclobber(output)
        .map_err(|error| error.error)?;
    Ok(())
}

fn only_provider(config: &Config) -> anyhow::Result<&ProviderConfig> {
    config.providers.first().context("there is no provider")
}

/// Prints the files that were made, the lines for a proxy and the next commands.
fn report(
    config: &Config,
    found: &FoundDocument,
    answers: &InitAnswers,
    table: &Table,
    made: &Made,
    out: &mut Output,
) -> anyhow::Result<()> {
    let provider = only_provider(config)?;
    let upstream = provider.upstream.as_ref().context("there is no upstream")?;
    let offer = offer_from(provider, upstream, &found.body)
        .map_err(|refusal| anyhow!(refusal.sentence(&provider.issuer, &found.url)))?;
    let issuer = &provider.issuer;
    let paths = ProxiedPaths::new(issuer, &offer);
    let own = issuer.host();
    let domains: Vec<String> = provider.domains.iter().map(ToString::to_string).collect();
    let domains: Vec<String> = domains.into_iter().filter(|domain| domain != own).collect();
    let hosts = [vec![own.to_owned()], domains.clone()].concat();
    let mut addresses = paths.provider.clone();
    addresses.push(format!("{}/*", paths.clients));
    let object = json!({
        "file": made.output.display().to_string(),
        "issuer": issuer.as_str(),
        "document": found.url.as_str(),
        "provision": (answers.way != ProvisionWay::None).then(|| answers.way.to_string()),
        "sealing_key": made.sealing_key.as_ref().map(|(path, _)| path.display().to_string()),
        "secret_file": made.secret.as_ref().map(|path| path.display().to_string()),
        "account_hosts": hosts,
        "account_paths": paths.accounts,
        "issuer_paths": addresses,
    });
    if out.is_json() {
        return out.outcome("", &object);
    }
    let service = table::service(config);
    let other = table::other_registration(found, &paths, answers.way);
    let lines = ProxyLines {
        host: issuer.authority(),
        domains: &domains,
        paths: &paths,
        service: &service,
        other_registration: other.as_deref(),
    };
    writeln!(out, "wrote {}", made.output.display())?;
    if let Some((path, is_new)) = &made.sealing_key {
        let made = if *is_new { "made" } else { "kept" };
        writeln!(
            out,
            "{made} the sealing key {}: keep a copy, for without it the secrets in the store cannot be read",
            path.display()
        )?;
    }
    if let Some(path) = &made.secret {
        writeln!(out, "made the secret {}", path.display())?;
    }
    writeln!(
        out,
        "the issuer is {issuer}, as the document at {} says",
        found.url
    )?;
    writeln!(out, "\n{}", lines.render())?;
    if answers.way == ProvisionWay::Keycloak {
        writeln!(out, "{}", table::keycloak_commands(table, issuer))?;
    }
    let file = shell_quoted(&made.output);
    writeln!(out, "# Then:")?;
    writeln!(out, "frontdesk check --config {file}")?;
    writeln!(out, "frontdesk migrate --config {file}")?;
    if answers.way != ProvisionWay::None {
        writeln!(out, "frontdesk provision check --config {file}")?;
    }
    writeln!(
        out,
        "frontdesk account add admin --role administrator --config {file}"
    )?;
    writeln!(out, "frontdesk serve --config {file}")?;
    Ok(writeln!(
        out,
        "frontdesk check --outside --config {file}    # once the proxy has its lines"
    )?)
}
