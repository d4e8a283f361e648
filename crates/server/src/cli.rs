//! The command line.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Arg, ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};
use clap_complete::Shell;
use probe::{ResolveOverride, TryCredentials, TryOptions, try_provider};
use protocol::{ClientId, Secret, Timestamp};
use store::{Role, TokenId};

use crate::commands::{
    account, audit, backup, check, client, describe, health, key, migrate, provider, purge, token,
};
use crate::config::{Config, Sources};
use crate::exit::Exit;
use crate::observability::{start_logging, start_traces};
use crate::{durations, serve, setting, settings};
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
    /// Accounts: who may register and manage.
    #[command(subcommand)]
    Account(AccountCommand),
    /// Initial access tokens: whoever holds one may register.
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
    /// The audit trail: who changed what, and who was refused what.
    Audit {
        /// From then on: that long ago, such as 7d, or a time such as 2026-01-31T12:00:00Z.
        #[arg(long, value_name = "SPAN|TIME", value_parser = audit::since)]
        since: Option<Timestamp>,
        /// Only what concerns this client.
        #[arg(long, value_name = "CLIENT_ID")]
        client: Option<String>,
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// The providers that are configured.
    #[command(subcommand)]
    Provider(ProviderCommand),
    /// Write everything the store has, at this moment, into a new file; the service may run.
    Backup {
        /// The file, which must not be there yet.
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
        /// Only say how many there are.
        #[arg(long)]
        dry_run: bool,
    },
    /// Be a client of any provider: WebFinger, discovery, and with --register the whole life of a registration.
    Try(TryArguments),
    /// Print what a shell completes this command line with.
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
        /// Its name.
        name: String,
        /// What it may do: an administrator everything, a registrar register and manage clients of its own.
        #[arg(long, default_value = "registrar", value_parser = role)]
        role: Role,
        /// The issuer of the provider it is held to, and unknown elsewhere; every provider, when left out.
        #[arg(long, value_name = "ISSUER")]
        provider: Option<String>,
    },
    /// List the accounts.
    List {
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Remove an account; its clients stay.
    Remove {
        /// Its name.
        name: String,
    },
    /// Set an account's password, read from the terminal or from standard input.
    Password {
        /// Its name.
        name: String,
    },
}

