//! The arguments of `frontdesk document`.

use std::path::PathBuf;

use clap::Subcommand;
use protocol::ClientIdUrl;
use store::DocumentState;

#[derive(Debug, Subcommand)]
pub enum DocumentCommand {
    /// Read a document as the provider would, and print each step of the decision; exit 1 if it is refused. Changes nothing.
    #[command(
        after_help = "Example:\n  frontdesk document check https://app.example/oauth/client.json --file client.json"
    )]
    Check {
        /// The client identifier: the URL of the document.
        #[arg(value_parser = url)]
        url: ClientIdUrl,
        /// The document as it would be served at the URL, in place of a fetch; `-` is standard input.
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
        #[command(flatten)]
        provider: ProviderArg,
    },
    /// Read a document and keep it, so that no authorization request has to wait for it.
    #[command(
        after_help = "Example:\n  frontdesk document add https://app.example/oauth/client.json --pin"
    )]
    Add {
        /// The client identifier: the URL of the document.
        #[arg(value_parser = url)]
        url: ClientIdUrl,
        /// Keep this version, and never fetch the document again.
        #[arg(long)]
        pin: bool,
        #[command(flatten)]
        provider: ProviderArg,
    },
    /// List the documents that are kept.
    #[command(after_help = "Example:\n  frontdesk document list --state disabled --json")]
    List {
        /// Only documents on this host, at any port.
        #[arg(long)]
        host: Option<String>,
        /// Only documents in this state: active, pinned or disabled.
        #[arg(long, value_parser = state)]
        state: Option<DocumentState>,
        #[command(flatten)]
        provider: ProviderArg,
    },
    /// Show a document and the agreed metadata.
    #[command(
        after_help = "Example:\n  frontdesk document show https://app.example/oauth/client.json"
    )]
    Show {
        /// The client identifier: the URL of the document.
        #[arg(value_parser = url)]
        url: ClientIdUrl,
        #[command(flatten)]
        provider: ProviderArg,
    },
    /// Refuse a client at once, without a fetch, even if its document is gone and another document appears in its place.
    #[command(
        after_help = "Example:\n  frontdesk document disable https://app.example/oauth/client.json"
    )]
    Disable {
        /// The client identifier: the URL of the document.
        #[arg(value_parser = url)]
        url: ClientIdUrl,
        #[command(flatten)]
        provider: ProviderArg,
    },
    /// Accept a disabled client again.
    #[command(
        after_help = "Example:\n  frontdesk document enable https://app.example/oauth/client.json"
    )]
    Enable {
        /// The client identifier: the URL of the document.
        #[arg(value_parser = url)]
        url: ClientIdUrl,
        #[command(flatten)]
        provider: ProviderArg,
    },
    /// Forget documents, and withdraw them at the authorization server; the next authorization request reads them again.
    #[command(
        after_help = "Example:\n  frontdesk document remove https://app.example/oauth/client.json"
    )]
    Remove {
        /// The client identifiers: the URLs of the documents.
        #[arg(required = true, value_name = "URL", value_parser = url)]
        urls: Vec<ClientIdUrl>,
        #[command(flatten)]
        provider: ProviderArg,
    },
}

#[derive(Debug, clap::Args)]
pub struct ProviderArg {
    /// The issuer of the provider; needed where several are configured.
    #[arg(long = "provider", value_name = "ISSUER")]
    pub issuer: Option<String>,
}

fn url(text: &str) -> Result<ClientIdUrl, protocol::client_id_url::ClientIdUrlError> {
    ClientIdUrl::parse(text)
}

fn state(text: &str) -> Result<DocumentState, store::UnknownDocumentState> {
    text.parse()
}
