//! The address to which the browser is sent on.

/// Returns the authorization endpoint of the server behind with the query of a request, byte for byte. RFC 6749 §3.1: the query
/// that the endpoint has itself stays.
pub fn location(target: &str, query: &str) -> String {
    let separator = match target.split_once('?') {
        _ if query.is_empty() => "",
        None => "?",
        Some((_, own)) if own.is_empty() || own.ends_with('&') => "",
        Some(_) => "&",
    };
    [target, separator, query].concat()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use url::Url;

    use super::*;

    /// The query is kept as it came: order, case, signs, empty and repeated parameters.
    #[test]
    fn query_is_kept_byte_for_byte() {
        let query = "b=%20+&a=&&A=%2f&a=1&client%5Fid=x&=&?";
        for (target, expected) in [
            ("https://login.example/auth", "https://login.example/auth?"),
            ("https://login.example/auth?", "https://login.example/auth?"),
            (
                "https://login.example/auth?x=1",
                "https://login.example/auth?x=1&",
            ),
            (
                "https://login.example/auth?x=1&",
                "https://login.example/auth?x=1&",
            ),
        ] {
            assert_eq!(location(target, query), format!("{expected}{query}"));
            assert_eq!(location(target, ""), target);
        }
    }

    proptest! {
        /// RFC 9700 §4.11: no request changes the server that the browser goes to.
        #[test]
        fn location_begins_with_the_target(query in "[!-~&&[^#]]{0,200}") {
            for target in ["https://login.example/auth", "https://login.example/auth?x=1"] {
                let location = location(target, &query);
                prop_assert!(location.starts_with(target));
                prop_assert!(location.ends_with(&query));
                prop_assert!(location.len() <= target.len() + 1 + query.len());
                let (there, url) = (Url::parse(target).unwrap(), Url::parse(&location).unwrap());
                prop_assert_eq!(url.origin(), there.origin());
                prop_assert_eq!(url.path(), there.path());
            }
        }
    }
}
