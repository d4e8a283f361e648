//! The message of a start.

use std::io::{self, Write};
use std::net::SocketAddr;

use protocol::{Issuer, Secret};

use crate::config::{Config, TlsMode};
use crate::deployment::Deployment;
use crate::setting::DefaultText;
use crate::settings::named;

/// Logs the addresses of the service; in development mode also prints the four steps as commands to paste.
pub fn print(
    config: &Config,
    deployment: &Deployment,
    [public, management, lookup]: &[Vec<SocketAddr>; 3],
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
    if !lookup.is_empty() {
        tracing::info!(
            listen = list(lookup),
            "the lookup answers authorization servers"
        );
    }
    let configuration = config.file.as_ref().map(|path| path.display().to_string());
    tracing::info!(listen = list(public), management = list(management), database = %config.database, configuration, "serving");
    if config.development {
        // The service starts even if standard output is closed.
        let _ = writeln!(io::stdout(), "{}", steps(config, password));
    }
}

fn steps(config: &Config, password: Option<&Secret>) -> String {
    let Some(provider) = config.providers.first() else {
        return String::new();
    };
    let issuer = &provider.issuer;
    let (fetch_authority, curl) = curl(config);
    let reach = if config.loopback_only {
        "for this machine only"
    } else {
        "if that port of the container is published"
    };
    // Only a generated password is shown; otherwise curl asks for it.
    let user = password.map_or_else(
        || "admin".to_owned(),
        |password| format!("'admin:{}'", password.reveal()),
    );
    let account = match (password, config.admin_password.is_some()) {
        (Some(password), _) => format!(
            "The account is admin, its password {}; it is shown this once.",
            password.reveal()
        ),
        (None, true) => {
            "The account is admin, with the password it was made with; curl asks for it.".to_owned()
        }
        (None, false) => "The account admin has the password that was shown when it was made; `frontdesk account password admin` sets another.".to_owned(),
    };
    let indented: String = (fetch_authority + &commands(&curl, &user, issuer))
        .lines()
        .map(|line| format!("  {line}").trim_end().to_owned() + "\n")
        .collect();
    format!(
        "\nFrontdesk is at {issuer}, {reach}. The four steps, ready to paste:\n\n{indented}\n{account}\n"
    )
}

/// Returns the command that fetches the authority out of a container, if the service is in one, and curl with the authority.
fn curl(config: &Config) -> (String, String) {
    let ca = quoted(&config.data.join("ca.pem").display().to_string());
    match (config.tls == TlsMode::Off, config.loopback_only) {
        (true, _) => (String::new(), "curl -sS".to_owned()),
        (false, true) => (String::new(), format!("curl -sS --cacert {ca}")),
        (false, false) => (
            format!(
                "# 0. which authority must curl trust? With the container's name or identifier:\ndocker cp CONTAINER:{ca} .\n\n"
            ),
            "curl -sS --cacert ca.pem".to_owned(),
        ),
    }
}

/// Returns the commands of the four steps, as README.md has them.
fn commands(curl: &str, user: &str, issuer: &Issuer) -> String {
    let host = issuer.authority();
    let metadata = r#""redirect_uris":["https://rp.example/callback"]"#;
    let json = "-H 'Content-Type: application/json'";
    let curl_with_token = format!(r#"{curl} -H "Authorization: Bearer $TOKEN""#);
    let member = |variable: &str, name: &str| {
        format!(r#"{variable}=$(sed 's/.*"{name}":"\([^"]*\)".*/\1/' client.json)"#)
    };
    [
        "# 1. where is alice's provider?".to_owned(),
        format!("{curl} '{issuer}/.well-known/webfinger?resource=acct:alice@{host}'"),
        String::new(),
        "# 2. what does it offer?".to_owned(),
        format!("{curl} {issuer}/.well-known/openid-configuration"),
        String::new(),
        "# 3. register a client".to_owned(),
        format!(r#"{curl} --user {user} {json} -d '{{"client_name":"My client",{metadata}}}' {issuer}/register | tee client.json"#),
        String::new(),
        "# 4. read, update and delete it, at the address and with the token of the answer".to_owned(),
        member("ID", "client_id"),
        member("URI", "registration_client_uri"),
        member("TOKEN", "registration_access_token"),
        format!(r#"{curl_with_token} "$URI""#),
        format!(r#"{curl_with_token} {json} -X PUT -d '{{"client_id":"'"$ID"'","client_name":"Another name",{metadata}}}' "$URI""#),
        format!(r#"{curl_with_token} -X DELETE -w '%{{http_code}}\n' "$URI""#),
    ]
    .join("\n")
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
