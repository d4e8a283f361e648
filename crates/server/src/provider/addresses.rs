//! The addresses of providers that share a host.

use anyhow::bail;

use crate::config::ProviderConfig;

/// The first path segments below the path of every provider.
const PROVIDER_SEGMENTS: [&str; 5] = ["authorize", "identity", "jwks", "oauth2", "register"];

/// The first path segments of the WSO2 endpoints.
const WSO2_SEGMENTS: [&str; 2] = ["identity", "oauth2"];

/// Returns the path prefixes of a provider's WSO2 endpoints. Every provider has them below its issuer's path. At the root of
/// a host are those of the provider whose issuer has no path, or of the first provider that is configured for that host.
pub fn wso2_prefixes(all: &[ProviderConfig], one: &ProviderConfig) -> Vec<String> {
    let mut prefixes = vec![one.issuer.path().to_owned()];
    let mut on_host = all
        .iter()
        .filter(|other| other.issuer.host() == one.issuer.host());
    let at_root = on_host.clone().any(|other| other.issuer.path().is_empty());
    if !at_root
        && on_host
            .next()
            .is_some_and(|first| first.issuer == one.issuer)
    {
        prefixes.push(String::new());
    }
    prefixes
}

/// Checks that no provider's path is an address of another provider, so that all of them can be reached.
///
/// # Errors
/// When a path is an address of another provider, or has `.well-known` in it.
pub fn check_overlaps(all: &[ProviderConfig]) -> anyhow::Result<()> {
    for one in all {
        let (issuer, path) = (&one.issuer, one.issuer.path());
        if path.split('/').any(|segment| segment == ".well-known") {
            bail!(
                "the issuer {issuer} has .well-known in its path, where documents are (RFC 8615); give it another path"
            );
        }
        for other in all
            .iter()
            .filter(|other| other.issuer.host() == issuer.host())
        {
            for prefix in wso2_prefixes(all, other) {
                let itself = other.issuer == *issuer;
                let taken: &[&str] = match (prefix == other.issuer.path(), itself) {
                    (true, true) => continue,
                    (true, false) => &PROVIDER_SEGMENTS,
                    (false, false) => &WSO2_SEGMENTS,
                    // Its own documents are the same at both places, its registrations are not.
                    (false, true) => &["identity"],
                };
                let name = path
                    .strip_prefix(&prefix)
                    .and_then(|rest| rest.strip_prefix('/')?.split('/').next());
                if let Some(name) = name.filter(|name| taken.contains(name)) {
                    bail!(
                        "the issuer {issuer} is at {prefix}/{name}, where {} has addresses of its own; give it another path",
                        if itself {
                            "the host".to_owned()
                        } else {
                            other.issuer.to_string()
                        }
                    );
                }
            }
        }
    }
    Ok(())
}
