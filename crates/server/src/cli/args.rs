//! The commands and their arguments. The settings and `--json` are added in [`super::command`].

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use clap_complete::Shell;
use probe::ResolveOverride;
use store::Role;

use crate::commands::document::DocumentCommand;
use crate::commands::init::InitArguments;
use crate::commands::provision::{ProvisionStatusArguments, ReconcileArguments, RetryArguments};
use crate::commands::{client, lookup_token, token};
use crate::durations::{self, TimeArg};

/// The front desk of an OpenID provider: WebFinger, discovery and dynamic client registration.
#[derive(Debug, Parser)]
#[command(name = "frontdesk", version, arg_required_else_help = true)]
pub struct Cli {
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        help = "The configuration file (TOML) [variable: FRONTDESK_CONFIG; default: the first that exists of ./frontdesk.toml and /etc/frontdesk/frontdesk.toml]"
    )]
    pub config: Option<PathBuf>,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start; with no configuration, in development mode.
    #[command(after_help = "Example:\n  frontdesk serve --config /etc/frontdesk/frontdesk.toml")]
    Serve,
    /// Write a configuration for an authorization server that exists, and the proxy's lines; asks at a terminal.
    #[command(
        after_help = "Example:\n  frontdesk init --from https://login.example.com/realms/main --domain example.com"
    )]
    Init(InitArguments),
    /// Bring the database to this version and exit.
    #[command(after_help = "Example:\n  frontdesk migrate")]
    Migrate,
    /// Read the configuration, open the store, say what is wrong; exit 1 if anything is.
    #[command(
        after_help = "Example:\n  frontdesk check --outside --resolve login.example.com:443:192.0.2.7"
    )]
    Check(CheckArguments),
    /// Ask the running service whether it takes requests; exit 1 if not.
    #[command(after_help = "Example:\n  frontdesk health --live")]
    Health {
        /// Only whether its process is there.
        #[arg(long)]
        live: bool,
    },
    /// Accounts, which may register and manage clients.
    #[command(subcommand, after_help = "Example:\n  frontdesk account list")]
    Account(AccountCommand),
    /// Initial access tokens, whose holders may register clients.
    #[command(subcommand, after_help = "Example:\n  frontdesk token list")]
    Token(TokenCommand),
    /// Lookup tokens, with which authorization servers ask about clients.
    #[command(subcommand)]
    LookupToken(LookupTokenCommand),
    /// Registered clients.
    #[command(after_help = "Example:\n  frontdesk client list --owner alice")]
    Client {
        /// Act with the rights of this account: a registrar reaches its own clients only.
        #[arg(long = "as", global = true, value_name = "ACCOUNT")]
        account: Option<String>,
        #[command(subcommand)]
        command: ClientCommand,
    },
    /// Client ID metadata documents, by which clients have a URL as their identifier.
    #[command(
        subcommand,
        after_help = "Example:\n  frontdesk document check https://app.example/oauth/client.json"
    )]
    Document(DocumentCommand),
    /// The providers' signing keys.
    #[command(subcommand, after_help = "Example:\n  frontdesk key list")]
    Key(KeyCommand),
    /// The audit trail: every change and every refusal, with the account or token.
    #[command(after_help = "Example:\n  frontdesk audit --since 2026-01-31 --json")]
    Audit {
        /// The earliest time: a duration ago such as 7d, a date such as 2026-01-31 (00:00 UTC), or a time such as 2026-01-31T12:00:00Z.
        #[arg(long, value_name = "WHEN", value_parser = durations::time_arg)]
        since: Option<TimeArg>,
        /// Only events of this client.
        #[arg(long, value_name = "CLIENT_ID")]
        client: Option<String>,
    },
    /// The providers that are configured.
    #[command(subcommand, after_help = "Example:\n  frontdesk provider list")]
    Provider(ProviderCommand),
    /// The copies of clients at authorization servers.
    #[command(subcommand, after_help = "Example:\n  frontdesk provision status")]
    Provision(ProvisionCommand),
    /// Write the whole store, as of now, into a new file; the service may run.
    #[command(
        after_help = "Example:\n  frontdesk backup - | ssh backup.example.com 'cat > frontdesk-monday'"
    )]
    Backup {
        /// The file, which must not exist; `-` is standard output.
        file: PathBuf,
    },
    /// Put a backup into an empty store.
    #[command(after_help = "Example:\n  frontdesk restore --replace frontdesk-monday")]
    Restore {
        /// The file; `-` is standard input.
        file: PathBuf,
        /// Delete everything the store has first.
        #[arg(long)]
        replace: bool,
    },
    /// Delete clients that expired, initial access tokens that expired or are used up, and retired keys.
    #[command(after_help = "Example:\n  frontdesk purge --dry-run")]
    Purge {
        /// Only print how many there are.
        #[arg(long)]
        dry_run: bool,
    },
    /// Act as a client of any provider: WebFinger, discovery, and with --register all steps of a registration.
    #[command(
        after_help = "Example:\n  frontdesk try acct:alice@example.com --register --account admin:PASSWORD"
    )]
    Try(TryArguments),
    /// Print every setting: its flag, variable, default and meaning.
    #[command(hide = true)]
    Settings,
    /// Print the completion script of a shell.
    #[command(
        after_help = "Example:\n  frontdesk completions bash > /etc/bash_completion.d/frontdesk"
    )]
    Completions {
        /// The shell.
        shell: Shell,
    },
    /// Print the manual page.
    #[command(after_help = "Example:\n  frontdesk man /usr/local/share/man/man1")]
    Man {
        /// Write one page for each command into this folder instead.
        #[arg(value_name = "FOLDER")]
        folder: Option<PathBuf>,
    },
}

