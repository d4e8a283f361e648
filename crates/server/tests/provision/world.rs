//! A service with a scripted Hydra or Keycloak behind it, and the looks at both sides.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use tempfile::TempDir;

use crate::scripted_server::hydra::Hydra;
use crate::scripted_server::keycloak::{Keycloak, REALM, SECRET};
use crate::support::Setup;

/// The issuer, which stays the same when the service is started again.
pub const ISSUER: &str = "http://localhost:9443";

/// A service on a store of its own, without provisioning.
pub fn plain() -> Setup {
    Setup::new()
        .with("FRONTDESK_ISSUER", ISSUER)
        .with("FRONTDESK_REGISTRATION", "open")
        .within(&Arc::new(TempDir::new().unwrap()))
}

/// Provisioning into a Hydra.
pub fn into_hydra(setup: Setup, hydra: &Hydra) -> Setup {
    setup
        .with("FRONTDESK_PROVISION_TO", "http")
        .with("FRONTDESK_PROVISION_AT", hydra.at.as_str())
}

/// Provisioning into a Keycloak, whose secret is in a file of the folder.
pub fn into_keycloak(setup: Setup, keycloak: &Keycloak, folder: &Path) -> Setup {
    let secret = folder.join("keycloak.secret");
    fs::write(&secret, SECRET).unwrap();
    setup
        .with("FRONTDESK_PROVISION_TO", "keycloak")
        .with("FRONTDESK_PROVISION_AT", keycloak.at.as_str())
        .with("FRONTDESK_PROVISION_REALM", REALM)
        .with("FRONTDESK_PROVISION_SECRET_FILE", secret.to_str().unwrap())
}
