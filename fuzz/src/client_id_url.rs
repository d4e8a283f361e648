//! Client identifiers that are the URL of a metadata document.

use protocol::client_id_url::{ClientIdUrl, looks_like_document_id};
use url::Url;

/// An accepted identifier is what a URL parser makes of it, byte for byte, with the host and port that are written, and nothing but a
/// scheme, a host, a port and a path. An error continues a sentence.
pub fn holds(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    match ClientIdUrl::parse(text) {
        Ok(id) => {
            let url = Url::parse(text).expect("a URL");
            assert_eq!(url.as_str(), text, "one spelling");
            assert_eq!(id.as_str(), text);
            assert_eq!(url.host_str(), Some(id.host()), "{text}");
            let port = url
                .port()
                .map(|port| format!(":{port}"))
                .unwrap_or_default();
            assert_eq!(id.authority(), format!("{}{port}", id.host()), "{text}");
            assert_eq!(text, format!("https://{}{}", id.authority(), url.path()));
            assert!(
                url.path().len() > 1 && text.is_ascii() && text.len() <= 2048,
                "{text}"
            );
            assert!(looks_like_document_id(text), "{text}");
        }
        Err(error) => assert!(error.text().starts_with("must "), "{error}"),
    }
}
