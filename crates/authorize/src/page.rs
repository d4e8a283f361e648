//! The pages of the hop: a heading, a sentence, the host of the client and the identifier of the request.
//!
//! A browser shows them with the user's trust in this host, so they have no link, form, script or picture, and no text of a
//! request but that host. All failures of a kind have the same bytes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use openssl::sha::sha256;

/// The style of every page.
const STYLE: &str = "body{margin:0;font:16px/1.5 system-ui,sans-serif;color:#1b1b1f;background:#fff}main{max-width:34rem;margin:15vh auto 0;padding:0 1.5rem}h1{font-size:1.5rem}small{color:#5a5a63}@media(prefers-color-scheme:dark){body{color:#e6e6ea;background:#1b1b1f}small{color:#a2a2ad}}";

const HEADING: &str = "Sign-in cannot continue";

/// Returns the `Content-Security-Policy` of every page: its own style, and nothing else. CSP Level 3.
pub(crate) fn content_security_policy() -> String {
    let digest = STANDARD.encode(sha256(STYLE.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{digest}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    )
}

/// Returns a page. The texts are escaped here.
pub(crate) fn render(sentence: &str, host: Option<&str>, request_id: Option<&str>) -> String {
    let line = |label: &str, text: Option<&str>| {
        text.map_or_else(String::new, |text| {
            format!(
                "<p><small>{label}: <code>{}</code></small></p>\n",
                escape(text)
            )
        })
    };
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>{HEADING}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{HEADING}</h1>\n<p>{}</p>\n{}{}</main>\n</body>\n</html>\n",
        escape(sentence),
        line("Application", host),
        line("Request", request_id),
    )
}

/// Escapes a text for an element. HTML §13.3.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Markup in a text is text, wherever it comes from.
    #[test]
    fn texts_on_a_page_are_escaped() {
        let hostile = "<script>\"&";
        let page = render(hostile, Some(hostile), Some(hostile));
        assert!(!page.contains("<script"), "{page}");
        assert_eq!(page.matches("&lt;script&gt;&quot;&amp;").count(), 3);
    }

    /// A page leads nowhere and loads nothing.
    #[test]
    fn page_has_no_link_form_script_or_picture() {
        let page = render("Try again in a moment.", Some("app.example"), Some("1"));
        for forbidden in [
            "<a", "<form", "<script", "<img", "<link", "href", "src=", "refresh", "url(",
        ] {
            assert!(!page.contains(forbidden), "{forbidden}: {page}");
        }
        assert_eq!(page.matches("<h1>").count(), 1);
    }

    /// CSP Level 3 §2.3.1: the style is allowed by the digest of exactly its bytes.
    #[test]
    fn policy_has_the_digest_of_the_style() {
        let page = render("x", None, None);
        let (_, rest) = page.split_once("<style>").unwrap();
        let (style, _) = rest.split_once("</style>").unwrap();
        let digest = STANDARD.encode(sha256(style.as_bytes()));
        assert!(content_security_policy().contains(&format!("style-src 'sha256-{digest}';")));
    }
}
