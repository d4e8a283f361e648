//! The command line.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Arg, ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};
use clap_complete::Shell;
use probe::{ResolveOverride, TryCredentials, TryOptions, try_provider};
use protocol::{ClientId, Secret, Timestamp};
use store::{Role, TokenId};

use crate::commands::{
    account, audit, backup, check, client, completions_and_man, error_text, health, key, migrate,
    provider, purge, token,
};
use crate::config::{Config, ConfigSources};
use crate::observability::{start_logging, start_traces};
use crate::terminal::exit_status::ExitStatus;
use crate::{serve, setting, settings};
use protocol::escape::visible_lines;

/// The front desk of an OpenID provider: WebFinger, discovery and dynamic client registration.
#[derive(Debug, Parser)]
#[command(name = "frontdesk", version, arg_required_else_help = true)]
struct Cli {
    /// The configuration file (TOML).
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start; with no configuration, in development mode.
    Serve,
    /// Bring the database to this version and exit.
    Migrate,
    /// Read the configuration, open the store, say what is wrong; exit 1 if anything is.
    Check(CheckArguments),
    /// Ask the running service whether it takes requests; exit 1 if not.
    Health {
        /// Only whether its process is there.
        #[arg(long)]
        live: bool,
    },
    /// Accounts, which may register and manage clients.
    #[command(subcommand)]
    Account(AccountCommand),
    /// Initial access tokens, whose holders may register clients.
    #[command(subcommand)]
    Token(TokenCommand),
    /// Registered clients.
    Client {
        /// Act with the rights of this account: a registrar reaches its own clients only.
        #[arg(long = "as", global = true, value_name = "ACCOUNT")]
        account: Option<String>,
        #[command(subcommand)]
        command: ClientCommand,
    },
    /// The providers' signing keys.
    #[command(subcommand)]
    Key(KeyCommand),
    /// The audit trail: every change and every refusal, with the account or token.
    Audit {
        /// The earliest time: a duration ago such as 7d, or a time such as 2026-01-31T12:00:00Z.
        #[arg(long, value_name = "DURATION|TIME", value_parser = audit::since)]
        since: Option<Timestamp>,
        /// Only events of this client.
        #[arg(long, value_name = "CLIENT_ID")]
        client: Option<String>,
        /// One JSON object per line.
        #[arg(long)]
        json: bool,
    },
    /// The providers that are configured.
    #[command(subcommand)]
    Provider(ProviderCommand),
    /// Write the whole store, as of now, into a new file; the service may run.
    Backup {
        /// The file, which must not exist.
        file: PathBuf,
    },
    /// Put a backup into an empty store.
    Restore {
        /// The file.
        file: PathBuf,
        /// Delete everything the store has first.
        #[arg(long)]
        replace: bool,
    },
    /// Delete clients that expired, initial access tokens that expired or are used up, and retired keys.
    Purge {
        /// Only print how many there are.
        #[arg(long)]
        dry_run: bool,
    },
    /// Act as a client of any provider: WebFinger, discovery, and with --register all steps of a registration.
    Try(TryArguments),
    /// Print the completion script of a shell.
    Completions {
        /// The shell.
        shell: Shell,
    },
    /// Print the manual page.
    Man {
        /// Write one page for each command into this folder instead.
        #[arg(value_name = "FOLDER")]
        folder: Option<PathBuf>,
    },
}

#[derive(Debug, Subcommand)]
enum AccountCommand {
    /// Add an account; its password is read from the terminal or from standard input.
    Add {
        /// The name of the account.
        name: String,
        /// The rights: an administrator has all, a registrar registers and manages its own clients.
        #[arg(long, default_value = "registrar", value_parser = role)]
        role: Role,
        /// The issuer of the only provider it is for; every provider by default.
        #[arg(long, value_name = "ISSUER")]
        provider: Option<String>,
    },
    /// List the accounts.
    List {
        /// One JSON object per line.
        #[arg(long)]
        json: bool,
    },
    /// Remove an account; its clients stay.
    Remove {
        /// The name of the account.
        name: String,
    },
    /// Set an account's password, read from the terminal or from standard input.
    Password {
        /// The name of the account.
        name: String,
    },
}

#[derive(Debug, Subcommand)]
enum TokenCommand {
    /// Issue an initial access token and print it; it is not shown again.
    Issue(token::TokenArgs),
    /// List the tokens.
    List {
        /// One JSON object per line.
        #[arg(long)]
        json: bool,
    },
    /// Revoke a token.
    Revoke {
        /// The identifier of the token, as the list shows it.
        id: String,
    },
}

