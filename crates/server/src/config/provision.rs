//! `[provider.provision]`: the authorization server into whose client table the clients of a provider are written.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{anyhow, bail};
use protocol::Issuer;
use provisioning::{CopyTemplate, CredentialFile, Limit, OnDelete, Ready, keycloak};
use url::Url;

use super::secret_files::unreadable;
use super::server_address;
use crate::setting::DefaultText;
use crate::setting::values::SecretPath;
use crate::settings::{ConnectorKind, Limits, ProvisionSettings, named};

const TO: &str = "provider.provision.to";
const AT: &str = "provider.provision.at";
const REALM: &str = "provider.provision.realm";
const CLIENT: &str = "provider.provision.client";
const SECRET_FILE: &str = "provider.provision.secret_file";
const TOKEN_FILE: &str = "provider.provision.token_file";
const READY: &str = "provider.provision.ready";
const PATIENCE: &str = "provider.provision.patience";
const TEMPLATE: &str = "provider.provision.template";
const ON_DELETE: &str = "provider.provision.on_delete";

/// The part of a Keycloak address that comes before the name of a realm.
pub const REALMS: &str = "/realms/";

/// The client identifier of the service account, unless it is configured.
const SERVICE_ACCOUNT: &str = "frontdesk";

/// The server into which the clients of a provider are written.
#[derive(Debug, Clone)]
pub struct ProvisionConfig {
    pub target: ProvisionTarget,
    /// The time at which a registration is answered.
    pub ready: Ready,
    /// The time for which a request waits for the server.
    pub patience: Duration,
    /// A file with members that lie under each copy.
    pub template: Option<PathBuf>,
    pub on_delete: OnDelete,
    /// The maximum number of copies; 0 is no limit.
    pub at_most: u32,
    /// The interval at which copies and clients are compared.
    pub reconcile: Duration,
    /// True if credentials and secrets pass a network in clear.
    pub is_plain: bool,
}

/// The API of the server.
#[derive(Debug, Clone)]
pub enum ProvisionTarget {
    /// Keycloak's admin API.
    Keycloak(keycloak::KeycloakSettings),
    /// Hydra's admin API, or that of a script.
    Http {
        at: Url,
        token: Option<CredentialFile>,
    },
    /// The server's dynamic client registration.
    Rfc7591 {
        /// The registration endpoint; that of the server's document if it is not configured.
        at: Option<Url>,
        /// True if it may be reached over http beyond loopback.
        plain_http: bool,
        token: Option<CredentialFile>,
    },
}

impl ProvisionTarget {
    /// Returns the values that this kind of server supports and does not list in its document.
    pub fn additions(&self) -> &'static [(&'static str, &'static [&'static str])] {
        match self {
            Self::Keycloak(_) => keycloak::ADDITIONS,
            Self::Http { .. } | Self::Rfc7591 { .. } => &[],
        }
    }

    /// Returns the limits of this kind of server on values of client metadata.
    pub fn limits(&self) -> &'static [Limit] {
        match self {
            Self::Keycloak(_) => &keycloak::LIMITS,
            Self::Http { .. } | Self::Rfc7591 { .. } => &[],
        }
    }

    /// Returns the address of the API, unless it follows from the server's document.
    pub fn address(&self) -> Option<&Url> {
        match self {
            Self::Keycloak(settings) => Some(&settings.at),
            Self::Http { at, .. } => Some(at),
            Self::Rfc7591 { at, .. } => at.as_ref(),
        }
    }

    /// Returns the name of its kind, as the setting has it.
    pub fn kind(&self) -> ConnectorKind {
        match self {
            Self::Keycloak(_) => ConnectorKind::Keycloak,
            Self::Http { .. } => ConnectorKind::Http,
            Self::Rfc7591 { .. } => ConnectorKind::Rfc7591,
        }
    }

    /// Returns the file with the credential, if there is one.
    pub fn credential(&self) -> Option<&CredentialFile> {
        match self {
            Self::Keycloak(settings) => Some(&settings.secret),
            Self::Http { token, .. } | Self::Rfc7591 { token, .. } => token.as_ref(),
        }
    }
}

impl ProvisionConfig {
    /// Reads the template.
    ///
    /// # Errors
    /// Names the setting and the file.
    pub fn template(&self) -> anyhow::Result<CopyTemplate> {
        let Some(path) = &self.template else {
            return Ok(CopyTemplate::default());
        };
        let text = fs::read_to_string(path).map_err(|error| unreadable(TEMPLATE, path, &error))?;
        CopyTemplate::parse(&text).map_err(|reason| {
            anyhow!(
                "{} names {}, which {reason}",
                named(TEMPLATE),
                path.display()
            )
        })
    }

    /// Checks that the files which it names can be used.
    ///
    /// # Errors
    /// Names the setting and the file.
    pub fn check_files(&self) -> anyhow::Result<()> {
        if let Some(credential) = self.target.credential() {
            credential.read()?;
        }
        self.template().map(drop)
    }
}

/// Reads the registration endpoint of a server's document, which a connector is to use.
///
/// # Errors
/// The endpoint may not be used.
pub fn registration_endpoint(text: &str, plain_http: bool) -> anyhow::Result<Url> {
    server_address::parse(text, plain_http).ok_or_else(|| {
        anyhow!(
            "the registration_endpoint of the upstream document must be an https URL (http on loopback, or with plain_http); set {}",
            named(AT)
        )
    })
}