#[derive(Debug, Subcommand)]
pub enum AccountCommand {
    /// Add an account; its password is read from the terminal or from standard input.
    #[command(after_help = "Example:\n  frontdesk account add alice --role registrar")]
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
    #[command(after_help = "Example:\n  frontdesk account list --json")]
    List,
    /// Remove an account; its clients stay.
    #[command(after_help = "Example:\n  frontdesk account remove alice")]
    Remove {
        /// The name of the account.
        name: String,
    },
    /// Set an account's password, read from the terminal or from standard input.
    #[command(after_help = "Example:\n  frontdesk account password alice < password.txt")]
    Password {
        /// The name of the account.
        name: String,
    },
}

#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Issue an initial access token and print it; it is not shown again.
    #[command(
        after_help = "Example:\n  frontdesk token issue --uses 1 --expires-in 7d --label \"for the wiki\""
    )]
    Issue(token::TokenArgs),
    /// List the tokens.
    #[command(after_help = "Example:\n  frontdesk token list --json")]
    List,
    /// Revoke a token.
    #[command(after_help = "Example:\n  frontdesk token revoke 01JZX5M0Q8")]
    Revoke {
        /// The identifier of the token, as the list shows it.
        id: String,
    },
}

#[derive(Debug, Subcommand)]
pub enum LookupTokenCommand {
    /// Issue a lookup token and print it; it is not shown again.
    #[command(
        after_help = "Example:\n  frontdesk lookup-token issue --secrets read --label \"the login server\""
    )]
    Issue(lookup_token::LookupTokenArgs),
    /// List the tokens.
    #[command(after_help = "Example:\n  frontdesk lookup-token list --json")]
    List,
    /// Revoke a token; it is refused within two seconds.
    #[command(after_help = "Example:\n  frontdesk lookup-token revoke 5f0a7c2e9b1d4386")]
    Revoke {
        /// The identifier of the token, as the list shows it.
        id: String,
    },
}

