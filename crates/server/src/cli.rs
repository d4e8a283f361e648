//! The command line: from arguments to the command that runs.

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::Context;
use clap::{ArgMatches, FromArgMatches};
use probe::{TryCredentials, TryOptions, try_provider};
use protocol::escape::visible_lines;
use protocol::{ClientId, Secret};
use store::{LookupTokenId, TokenId};

use crate::commands::client::{self, ClientScope};
use crate::commands::{
    account, audit, backup, check, completions_and_man, document, error_text, health, init, key,
    lookup_token, migrate, provider, provision, purge, token,
};
use crate::config::{Config, ConfigSources};
use crate::observability::{start_logging, start_traces};
use crate::serve;
use crate::setting::Setting;
use crate::settings;
use crate::terminal::exit_status::ExitStatus;
use crate::terminal::output::Output;

mod args;
mod command;

pub use command::command;

use args::{
    AccountCommand, CheckArguments, Cli, ClientCommand, Command, KeyCommand, LookupTokenCommand,
    ProviderCommand, ProvisionCommand, TokenCommand, TryArguments,
};

/// Runs the program and returns its exit code. Prints no error if standard output was closed.
pub fn run() -> ExitCode {
    // The first caller of OpenSSL decides whether it frees itself at exit. A command exits while threads of the store still
    // connect, and the database driver, which would call it first, leaves that on.
    openssl::init();
    let matches = command().get_matches();
    let innermost = innermost(&matches);
    let json = innermost.try_get_one::<bool>(command::JSON);
    let mut out = Output::new(json.ok().flatten().is_some_and(|json| *json));
    let parsed = Cli::from_arg_matches(&matches).map_err(anyhow::Error::from);
    match parsed.and_then(|cli| execute(cli, innermost, &mut out)) {
        Ok(()) => ExitStatus::Success,
        Err(_) if out.is_closed() => ExitStatus::OutputClosed,
        Err(error) => {
            let sentence = error_text(&error);
            let _ = writeln!(io::stderr(), "frontdesk: {}", visible_lines(&sentence));
            ExitStatus::Failure
        }
    }
    .into()
}

/// Returns the arguments of the command itself, which have those given before it too.
fn innermost(matches: &ArgMatches) -> &ArgMatches {
    let mut innermost = matches;
    while let Some((_, inner)) = innermost.subcommand() {
        innermost = inner;
    }
    innermost
}

/// Returns the settings given as flags, before or after the command.
fn flags(innermost: &ArgMatches) -> Vec<(String, String)> {
    let given = |setting: Setting| {
        Some((
            setting.key.to_owned(),
            innermost.get_one::<String>(setting.key)?.clone(),
        ))
    };
    settings::all().filter_map(given).collect()
}

fn execute(cli: Cli, innermost: &ArgMatches, out: &mut Output) -> anyhow::Result<()> {
    match cli.command {
        Command::Try(arguments) => {
            keys::install();
            return Ok(try_provider(&try_options(arguments, out.is_json())?, out)?);
        }
        Command::Init(arguments) => {
            keys::install();
            return init::run(&arguments, cli.config, &flags(innermost), out);
        }
        Command::Settings => return completions_and_man::settings(command(), out),
        Command::Completions { shell } => {
            return completions_and_man::completions(command(), shell, out);
        }
        Command::Man { folder } => {
            return completions_and_man::man(command(), folder.as_deref(), out);
        }
        _ => {}
    }
    let sources = ConfigSources::from_process(cli.config, flags(innermost))?;
    let config = Config::load(&sources)?;
    if matches!(cli.command, Command::Serve) {
        let traces = start_traces(&config)?;
        start_logging(&config.log_level, config.log_json, traces.as_ref())?;
        return serve::serve(config, traces);
    }
    // The report of a comparison says what its log lines would say.
    let level = match cli.command {
        Command::Provision(_) => "off",
        _ => "warn",
    };
    start_logging(level, config.log_json, None)?;
    run_command(&config, cli.command, out)
}

