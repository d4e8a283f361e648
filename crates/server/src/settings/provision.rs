//! `[provider.provision]`: the settings of the server into which the clients of a provider are written.

use std::path::PathBuf;
use std::time::Duration;

use provisioning::{OnDelete, Ready};
use serde::Deserialize;

use crate::setting::values::SecretPath;
use crate::setting::{
    BoundedValue, DefaultText, FileSection, Setting, SettingDefault, SettingError, SettingValue,
    ValueError, ValueKind, choices, one_of, row, section,
};

section! {
    ProvisionFile => ProvisionSettings, "provider.provision.", {
        /// The kind of authorization server into whose client table each client is written: keycloak, http (Hydra's admin API, or a script with the same calls) or rfc7591 (its own dynamic client registration).
        to: Option<ConnectorKind>, default "none: clients are not written anywhere else", "FRONTDESK_PROVISION_TO";
        /// The address of its API: of Keycloak without /realms, of the collection of clients, or of the registration endpoint.
        at: Option<String>, default "for rfc7591 the registration_endpoint of the upstream document; otherwise it must be set", "FRONTDESK_PROVISION_AT";
        /// The realm, with keycloak.
        realm: Option<String>, default "the issuer's path behind /realms/", "FRONTDESK_PROVISION_REALM";
        /// The client identifier of the service account, with keycloak.
        client: Option<String>, default "frontdesk", "FRONTDESK_PROVISION_CLIENT";
        /// A file with the secret of the service account, with keycloak; it is read again at each log-in.
        secret_file: Option<SecretPath>, default "none; it must be set with keycloak", "FRONTDESK_PROVISION_SECRET_FILE";
        /// A file with the bearer token for the API, with http and rfc7591; it is read again at each call.
        token_file: Option<SecretPath>, default "", "FRONTDESK_PROVISION_TOKEN_FILE";
        /// The time at which a registration is answered: wait (the authorization server has the client) or later (the client is stored, and delivered after that).
        ready: Ready = Ready::Wait, "FRONTDESK_PROVISION_READY";
        /// The time for which a request waits for the authorization server; it must be shorter than limits.handler_seconds.
        patience: Duration = Duration::from_secs(5), in Duration::from_millis(500)..=Duration::from_secs(10), "FRONTDESK_PROVISION_PATIENCE";
        /// A file with a JSON object in the server's own words, which lies under each copy; not with rfc7591.
        template: Option<PathBuf>, default "", "FRONTDESK_PROVISION_TEMPLATE";
        /// The treatment of the copy of a client that was deleted: delete or, with keycloak, disable.
        on_delete: OnDelete = OnDelete::Delete, "FRONTDESK_PROVISION_ON_DELETE";
        /// The maximum number of copies; a further registration is 503, and 0 is no limit.
        at_most: u32 = 0, "FRONTDESK_PROVISION_AT_MOST";
        /// The interval at which the copies are compared with the clients.
        reconcile: Duration = Duration::from_mins(15), in Duration::from_mins(1)..=Duration::from_hours(24), "FRONTDESK_PROVISION_RECONCILE";
        /// The API may be reached over http beyond loopback, in a container network for example, where credentials and secrets pass in clear.
        plain_http: bool = false, "FRONTDESK_PROVISION_PLAIN_HTTP";
    }
}

/// The values of `provider.provision.to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectorKind {
    Keycloak,
    Http,
    Rfc7591,
}

choices! {
    ConnectorKind: "keycloak" => Keycloak, "http" => Http, "rfc7591" => Rfc7591;
    Ready: "wait" => Wait, "later" => Later;
    OnDelete: "delete" => Delete, "disable" => Disable;
}
