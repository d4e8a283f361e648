//! The message of a start.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::net::SocketAddr;

use protocol::Secret;

use crate::config::{Config, TlsMode};
use crate::deployment::Deployment;
use crate::setting::DefaultText;
use crate::settings::named;

/// Logs the addresses of the service; in development mode also prints the four steps as commands to paste.
pub fn print(
    config: &Config,
    deployment: &Deployment,
    public: &[SocketAddr],
    management: &[SocketAddr],
    password: Option<&Secret>,
) {
    for variable in &config.unknown_variables {
        tracing::warn!("unknown setting {variable} is ignored");
    }
    let list = |addresses: &[SocketAddr]| {
        addresses
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(" ")
    };
    for provider in &config.providers {
        tracing::info!(
            issuer = provider.issuer.as_str(),
            registration = provider.access.text(),
            "provider"
        );
    }
    for allowed in &config.outbound_allow {
        tracing::info!("outbound.allow permits the private destination {allowed}");
    }
    for (address, member) in deployment.placeholders() {
        tracing::info!(
            "{address} is a placeholder; set {} to the real endpoint",
            named(&format!("provider.metadata.{member}"))
        );
    }
    tracing::info!(listen = list(public), management = list(management), database = %config.database, "serving");
    if config.development {
        // A closed standard output is no reason not to serve.
        let _ = writeln!(io::stdout(), "{}", steps(config, password));
    }
}

fn steps(config: &Config, password: Option<&Secret>) -> String {
    let Some(provider) = config.providers.first() else {
        return String::new();
    };
    let issuer = &provider.issuer;
    let host = issuer.authority();
    let ca = config.data.join("ca.pem");
    let curl = if config.tls == TlsMode::Off {
        "curl -sS".to_owned()
    } else {
        format!("curl -sS --cacert {}", quoted(&ca.display().to_string()))
    };
    // Only a generated password is shown; otherwise curl asks for it.
    let user = password.map_or_else(
        || "admin".to_owned(),
        |password| format!("'admin:{}'", password.reveal()),
    );
    let mut text = String::new();
    let _ = writeln!(
        text,
        "\nFrontdesk is at {issuer}, for this machine only. The four steps, ready to paste:\n"
    );
    let _ = writeln!(text, "  # 1. where is alice's provider?");
    let _ = writeln!(
        text,
        "  {curl} '{issuer}/.well-known/webfinger?resource=acct:alice@{host}'\n"
    );
    let _ = writeln!(text, "  # 2. what does it offer?");
    let _ = writeln!(text, "  {curl} {issuer}/.well-known/openid-configuration\n");
    let _ = writeln!(text, "  # 3. register a client");
    let _ = writeln!(
        text,
        "  {curl} --user {user} -H 'Content-Type: application/json' -d '{{\"client_name\":\"My client\",\"redirect_uris\":[\"https://rp.example/callback\"]}}' {issuer}/register | tee client.json\n"
    );
    let _ = writeln!(
        text,
        "  # 4. read, update and delete it, with the token it was given"
    );
    let _ = writeln!(
        text,
        "  m() {{ sed \"s/.*\\\"$1\\\":\\\"\\([^\\\"]*\\)\\\".*/\\1/\" client.json; }}; \
         c() {{ {curl} -w '\\n' -H \"Authorization: Bearer $(m registration_access_token)\" -H 'Content-Type: application/json' \"$@\" \"$(m registration_client_uri)\"; }}; \
         c; c -X PUT -d '{{\"client_id\":\"'$(m client_id)'\",\"client_name\":\"Another name\",\"redirect_uris\":[\"https://rp.example/callback\"]}}'; \
         c -X DELETE -w '%{{http_code}}\\n'\n"
    );
    match (password, config.admin_password.is_some()) {
        (Some(password), _) => {
            let _ = writeln!(
                text,
                "The account is admin, its password {}; it is shown this once.",
                password.reveal()
            );
        }
        (None, true) => {
            let _ = writeln!(
                text,
                "The account is admin, with the password it was made with; curl asks for it."
            );
        }
        (None, false) => {
            let _ = writeln!(
                text,
                "The account admin has the password that was shown when it was made; `frontdesk account password admin` sets another."
            );
        }
    }
    text
}

/// Quotes a word for a shell.
fn quoted(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte);
    if text.bytes().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}