#[derive(Debug, Subcommand)]
enum ClientCommand {
    /// List the clients.
    List {
        #[command(flatten)]
        filter: client::ClientFilterArgs,
        /// Only clients with this text in their name, in any language, upper or lower case.
        #[arg(long, value_name = "TEXT")]
        name: Option<String>,
        /// One JSON object per line.
        #[arg(long)]
        json: bool,
    },
    /// Write clients for another store, one JSON object a line: with their secrets, sealed as they are.
    Export {
        #[command(flatten)]
        filter: client::ClientFilterArgs,
        /// A file, which must not exist; standard output by default.
        file: Option<PathBuf>,
    },
    /// Import exported clients. A client that exists already is skipped if it is the same, and refused otherwise.
    Import {
        /// The file; standard input by default.
        file: Option<PathBuf>,
        /// The file with the sealing key of the store the clients come from, if this store has another.
        #[arg(long, value_name = "FILE")]
        sealed_with: Option<PathBuf>,
        /// Check every line and change nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Show a client.
    Show {
        /// The client's identifier.
        client_id: String,
        /// With its secret.
        #[arg(long)]
        with_secret: bool,
    },
    /// Delete a client.
    Delete {
        /// The client's identifier.
        client_id: String,
    },
    /// Give a client a new registration access token; the old one becomes invalid.
    Reissue {
        /// The client's identifier.
        client_id: String,
    },
}

#[derive(Debug, Subcommand)]
enum ProviderCommand {
    /// List the providers, with their registration mode, domains, number of clients and age of keys.
    List {
        /// One JSON object per line.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
enum KeyCommand {
    /// List the keys.
    List,
    /// Publish successors; they sign once every cache can have them.
    Rotate,
}

#[derive(Debug, clap::Args)]
struct CheckArguments {
    /// Check the public addresses instead, as an anonymous client, and report what the proxy changes.
    #[arg(long)]
    outside: bool,
    /// A certificate authority (PEM) to trust besides the system's.
    #[arg(long, value_name = "FILE", requires = "outside")]
    ca: Option<PathBuf>,
    /// One JSON object per line.
    #[arg(long)]
    json: bool,
    /// The address of a host, in place of DNS; it may have a port of its own. May be repeated.
    #[arg(long, value_name = "HOST:PORT:ADDRESS", requires = "outside")]
    resolve: Vec<ResolveOverride>,
}

#[derive(Debug, clap::Args)]
struct TryArguments {
    /// An account such as acct:alice@example.com, or a URL.
    resource: String,
    /// Register a client, read, update and delete it.
    #[arg(long)]
    register: bool,
    /// An initial access token to register with.
    #[arg(long, value_name = "TOKEN", conflicts_with = "account")]
    token: Option<String>,
    /// An account to register with.
    #[arg(long, value_name = "NAME:PASSWORD")]
    account: Option<String>,
    /// A certificate authority (PEM) to trust besides the system's.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// One JSON object per step.
    #[arg(long)]
    json: bool,
}

fn role(text: &str) -> Result<Role, String> {
    text.parse()
        .map_err(|_| "must be administrator or registrar".to_owned())
}

/// Returns the command line with one flag for each setting.
pub fn command() -> clap::Command {
    settings::all().fold(
        Cli::command().after_help(ExitStatus::help()),
        |command, setting| {
            command.arg(
                Arg::new(setting.key)
                    .long(setting.flag())
                    .global(true)
                    .value_name("VALUE")
                    .help(setting.help())
                    .help_heading("Settings")
                    .hide_short_help(true)
                    .hide(setting.kind == setting::ValueKind::Secret),
            )
        },
    )
}

/// Standard output. It records whether its reader closed the pipe.
struct StandardOutput {
    stdout: io::Stdout,
    closed: bool,
}

impl StandardOutput {
    fn note_closed<T>(&mut self, written: io::Result<T>) -> io::Result<T> {
        self.closed |= written
            .as_ref()
            .is_err_and(|error| error.kind() == io::ErrorKind::BrokenPipe);
        written
    }
}

impl Write for StandardOutput {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let written = self.stdout.write(buffer);
        self.note_closed(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.stdout.flush();
        self.note_closed(flushed)
    }
}

/// Runs the program and returns its exit code. Prints no error if standard output was closed.
pub fn run() -> ExitCode {
    // The first caller of OpenSSL decides whether it frees itself at exit. A command exits while threads of the store still
    // connect, and the database driver, which would call it first, leaves that on.
    openssl::init();
    let matches = command().get_matches();
    let parsed = Cli::from_arg_matches(&matches).map_err(anyhow::Error::from);
    let mut out = StandardOutput {
        stdout: io::stdout(),
        closed: false,
    };
    match parsed.and_then(|cli| execute(cli, &matches, &mut out)) {
        Ok(()) => ExitStatus::Success,
        Err(_) if out.closed => ExitStatus::OutputClosed,
        Err(error) => {
            let sentence = error_text(&error);
            let _ = writeln!(io::stderr(), "frontdesk: {}", visible_lines(&sentence));
            ExitStatus::Failure
        }
    }
    .into()
}

/// Returns the settings given as flags, before or after the command.
fn flags(matches: &ArgMatches) -> Vec<(String, String)> {
    let mut innermost = matches;
    while let Some((_, inner)) = innermost.subcommand() {
        innermost = inner;
    }
    let given = |setting: setting::Setting| {
        Some((
            setting.key.to_owned(),
            innermost.get_one::<String>(setting.key)?.clone(),
        ))
    };
    settings::all().filter_map(given).collect()
}

fn execute(cli: Cli, matches: &ArgMatches, out: &mut StandardOutput) -> anyhow::Result<()> {
    match cli.command {
        Command::Try(arguments) => {
            keys::install();
            return Ok(try_provider(&try_options(arguments)?, out)?);
        }
        Command::Completions { shell } => {
            return completions_and_man::completions(command(), shell, out);
        }
        Command::Man { folder } => {
            return completions_and_man::man(command(), folder.as_deref(), out);
        }
        _ => {}
    }
    let config = Config::load(&ConfigSources::from_process(cli.config, flags(matches))?)?;
    if matches!(cli.command, Command::Serve) {
        let traces = start_traces(&config)?;
        start_logging(&config.log_level, config.log_json, traces.as_ref())?;
        return serve::serve(config, traces);
    }
    start_logging("warn", config.log_json, None)?;
    match cli.command {
        Command::Migrate => migrate::run(&config, out),
        Command::Health { live } => health::run(&config, live, out),
        Command::Check(CheckArguments {
            outside: true,
            ca,
            json,
            resolve,
        }) => {
            keys::install();
            check::outside::run(&config, ca, json, resolve, out)
        }
        Command::Check(CheckArguments { json, .. }) => check::run(&config, json, out),
        Command::Account(command) => run_account(&config, command, out),
        Command::Token(TokenCommand::Issue(args)) => token::issue(&config, args, out),
        Command::Token(TokenCommand::List { json }) => token::list(&config, json, out),
        Command::Token(TokenCommand::Revoke { id }) => {
            token::revoke(&config, &TokenId::new(id), out)
        }
        Command::Client { account, command } => run_client(
            &client::ClientScope::open(&config, account.as_deref())?,
            command,
            out,
        ),
        Command::Key(KeyCommand::List) => key::list(&config, out),
        Command::Key(KeyCommand::Rotate) => key::rotate(&config, out),
        Command::Audit {
            since,
            client,
            json,
        } => audit::run(
            &config,
            since,
            client.map(ClientId::new).as_ref(),
            json,
            out,
        ),
        Command::Provider(ProviderCommand::List { json }) => provider::list(&config, json, out),
        Command::Backup { file } => backup::backup(&config, &file, out),
        Command::Restore { file, replace } => backup::restore(&config, &file, replace, out),
        Command::Purge { dry_run } => purge::run(&config, dry_run, out),
        // Done above.
        Command::Serve | Command::Try(_) | Command::Completions { .. } | Command::Man { .. } => {
            Ok(())
        }
    }
}

fn run_account(
    config: &Config,
    command: AccountCommand,
    out: &mut StandardOutput,
) -> anyhow::Result<()> {
    match command {
        AccountCommand::Add {
            name,
            role,
            provider,
        } => account::add(config, &name, role, provider.as_deref(), out),
        AccountCommand::List { json } => account::list(config, json, out),
        AccountCommand::Remove { name } => account::remove(config, &name, out),
        AccountCommand::Password { name } => account::password(config, &name, out),
    }
}

fn run_client(
    scope: &client::ClientScope,
    command: ClientCommand,
    out: &mut StandardOutput,
) -> anyhow::Result<()> {
    match command {
        ClientCommand::List { filter, name, json } => {
            client::list(scope, &filter, name.as_deref(), json, out)
        }
        ClientCommand::Export { filter, file } => {
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

fn try_options(arguments: TryArguments) -> anyhow::Result<TryOptions> {
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
        json: arguments.json,
    })
}
