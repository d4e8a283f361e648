//! URIs, stored byte for byte as they were sent.
//!
//! A URL that two programs read differently is how an authorization code reaches the wrong host. So each URI is checked as
//! text first and parsed second, and is refused if the host or the port that the parser finds is not the one that is written.
//! Parsing is skipped for names that every parser reads as they are written, because parsing ten URLs takes longer than the rest
//! of a registration.

mod query;
mod redirect;
mod refused_schemes;
mod syntax;

use serde_json::{Value, json};
use url::Url;

use crate::form::JsonForm;
use crate::member::{Reason, SingleValue, text};

pub(crate) use query::find_parameter;
pub use redirect::{PATTERN_MARKER, PATTERN_MAX, RedirectForm, RedirectUri};
pub use refused_schemes::{REFUSED_SCHEMES, RefusedSchemes};
pub use syntax::{URI_MAX, is_loopback};
pub(crate) use syntax::{authority, dns_name, origin, port_number, split_port};
use syntax::{is_scheme, no_fragment, plain, web};

macro_rules! uri {
    ($(#[$meta:meta])* $name:ident, $shape:literal, $pattern:literal, $check:expr $(, stored $stored:expr)?) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name(String);

        impl $name {
            /// Reads the URI.
            ///
            /// # Errors
            /// The text is not a URI of this type.
            pub fn parse(text: String) -> Result<Self, Reason> {
                let check: fn(&str) -> Result<(), Reason> = $check;
                check(&text).map(|()| Self(text))
            }

            /// Returns the URI, byte for byte as it was sent.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl SingleValue for $name {
            const ADDRESSES: bool = true;
            const SHAPE: &'static str = $shape;

            fn schema() -> Value {
                json!({ "type": "string", "format": "uri", "pattern": $pattern, "maxLength": URI_MAX })
            }

            fn read(value: Value) -> Result<Self, Reason> {
                text(value).and_then(Self::parse)
            }

            $(
                fn read_stored(value: Value) -> Result<Self, Reason> {
                    let check: fn(&str) -> Result<(), Reason> = $stored;
                    let text = text(value)?;
                    check(&text).map(|()| Self(text))
                }
            )?

            fn write(&self) -> JsonForm<'_> {
                self.0.as_str().into()
            }

            fn uris(&self) -> Vec<&str> {
                vec![&self.0]
            }
        }
    };
}

uri! {
    /// An http or https URL without a fragment or user information.
    WebUri, "http or https URL", r"^[Hh][Tt][Tt][Pp][Ss]?://[^#]+$", |text| no_fragment(text).and_then(|()| web(text, &["https", "http"]))
}

uri! {
    /// An https URL without a fragment or user information.
    HttpsUri, "https URL", r"^[Hh][Tt][Tt][Pp][Ss]://[^#]+$", |text| no_fragment(text).and_then(|()| web(text, &["https"]))
}

uri! {
    /// An https URL that may have a fragment, such as the hash of the request object. OIDC Core §6.2.
    RequestUri, "https URL", r"^[Hh][Tt][Tt][Pp][Ss]://[^#]+(#[^#]*)?$", |text| {
        plain(text)?;
        let (address, fragment) = text.split_once('#').unwrap_or((text, ""));
        if fragment.contains('#') { Err("must contain at most one fragment".into()) } else { plain(address).and_then(|()| web(address, &["https"])) }
    }
}

uri! {
    /// A URI to which users are redirected without a code or token: http, https or a private-use scheme. OIDC RP-Initiated Logout
    /// §3.1.
    ReturnUri, "URI", r"^[A-Za-z][A-Za-z0-9+.-]*:[^#]+$", |text| return_form(text).and_then(|()| refused_schemes::reject(text)),
    stored return_form
}

fn return_form(text: &str) -> Result<(), Reason> {
    no_fragment(text)?;
    match text.split_once(':').filter(|(scheme, _)| is_scheme(scheme)) {
        Some((scheme, _))
            if scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http") =>
        {
            web(text, &["https", "http"])
        }
        Some(_) if RedirectUri::parse_form(text.to_owned())?.form() == RedirectForm::PrivateUse => {
            Ok(())
        }
        _ => Err("must be an absolute URI".into()),
    }
}

impl ReturnUri {
    /// Returns the scheme in lower case if it is a private-use scheme. RFC 8252 §7.1.
    pub fn private_use_scheme(&self) -> Option<String> {
        let uri = RedirectUri::parse_form(self.0.clone())
            .ok()
            .filter(|uri| uri.form() == RedirectForm::PrivateUse)?;
        uri.scheme()
    }
}

uri! {
    /// An endpoint of a provider: https, or http on loopback, without a fragment or user information.
    EndpointUri, "https URL", r"^[Hh][Tt][Tt][Pp][Ss]?://[^#]+$", |text| {
        no_fragment(text)?;
        web(text, &["https", "http"])?;
        match Url::parse(text) {
            Ok(url) if url.scheme() == "https" || is_loopback(&url) => Ok(()),
            _ => Err("must be an https URL".into()),
        }
    }
}