/// Reads the section; nothing if it is empty.
///
/// # Errors
/// Names the setting that is wrong.
pub(super) fn read(
    settings: ProvisionSettings,
    issuer: &Issuer,
    has_upstream: bool,
    limits: &Limits,
) -> anyhow::Result<Option<ProvisionConfig>> {
    let Some(to) = settings.to else {
        if settings != ProvisionSettings::default() {
            bail!(
                "{} must be set, since other settings of [provider.provision] are",
                named(TO)
            );
        }
        return Ok(None);
    };
    let only = |key, is_set: bool, kinds: &[ConnectorKind]| match is_set && !kinds.contains(&to) {
        true => {
            let kinds: Vec<String> = kinds.iter().map(DefaultText::text).collect();
            Err(anyhow!(
                "{} is for {} only",
                named(key),
                kinds.join(" and ")
            ))
        }
        false => Ok(()),
    };
    let keycloak = [ConnectorKind::Keycloak];
    let bearer = [ConnectorKind::Http, ConnectorKind::Rfc7591];
    let with_template = [ConnectorKind::Keycloak, ConnectorKind::Http];
    only(REALM, settings.realm.is_some(), &keycloak)?;
    only(CLIENT, settings.client.is_some(), &keycloak)?;
    only(SECRET_FILE, settings.secret_file.is_some(), &keycloak)?;
    only(TOKEN_FILE, settings.token_file.is_some(), &bearer)?;
    only(TEMPLATE, settings.template.is_some(), &with_template)?;
    if to == ConnectorKind::Rfc7591 && settings.ready == Ready::Later {
        bail!(
            "{} must be wait: rfc7591 chooses the identifier",
            named(READY)
        );
    }
    if to != ConnectorKind::Keycloak && settings.on_delete == OnDelete::Disable {
        let name = to.text();
        bail!(
            "{} must be delete: {name} cannot disable a client",
            named(ON_DELETE)
        );
    }
    if settings.patience >= Duration::from_secs(limits.handler_seconds.into()) {
        bail!(
            "{} must be shorter than {}",
            named(PATIENCE),
            named("limits.handler_seconds")
        );
    }
    let plain_http = settings.plain_http;
    let read = |text: &String| server_address::read(AT, text, plain_http);
    let at = settings.at.as_ref().map(read).transpose()?;
    Ok(Some(ProvisionConfig {
        is_plain: at.as_ref().is_some_and(server_address::is_plain),
        ready: settings.ready,
        patience: settings.patience,
        template: settings.template.clone(),
        on_delete: settings.on_delete,
        at_most: settings.at_most,
        reconcile: settings.reconcile,
        target: target(to, at, settings, issuer, has_upstream)?,
    }))
}

/// Reads the settings of the API.
fn target(
    to: ConnectorKind,
    at: Option<Url>,
    settings: ProvisionSettings,
    issuer: &Issuer,
    has_upstream: bool,
) -> anyhow::Result<ProvisionTarget> {
    let token = settings
        .token_file
        .map(|path| credential(TOKEN_FILE, path))
        .transpose()?;
    let must_be_set = |key| anyhow!("{} must be set when to is {}", named(key), to.text());
    Ok(match (to, at) {
        (ConnectorKind::Rfc7591, None) if !has_upstream => bail!(
            "{} must be set when to is rfc7591 and {} is not",
            named(AT),
            named("provider.upstream.document")
        ),
        (ConnectorKind::Rfc7591, at) => ProvisionTarget::Rfc7591 {
            at,
            plain_http: settings.plain_http,
            token,
        },
        (_, None) => return Err(must_be_set(AT)),
        (ConnectorKind::Http, Some(at)) => ProvisionTarget::Http { at, token },
        (ConnectorKind::Keycloak, Some(at)) => {
            let path = settings
                .secret_file
                .ok_or_else(|| must_be_set(SECRET_FILE))?;
            ProvisionTarget::Keycloak(keycloak::KeycloakSettings {
                at,
                realm: realm(settings.realm, issuer)?,
                client: filled(CLIENT, settings.client)?
                    .unwrap_or_else(|| SERVICE_ACCOUNT.to_owned()),
                secret: credential(SECRET_FILE, path)?,
            })
        }
    })
}

/// Returns the realm: as configured, or else the one of the issuer.
fn realm(configured: Option<String>, issuer: &Issuer) -> anyhow::Result<String> {
    if let Some(realm) = filled(REALM, configured)? {
        return Ok(realm);
    }
    let of_issuer = issuer.path().split_once(REALMS).map(|(_, realm)| realm);
    match of_issuer.map(|realm| realm.trim_end_matches('/')) {
        Some(realm) if !realm.is_empty() && !realm.contains(['/', '%']) => Ok(realm.to_owned()),
        _ => bail!(
            "{} must be set: the issuer {issuer} has no {REALMS} in its path",
            named(REALM)
        ),
    }
}

fn credential(key: &str, SecretPath(path): SecretPath) -> anyhow::Result<CredentialFile> {
    if path.as_os_str().is_empty() {
        bail!("{} must not be empty", named(key));
    }
    Ok(CredentialFile {
        setting: named(key),
        path,
    })
}

fn filled(key: &str, text: Option<String>) -> anyhow::Result<Option<String>> {
    match text {
        Some(text) if text.trim().is_empty() => bail!("{} must not be empty", named(key)),
        text => Ok(text),
    }
}
