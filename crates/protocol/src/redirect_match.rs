//! The comparison of a presented redirect URI with the registered ones. RFC 6749 §3.1.2.3, RFC 8252 §7.3.

use crate::redirect_pattern::RedirectPattern;
use crate::uri::{RedirectForm, authority, split_port};
use crate::values::ApplicationType;
use crate::{ClientMetadata, RedirectUri};

impl ClientMetadata {
    /// Returns true if an authorization response may be sent to the presented URI: it is registered byte for byte; or, for a native
    /// client, it equals a registered http URI on loopback but for the port; or a registered pattern matches it.
    pub fn allows_redirect(&self, presented: &str) -> bool {
        let registered = || self.redirect_uris.iter().flatten();
        let is_plain = |uri: &&RedirectUri| {
            !matches!(uri.form(), RedirectForm::Pattern | RedirectForm::Schemeless)
        };
        if registered()
            .filter(is_plain)
            .any(|uri| uri.as_str() == presented)
        {
            return true;
        }
        let Ok(uri) = RedirectUri::parse(presented.to_owned()) else {
            return false;
        };
        if uri.form() == RedirectForm::Pattern || uri.form() == RedirectForm::Schemeless {
            return false;
        }
        let is_native = self.application_type == Some(ApplicationType::Native);
        let has_other_port = |known: &RedirectUri| {
            known.form() == RedirectForm::HttpLoopback
                && uri.form() == RedirectForm::HttpLoopback
                && without_port(known.as_str()) == without_port(presented)
        };
        (is_native && registered().any(has_other_port))
            || registered()
                .filter(|known| known.form() == RedirectForm::Pattern)
                .filter_map(|pattern| RedirectPattern::parse(pattern).ok()?.regex().ok())
                .any(|regex| regex.is_match(presented))
    }
}

/// Returns the scheme and the host, and the text after the authority.
fn without_port(uri: &str) -> Option<(&str, &str, &str)> {
    let (scheme, rest) = uri.split_once("://")?;
    let authority = authority(rest);
    Some((
        scheme,
        split_port(authority).0,
        rest.get(authority.len()..)?,
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::RegisteredMetadata;

    fn allows(application_type: &str, registered: &str, presented: &str) -> bool {
        let metadata =
            json!({ "application_type": application_type, "redirect_uris": [registered] });
        let metadata = RegisteredMetadata::from_stored(metadata.to_string()).unwrap();
        metadata.members().allows_redirect(presented)
    }

    /// RFC 6749 §3.1.2.3: any other URI than a registered one is compared byte for byte.
    #[test]
    fn uris_are_compared_byte_for_byte() {
        for presented in [
            "https://rp.example/cb/",
            "https://rp.example/cb?x=1",
            "https://RP.example/cb",
            "https://rp.example:443/cb",
            "https://rp.example:8443/cb",
            "http://rp.example/cb",
            "",
        ] {
            assert!(
                !allows("web", "https://rp.example/cb", presented),
                "{presented}"
            );
            assert!(
                !allows("native", "https://rp.example/cb", presented),
                "{presented}"
            );
        }
        assert!(allows(
            "web",
            "https://rp.example/cb",
            "https://rp.example/cb"
        ));
        assert!(allows(
            "native",
            "com.example.app:/cb",
            "com.example.app:/cb"
        ));
        assert!(!allows(
            "native",
            "com.example.app:/cb",
            "com.example.app:/cb2"
        ));
    }

    /// RFC 8252 §7.3: the port of a native client's loopback URI may differ, and nothing else.
    #[test]
    fn native_loopback_port_may_differ() {
        for host in ["localhost", "127.0.0.1", "[::1]"] {
            let registered = format!("http://{host}/cb");
            let other_port = format!("http://{host}:49152/cb");
            assert!(allows("native", &registered, &other_port), "{host}");
            assert!(allows("native", &other_port, &registered), "{host}");
            assert!(!allows("web", &registered, &other_port), "{host}");
            assert!(!allows(
                "native",
                &registered,
                &format!("http://{host}:49152/other")
            ));
            assert!(!allows(
                "native",
                &registered,
                &format!("https://{host}:49152/cb")
            ));
        }
        assert!(!allows(
            "native",
            "http://localhost/cb",
            "http://127.0.0.1:1/cb"
        ));
        assert!(!allows(
            "native",
            "http://localhost/cb",
            "http://localhost:1@evil.example/cb"
        ));
        assert!(!allows(
            "native",
            "http://localhost/cb",
            "http://localhost.evil.example/cb"
        ));
    }

    /// A registered pattern allows its matches and nothing that looks like a pattern.
    #[test]
    fn pattern_allows_its_matches() {
        let pattern = "regexp=(https://a.example/cb|https://b.example/cb)";
        assert!(allows("web", pattern, "https://a.example/cb"));
        assert!(!allows("web", pattern, "https://aXexample/cb"));
        assert!(!allows("web", pattern, "https://a.example/cb2"));
        assert!(!allows("web", pattern, pattern));
    }
}