fn run_command(config: &Config, command: Command, out: &mut Output) -> anyhow::Result<()> {
    match command {
        Command::Migrate => migrate::run(config, out),
        Command::Health { live } => health::run(config, live, out),
        Command::Check(arguments) => run_check(config, arguments, out),
        Command::Account(command) => run_account(config, command, out),
        Command::Token(TokenCommand::Issue(args)) => token::issue(config, args, out),
        Command::Token(TokenCommand::List) => token::list(config, out),
        Command::Token(TokenCommand::Revoke { id }) => {
            token::revoke(config, &TokenId::new(id), out)
        }
        Command::LookupToken(command) => run_lookup_token(config, command, out),
        Command::Client { account, command } => {
            run_client(config, account.as_deref(), command, out)
        }
        Command::Document(command) => document::run(config, command, out),
        Command::Key(KeyCommand::List) => key::list(config, out),
        Command::Key(KeyCommand::Rotate) => key::rotate(config, out),
        Command::Audit { since, client } => {
            audit::run(config, since, client.map(ClientId::new).as_ref(), out)
        }
        Command::Provider(ProviderCommand::List) => provider::list(config, out),
        Command::Provider(ProviderCommand::Show { issuer }) => {
            provider::show(config, issuer.as_deref(), out)
        }
        Command::Provision(command) => run_provision(config, command, out),
        Command::Backup { file } => backup::backup(config, &file, out),
        Command::Restore { file, replace } => backup::restore(config, &file, replace, out),
        Command::Purge { dry_run } => purge::run(config, dry_run, out),
        // They need no configuration, or never return.
        Command::Serve
        | Command::Init(_)
        | Command::Try(_)
        | Command::Settings
        | Command::Completions { .. }
        | Command::Man { .. } => Ok(()),
    }
}

fn run_check(config: &Config, arguments: CheckArguments, out: &mut Output) -> anyhow::Result<()> {
    let CheckArguments {
        outside,
        ca,
        resolve,
    } = arguments;
    if !outside {
        return check::run(config, out.is_json(), out);
    }
    keys::install();
    check::outside::run(config, ca, out.is_json(), resolve, out)
}

fn run_account(config: &Config, command: AccountCommand, out: &mut Output) -> anyhow::Result<()> {
    match command {
        AccountCommand::Add {
            name,
            role,
            provider,
        } => account::add(config, &name, role, provider.as_deref(), out),
        AccountCommand::List => account::list(config, out),
        AccountCommand::Remove { name } => account::remove(config, &name, out),
        AccountCommand::Password { name } => account::password(config, &name, out),
    }
}

fn run_lookup_token(
    config: &Config,
    command: LookupTokenCommand,
    out: &mut Output,
) -> anyhow::Result<()> {
    match command {
        LookupTokenCommand::Issue(args) => lookup_token::issue(config, args, out),
        LookupTokenCommand::List => lookup_token::list(config, out),
        LookupTokenCommand::Revoke { id } => {
            lookup_token::revoke(config, &LookupTokenId::new(id), out)
        }
    }
}

fn run_provision(
    config: &Config,
    command: ProvisionCommand,
    out: &mut Output,
) -> anyhow::Result<()> {
    match command {
        ProvisionCommand::Status(arguments) => provision::status(config, &arguments, out),
        ProvisionCommand::Reconcile(arguments) => provision::reconcile(config, &arguments, out),
        ProvisionCommand::Retry(arguments) => provision::retry(config, &arguments, out),
        ProvisionCommand::Check { provider } => provision::check(config, provider.as_deref(), out),
    }
}

fn run_client(
    config: &Config,
    account: Option<&str>,
    command: ClientCommand,
    out: &mut Output,
) -> anyhow::Result<()> {
    let scope = &ClientScope::open(config, account)?;
    match command {
        ClientCommand::List { filter, name } => {
            scope.check_names(config, &filter)?;
            client::list(scope, &filter, name.as_deref(), out)
        }
        ClientCommand::Export { filter, file } => {
            scope.check_names(config, &filter)?;
            client::export(scope, &filter, file.as_deref(), out)
        }
        ClientCommand::Import {
            file,
            sealed_with,
            dry_run,
        } => client::import(scope, file.as_deref(), sealed_with.as_deref(), dry_run, out),
        ClientCommand::Show {
            client_id,
            with_secret,
        } => client::show(scope, &ClientId::new(client_id), with_secret, out),
        ClientCommand::Delete { client_id } => {
            client::delete(scope, &ClientId::new(client_id), out)
        }
        ClientCommand::Reissue { client_id } => {
            client::reissue(scope, &ClientId::new(client_id), out)
        }
    }
}

fn try_options(arguments: TryArguments, json: bool) -> anyhow::Result<TryOptions> {
    let credentials = match (arguments.token, arguments.account) {
        (Some(token), _) => Some(TryCredentials::Token(Secret::new(token))),
        (None, Some(account)) => {
            let (name, password) = account
                .split_once(':')
                .context("--account must be NAME:PASSWORD")?;
            Some(TryCredentials::Account {
                name: name.to_owned(),
                password: Secret::new(password),
            })
        }
        (None, None) => None,
    };
    Ok(TryOptions {
        resource: arguments.resource,
        register: arguments.register,
        credentials,
        ca: arguments.ca,
        json,
    })
}
