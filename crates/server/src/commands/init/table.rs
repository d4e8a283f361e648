//! The configuration that `frontdesk init` writes, and the texts that follow from it.

use std::path::{self, Path};

use anyhow::{Context, anyhow};
use protocol::Issuer;
use toml::{Table, Value};
use url::Url;

use super::answers::InitAnswers;
use super::arguments::{ProvisionWay, flag};
use super::found::FoundDocument;
use crate::config::{Config, REALMS, TlsMode, shell_quoted};
use crate::provider::proxied_paths::ProxiedPaths;
use crate::settings;

/// The list of the methods with which clients authenticate.
const METHODS: &str = "token_endpoint_auth_methods_supported";

/// The segment of a Keycloak path below which Keycloak itself registers clients.
const CLIENTS_REGISTRATIONS: &str = "/clients-registrations";

/// Returns the configuration: what follows from the document and the answers, then the flags of settings.
pub(super) fn configuration(
    found: &FoundDocument,
    answers: &InitAnswers,
    folder: &Path,
    flags: &[(String, String)],
) -> anyhow::Result<Table> {
    let mut table = Table::new();
    let data = match flag(flags, "data") {
        Some(data) => path::absolute(data)?,
        None => folder.join("frontdesk-data"),
    };
    let data_text = data.display().to_string();
    let mut settings: Vec<(&str, String)> = Vec::new();
    if flags.iter().all(|(key, _)| !key.starts_with("tls.")) {
        settings.push(("listen", "127.0.0.1:9443".to_owned()));
        settings.push(("tls.mode", "off".to_owned()));
        settings.push(("proxies", "127.0.0.1,::1".to_owned()));
    }
    let is_postgres = flag(flags, "database").is_some_and(|url| !url.starts_with("sqlite:"));
    if is_postgres {
        let key = data.join("sealing.key").display().to_string();
        settings.push(("sealing_key_file", key));
    }
    settings.push(("provider.issuer", found.issuer.to_string()));
    settings.push(("provider.domains", answers.domains.join(",")));
    settings.push(("provider.upstream.document", found.url.to_string()));
    provision(answers, &mut settings)?;
    let given = flags.iter().map(|(key, text)| (key.as_str(), text.clone()));
    let data = ("data", data_text);
    for (key, text) in settings.into_iter().chain(given).chain([data]) {
        put(&mut table, key, &text)?;
    }
    remove_empty_domains(&mut table);
    if let Some(keycloak) = additions(found, answers.way) {
        upstream_table(&mut table)
            .context("the configuration has no upstream")?
            .insert("add".to_owned(), Value::Table(keycloak));
    }
    Ok(table)
}

fn provision(
    answers: &InitAnswers,
    settings: &mut Vec<(&'static str, String)>,
) -> anyhow::Result<()> {
    if answers.way == ProvisionWay::None {
        return Ok(());
    }
    settings.push(("provider.provision.to", answers.way.to_string()));
    if let Some(at) = &answers.at {
        settings.push(("provider.provision.at", at.clone()));
    }
    if let Some(file) = &answers.secret_file {
        let key = match answers.way {
            ProvisionWay::Keycloak => "provider.provision.secret_file",
            _ => "provider.provision.token_file",
        };
        settings.push((key, path::absolute(file)?.display().to_string()));
    }
    Ok(())
}

fn put(table: &mut Table, key: &str, text: &str) -> anyhow::Result<()> {
    let setting = settings::all().find(|setting| setting.key == key);
    setting
        .with_context(|| format!("there is no setting {key}"))?
        .put(table, text)
        .map_err(|reason| anyhow!("{key}{reason}"))
}

fn only_provider(table: &mut Table) -> Option<&mut Table> {
    let providers = table.get_mut("provider")?.as_array_mut()?;
    providers.first_mut()?.as_table_mut()
}

fn upstream_table(table: &mut Table) -> Option<&mut Table> {
    only_provider(table)?.get_mut("upstream")?.as_table_mut()
}

fn remove_empty_domains(table: &mut Table) {
    if let Some(provider) = only_provider(table) {
        let domains = provider.get("domains").and_then(Value::as_array);
        if domains.is_some_and(Vec::is_empty) {
            provider.remove("domains");
        }
    }
}

/// Returns the values that a Keycloak supports and does not list. The connector has them itself.
fn additions(found: &FoundDocument, way: ProvisionWay) -> Option<Table> {
    let is_missing = way != ProvisionWay::Keycloak
        && found.keycloak().is_some()
        && !found.lists(METHODS, "none");
    is_missing.then(|| {
        let values = Value::Array(vec!["none".into()]);
        [(METHODS.to_owned(), values)].into_iter().collect()
    })
}

/// Returns the address at which a proxy on this machine reaches the service.
pub(super) fn service(config: &Config) -> String {
    let scheme = match config.tls {
        TlsMode::Off => "http",
        TlsMode::SelfSigned | TlsMode::Files { .. } => "https",
    };
    let listen = config.listen.as_str();
    let port = |host: &str| listen.strip_prefix(host).map(str::to_owned);
    match port("0.0.0.0").or_else(|| port("[::]")) {
        Some(port) => format!("{scheme}://127.0.0.1{port}"),
        None => format!("{scheme}://{listen}"),
    }
}

/// Returns the path on the issuer's host at which the server itself registers clients. It stays open to a connector that
/// registers there.
pub(super) fn other_registration(
    found: &FoundDocument,
    paths: &ProxiedPaths,
    way: ProvisionWay,
) -> Option<String> {
    let endpoint = Url::parse(found.text("registration_endpoint")?).ok()?;
    let issuer = Url::parse(found.issuer.as_str()).ok()?;
    let path = endpoint.path().trim_end_matches('/');
    let path = match path.find(CLIENTS_REGISTRATIONS) {
        Some(at) => path.get(..at + CLIENTS_REGISTRATIONS.len())?,
        None => path,
    };
    let is_other = endpoint.origin() == issuer.origin() && path != paths.clients;
    (is_other && !path.is_empty() && way != ProvisionWay::Rfc7591).then(|| path.to_owned())
}

/// Returns the commands that make the connector's client in Keycloak, with no right but to manage clients.
pub(super) fn keycloak_commands(table: &Table, issuer: &Issuer) -> String {
    let provision = provider_table(table).and_then(|provider| provider.get("provision"));
    let setting = |name: &str| provider_setting(provision, name);
    let realm = setting("realm").unwrap_or_else(|| {
        let realm = issuer.path().split_once(REALMS).map(|(_, realm)| realm);
        realm.unwrap_or("REALM").to_owned()
    });
    let client = setting("client").unwrap_or_else(|| "frontdesk".to_owned());
    let file = shell_quoted(Path::new(&setting("secret_file").unwrap_or_default()));
    format!(
        "# In Keycloak, once, after `kcadm.sh config credentials …`:\n\
        kcadm.sh create clients -r {realm} -s clientId={client} -s publicClient=false -s standardFlowEnabled=false \\\n    \
        -s directAccessGrantsEnabled=false -s serviceAccountsEnabled=true -s \"secret=$(cat {file})\"\n\
        kcadm.sh add-roles -r {realm} --uusername service-account-{client} --cclientid realm-management --rolename manage-clients\n"
    )
}

fn provider_setting(provision: Option<&Value>, name: &str) -> Option<String> {
    provision?.get(name)?.as_str().map(str::to_owned)
}

/// Returns the table of the only provider.
fn provider_table(table: &Table) -> Option<&Table> {
    table
        .get("provider")
        .and_then(Value::as_array)?
        .first()?
        .as_table()
}