#[derive(Debug, Subcommand)]
pub enum ClientCommand {
    /// List the clients.
    #[command(
        after_help = "Example:\n  frontdesk client list --owner alice --created-after 2026-01-31"
    )]
    List {
        #[command(flatten)]
        filter: client::ClientFilterArgs,
        /// Only clients with this text in their name, in any language, upper or lower case.
        #[arg(long, value_name = "TEXT")]
        name: Option<String>,
    },
    /// Write clients for another store, one JSON object a line: with their secrets, sealed as they are.
    #[command(after_help = "Example:\n  frontdesk client export clients.jsonl")]
    Export {
        #[command(flatten)]
        filter: client::ClientFilterArgs,
        /// A file, which must not exist; standard output, also as `-`, by default.
        file: Option<PathBuf>,
    },
    /// Import exported clients. A client that exists already is skipped if it is the same, and refused otherwise.
    #[command(after_help = "Example:\n  frontdesk client import --dry-run clients.jsonl")]
    Import {
        /// The file; standard input, also as `-`, by default.
        file: Option<PathBuf>,
        /// The file with the sealing key of the store the clients come from, if this store has another.
        #[arg(long, value_name = "FILE")]
        sealed_with: Option<PathBuf>,
        /// Check every line and change nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Show a client.
    #[command(after_help = "Example:\n  frontdesk client show CLIENT_ID --with-secret")]
    Show {
        /// The client's identifier.
        client_id: String,
        /// With its secret.
        #[arg(long)]
        with_secret: bool,
    },
    /// Delete a client.
    #[command(after_help = "Example:\n  frontdesk client delete CLIENT_ID")]
    Delete {
        /// The client's identifier.
        client_id: String,
    },
    /// Give a client a new registration access token; the old one becomes invalid.
    #[command(after_help = "Example:\n  frontdesk client reissue CLIENT_ID")]
    Reissue {
        /// The client's identifier.
        client_id: String,
    },
}

#[derive(Debug, Subcommand)]
pub enum ProviderCommand {
    /// List the providers, with their registration mode, domains, number of clients and age of keys.
    #[command(after_help = "Example:\n  frontdesk provider list --json")]
    List,
    /// Show a provider: its documents, domains, keys, and the authorization server with its limits.
    #[command(after_help = "Example:\n  frontdesk provider show https://login.example.com")]
    Show {
        /// The issuer; the only provider by default.
        issuer: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
pub enum ProvisionCommand {
    /// Show the states of copies, and list those that the server has not confirmed.
    #[command(after_help = "Example:\n  frontdesk provision status --all --json")]
    Status(ProvisionStatusArguments),
    /// Compare all copies with the clients, and write those that differ; exit 1 if a client was refused or nothing was deleted.
    #[command(after_help = "Example:\n  frontdesk provision reconcile --dry-run")]
    Reconcile(ReconcileArguments),
    /// Write copies that wait or were refused now.
    #[command(after_help = "Example:\n  frontdesk provision retry --all")]
    Retry(RetryArguments),
    /// Try the credentials and rights at the server; exit 1 if a call does not work.
    #[command(
        after_help = "Example:\n  frontdesk provision check --provider https://login.example.com"
    )]
    Check {
        /// The issuer of the only provider to check; every provider by default.
        #[arg(long, value_name = "ISSUER")]
        provider: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// List the keys.
    #[command(after_help = "Example:\n  frontdesk key list --json")]
    List,
    /// Publish successors; they sign once every cache can have them.
    #[command(after_help = "Example:\n  frontdesk key rotate")]
    Rotate,
}

#[derive(Debug, clap::Args)]
pub struct CheckArguments {
    /// Check the public addresses instead, as an anonymous client, and report what the proxy changes.
    #[arg(long)]
    pub outside: bool,
    /// A certificate authority (PEM) to trust besides the system's.
    #[arg(long, value_name = "FILE", requires = "outside")]
    pub ca: Option<PathBuf>,
    /// The address of a host, in place of DNS; it may have a port of its own. May be repeated.
    #[arg(long, value_name = "HOST:PORT:ADDRESS", requires = "outside")]
    pub resolve: Vec<ResolveOverride>,
}

#[derive(Debug, clap::Args)]
pub struct TryArguments {
    /// An account such as acct:alice@example.com, or a URL.
    pub resource: String,
    /// Register a client, read, update and delete it.
    #[arg(long)]
    pub register: bool,
    /// An initial access token to register with.
    #[arg(
        long,
        value_name = "TOKEN",
        requires = "register",
        conflicts_with = "account"
    )]
    pub token: Option<String>,
    /// An account to register with.
    #[arg(long, value_name = "NAME:PASSWORD", requires = "register")]
    pub account: Option<String>,
    /// A certificate authority (PEM) to trust besides the system's.
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
}

fn role(text: &str) -> Result<Role, String> {
    text.parse()
        .map_err(|_| "must be administrator or registrar".to_owned())
}
