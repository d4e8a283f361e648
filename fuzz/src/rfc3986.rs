//! A reader of URIs that is independent of the parsers: the regular expression of RFC 3986, appendix B.

/// The scheme and the authority of a URI.
pub(crate) struct Parts<'a> {
    pub(crate) scheme: &'a str,
    pub(crate) authority: Option<&'a str>,
}

/// Splits a URI; `None` if it has no scheme.
pub(crate) fn parts(text: &str) -> Option<Parts<'_>> {
    let (scheme, rest) = text
        .split_once([':', '/', '?', '#'])
        .filter(|(scheme, _)| {
            text.get(scheme.len()..)
                .is_some_and(|at| at.starts_with(':'))
        })?;
    let authority = rest
        .strip_prefix("//")
        .map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
    Some(Parts { scheme, authority })
}

/// Returns the host of an authority, without user information and port.
pub(crate) fn host(authority: &str) -> &str {
    let host = authority.rsplit('@').next().unwrap_or_default();
    match host.rsplit_once(':') {
        Some((before, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => before,
        _ => host,
    }
}