#[derive(Debug, Subcommand)]
enum TokenCommand {
    /// Issue an initial access token and print it, this once.
    Issue(token::Wanted),
    /// List the tokens.
    List {
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Revoke a token.
    Revoke {
        /// Its identifier, as the list shows it.
        id: String,
    },
}

#[derive(Debug, Subcommand)]
enum ClientCommand {
    /// List the clients.
    List {
        #[command(flatten)]
        filter: client::Filter,
        /// Only clients whose name has this in it, in any language and whatever the case.
        #[arg(long, value_name = "TEXT")]
        name: Option<String>,
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Write clients for another store, one JSON object a line: with their secrets, sealed as they are.
    Export {
        #[command(flatten)]
        filter: client::Filter,
        /// A file, which must not be there yet; standard output, when left out.
        file: Option<PathBuf>,
    },
    /// Take in what was exported. Clients that are here already are left alone when they are the same, and refused otherwise.
    Import {
        /// The file; standard input, when left out.
        file: Option<PathBuf>,
        /// The file with the sealing key of the store the clients come from, when this store has another.
        #[arg(long, value_name = "FILE")]
        sealed_with: Option<PathBuf>,
        /// Look at everything, and change nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Show a client.
    Show {
        /// Its identifier.
        client_id: String,
        /// With its secret.
        #[arg(long)]
        with_secret: bool,
    },
    /// Delete a client.
    Delete {
        /// Its identifier.
        client_id: String,
    },
    /// Give a client a new registration access token; the old one is good for nothing any more.
    Reissue {
        /// Its identifier.
        client_id: String,
    },
}

#[derive(Debug, Subcommand)]
enum ProviderCommand {
    /// List them: who may register, the domains they answer for, how many clients they have, how old their keys are.
    List {
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
enum KeyCommand {
    /// List the keys.
    List,
    /// Publish successors; they sign once everybody can have seen them.
    Rotate,
}

#[derive(Debug, clap::Args)]
struct CheckArguments {
    /// Ask at the public addresses instead, as a stranger would, and say what stands in between.
    #[arg(long)]
    outside: bool,
    /// A certificate authority (PEM) to trust besides the system's.
    #[arg(long, value_name = "FILE", requires = "outside")]
    ca: Option<PathBuf>,
    /// One JSON object a line.
    #[arg(long, requires = "outside")]
    json: bool,
    /// Where a host is found whatever DNS says; the address may have a port of its own. May be given again.
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
    /// One JSON object a step.
    #[arg(long)]
    json: bool,
}

fn role(text: &str) -> Result<Role, String> {
    text.parse()
        .map_err(|_| "must be administrator or registrar".to_owned())
}

/// How long something is to last.
///
/// # Errors
/// When it is no span of time, or one that cannot be.
pub(crate) fn span(text: &str) -> Result<std::time::Duration, String> {
    durations::parse(text, durations::LIFETIME)
}

/// The command line with one flag for each setting.
pub fn command() -> clap::Command {
    settings::all().fold(
        Cli::command().after_help(Exit::help()),
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

/// Standard output, which may be a pipe that nobody reads any more.
struct Out {
    stdout: io::Stdout,
    unread: bool,
}

impl Out {
    fn seen<T>(&mut self, written: io::Result<T>) -> io::Result<T> {
        self.unread |= written
            .as_ref()
            .is_err_and(|error| error.kind() == io::ErrorKind::BrokenPipe);
        written
    }
}

impl Write for Out {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let written = self.stdout.write(buffer);
        self.seen(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.stdout.flush();
        self.seen(flushed)
    }
}

/// Runs the program and says how it ended: without a word when nobody reads what it prints.
pub fn run() -> ExitCode {
    // Whoever speaks to OpenSSL first decides whether it takes itself down when the program ends. A command ends while threads of the
    // store still connect, and a database's driver, which would speak to it first, leaves that on.
    openssl::init();
    let matches = command().get_matches();
    let parsed = Cli::from_arg_matches(&matches).map_err(|error| error.to_string());
    let mut out = Out {
        stdout: io::stdout(),
        unread: false,
    };
    match parsed.and_then(|cli| execute(cli, &matches, &mut out)) {
        Ok(()) => Exit::Done,
        Err(_) if out.unread => Exit::Unread,
        Err(sentence) => {
            let _ = writeln!(io::stderr(), "frontdesk: {}", visible_lines(&sentence));
            Exit::Failed
        }
    }
    .into()
}

/// The settings given as flags, wherever on the line they stand.
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

fn execute(cli: Cli, matches: &ArgMatches, out: &mut Out) -> Result<(), String> {
    match cli.command {
        Command::Try(arguments) => {
            keys::install();
            return try_provider(&try_options(arguments)?, out).map_err(|error| error.to_string());
        }
        Command::Completions { shell } => return describe::completions(command(), shell, out),
        Command::Man { folder } => return describe::man(command(), folder.as_deref(), out),
        _ => {}
    }
    let config = Sources::of_process(cli.config, flags(matches))
        .and_then(|sources| Config::load(&sources))
        .map_err(|error| format!("{error:#}"))?;
    let serves = matches!(cli.command, Command::Serve);
    let level = if serves {
        config.log_level.as_str()
    } else {
        "warn"
    };
    let traces = if serves { start_traces(&config)? } else { None };
    start_logging(level, config.log_json, traces.as_ref())?;
    match cli.command {
        Command::Serve => serve::serve(config, traces),
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
        Command::Check(_) => check::run(&config, out),
        Command::Account(command) => match command {
            AccountCommand::Add {
                name,
                role,
                provider,
            } => account::add(&config, &name, role, provider.as_deref(), out),
            AccountCommand::List { json } => account::list(&config, json, out),
            AccountCommand::Remove { name } => account::remove(&config, &name, out),
            AccountCommand::Password { name } => account::password(&config, &name, out),
        },
        Command::Token(command) => match command {
            TokenCommand::Issue(wanted) => token::issue(&config, wanted, out),
            TokenCommand::List { json } => token::list(&config, json, out),
            TokenCommand::Revoke { id } => token::revoke(&config, &TokenId::new(id), out),
        },
        Command::Client { account, command } => {
            let reach = client::Reach::open(&config, account.as_deref())?;
            match command {
                ClientCommand::List { filter, name, json } => {
                    client::list(&reach, &filter, name.as_deref(), json, out)
                }
                ClientCommand::Export { filter, file } => {
                    client::export(&reach, &filter, file.as_deref(), out)
                }
                ClientCommand::Import {
                    file,
                    sealed_with,
                    dry_run,
                } => client::import(
                    &reach,
                    file.as_deref(),
                    sealed_with.as_deref(),
                    dry_run,
                    out,
                ),
                ClientCommand::Show {
                    client_id,
                    with_secret,
                } => client::show(&reach, &ClientId::new(client_id), with_secret, out),
                ClientCommand::Delete { client_id } => {
                    client::delete(&reach, &ClientId::new(client_id), out)
                }
                ClientCommand::Reissue { client_id } => {
                    client::reissue(&reach, &ClientId::new(client_id), out)
                }
            }
        }
        Command::Key(command) => match command {
            KeyCommand::List => key::list(&config, out),
            KeyCommand::Rotate => key::rotate(&config, out),
        },
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
        // They need no configuration, and are done.
        Command::Try(_) | Command::Completions { .. } | Command::Man { .. } => Ok(()),
    }
}

fn try_options(arguments: TryArguments) -> Result<TryOptions, String> {
    let credentials = match (arguments.token, arguments.account) {
        (Some(token), _) => Some(TryCredentials::Token(Secret::new(token))),
        (None, Some(account)) => {
            let (name, password) = account
                .split_once(':')
                .ok_or("--account must be NAME:PASSWORD")?;
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
