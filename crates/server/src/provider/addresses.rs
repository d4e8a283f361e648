//! Which addresses are whose, on a host that several providers share.

use crate::config::ProviderConfig;

/// The first path segments below the path of every provider.
const OWN: [&str; 4] = ["identity", "jwks", "oauth2", "register"];

/// The first path segments of the WSO2 endpoints.
const DOOR: [&str; 2] = ["identity", "oauth2"];

/// Every provider has its WSO2 doors below its issuer's path. The host's root has the doors of the provider there, or of
/// the first one configured on that host.
pub fn doors(all: &[ProviderConfig], one: &ProviderConfig) -> Vec<String> {
    let mut doors = vec![one.issuer.path().to_owned()];
    let mut on_host = all
        .iter()
        .filter(|other| other.issuer.host() == one.issuer.host());
    let at_root = on_host.clone().any(|other| other.issuer.path().is_empty());
    if !at_root
        && on_host
            .next()
            .is_some_and(|first| first.issuer == one.issuer)
    {
        doors.push(String::new());
    }
    doors
}

/// Looks for a provider whose path lies where addresses of another are, so that one of them could not be reached.
///
/// # Errors
/// The rest of a sentence that begins with the setting.
pub fn apart(all: &[ProviderConfig]) -> Result<(), String> {
    for one in all {
        let (issuer, path) = (&one.issuer, one.issuer.path());
        if path.split('/').any(|segment| segment == ".well-known") {
            return Err(format!(
                "the issuer {issuer} has .well-known in its path, where documents are (RFC 8615); give it another path"
            ));
        }
        for other in all
            .iter()
            .filter(|other| other.issuer.host() == issuer.host())
        {
            for door in doors(all, other) {
                let itself = other.issuer == *issuer;
                let taken: &[&str] = match (door == other.issuer.path(), itself) {
                    (true, true) => continue,
                    (true, false) => &OWN,
                    (false, false) => &DOOR,
                    // Its own documents are the same at both places, its registrations are not.
                    (false, true) => &["identity"],
                };
                let name = path
                    .strip_prefix(&door)
                    .and_then(|rest| rest.strip_prefix('/')?.split('/').next());
                if let Some(name) = name.filter(|name| taken.contains(name)) {
                    return Err(format!(
                        "the issuer {issuer} is at {door}/{name}, where {} has addresses of its own; give it another path",
                        if itself {
                            "the host".to_owned()
                        } else {
                            other.issuer.to_string()
                        }
                    ));
                }
            }
        }
    }
    Ok(())
}
