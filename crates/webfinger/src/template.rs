//! URIs with a placeholder for the user's name.

use std::error::Error;
use std::fmt;
use std::str::FromStr;

use url::Url;

use crate::percent;
use crate::resource::is_forbidden_in_uri;

/// The placeholder for the user's name.
pub(crate) const USER_PLACEHOLDER: &str = "{user}";

/// An absolute URI with the placeholder `{user}` for the user part of an account, percent-encoded. RFC 3986 §4.3, RFC 7565 §7.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(String);

impl Template {
    /// The configured URI.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Template {
    type Err = TemplateError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if is_absolute(&text.replace(USER_PLACEHOLDER, "user")) {
            Ok(Self(text.to_owned()))
        } else {
            Err(TemplateError(text.to_owned()))
        }
    }
}

/// Returns true for a URI with a scheme and without characters that a URI may not have.
pub(crate) fn is_absolute(text: &str) -> bool {
    text.is_ascii()
        && !text.contains(is_forbidden_in_uri)
        && percent::is_well_formed(text)
        && Url::parse(text).is_ok()
}

/// Text that is not a [`Template`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateError(String);

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` must be an absolute URI, which may contain {USER_PLACEHOLDER} as a placeholder for the user's name.",
            self.0
        )
    }
}

impl Error for TemplateError {}

#[cfg(test)]
mod tests {
    use super::*;

    /// A template is an absolute URI with a placeholder for the user.
    #[test]
    fn template_is_an_absolute_uri() {
        for text in [
            "https://example.com/@{user}",
            "https://{user}.example.com/",
            "mailto:{user}@example.com",
            "https://example.com/a%20b#c",
        ] {
            assert_eq!(text.parse::<Template>().unwrap().as_str(), text);
        }
        for text in [
            "",
            "/@{user}",
            "example.com/{user}",
            "https://example.com/{name}",
            "https://example.com/%zz",
            "https://",
            "{user}",
        ] {
            let problem = text.parse::<Template>().unwrap_err().to_string();
            assert_eq!(
                problem,
                format!(
                    "`{text}` must be an absolute URI, which may contain {{user}} as a placeholder for the user's name."
                )
            );
        }
    }
}
