//! Rules over several members: one function for each sentence of a specification that has one.

mod authentication;
mod logout;
mod redirection;
mod tokens;

use crate::ClientMetadata;
use crate::admit::AdmissionRules;
use crate::member::{Invalid, Reason};
use crate::values::GrantType;

pub use redirection::REDIRECT_URIS_MAX;
pub(crate) use redirection::ways_back;
pub use tokens::REQUEST_URIS_MAX;

/// One rule.
pub struct Rule {
    /// What it says, in one sentence.
    pub doc: &'static str,
    /// Where that is written.
    pub spec: &'static str,
    /// Whether what is about to be agreed keeps it.
    pub check: fn(&ClientMetadata, &AdmissionRules<'_>) -> Result<(), Invalid>,
}

/// Every rule, in the order they are checked.
pub const ALL: &[Rule] = &[
    Rule {
        doc: "Redirect URIs are there when a granted flow redirects.",
        spec: "RFC 7591 §2",
        check: redirection::are_there,
    },
    Rule {
        doc: "URIs that users are sent back to are not too many.",
        spec: "RFC 7591 §2, UMA 2.0 Grant §2, OIDC RP-Initiated Logout §3.1",
        check: redirection::are_few,
    },
    Rule {
        doc: "Patterns and values without a scheme come from WSO2 clients only.",
        spec: "RFC 9700 §2.1",
        check: redirection::legacy,
    },
    Rule {
        doc: "A client is a web or a native application.",
        spec: "OIDC Registration §2",
        check: redirection::known_application,
    },
    Rule {
        doc: "A web application is redirected to https only, and not to localhost with the implicit grant.",
        spec: "OIDC Registration §2",
        check: redirection::of_web_applications,
    },
    Rule {
        doc: "A native application is redirected to https, to loopback, or to a private-use scheme of its own, after a logout too.",
        spec: "RFC 8252 §7",
        check: redirection::of_native_applications,
    },
    Rule {
        doc: "A logout through the browser is announced where the client is redirected to.",
        spec: "OIDC Front-Channel Logout §2",
        check: logout::frontchannel_beside_a_redirect_uri,
    },
    Rule {
        doc: "Only a client that authenticates is told of a logout over http.",
        spec: "OIDC Back-Channel Logout §2.2",
        check: logout::confidential_backchannel,
    },
    Rule {
        doc: "Only users of a client that authenticates are sent to http after a logout, except to a native application on loopback.",
        spec: "OIDC RP-Initiated Logout §3.1",
        check: logout::confidential_way_out,
    },
    Rule {
        doc: "A URI that users are sent to after a logout leaves the query parameter state to the provider.",
        spec: "OIDC RP-Initiated Logout §3",
        check: logout::way_out_without_state,
    },
    Rule {
        doc: "Keys are given by value or by reference, not both.",
        spec: "RFC 7591 §2",
        check: authentication::one_source_of_keys,
    },
    Rule {
        doc: "A client that authenticates with keys registers them.",
        spec: "OIDC Core §9",
        check: authentication::keys,
    },
    Rule {
        doc: "A client that authenticates with a certificate of a public key infrastructure names one subject.",
        spec: "RFC 8705 §2.1.2",
        check: authentication::one_certificate_subject,
    },
    Rule {
        doc: "Only a client that authenticates may use the client credentials grant.",
        spec: "RFC 6749 §4.4",
        check: authentication::of_client_credentials,
    },
    Rule {
        doc: "A JWT that authenticates is signed.",
        spec: "OIDC Registration §2",
        check: authentication::is_signed,
    },
    Rule {
        doc: "A JWT is signed with the kind of key its authentication method has: a shared secret, or the client's own key.",
        spec: "OIDC Core §9",
        check: authentication::fits_its_method,
    },
    Rule {
        doc: "A client without a secret has nothing signed or encrypted with one.",
        spec: "OIDC Core §10.1, §10.2",
        check: authentication::no_secret_of_public_clients,
    },
    Rule {
        doc: "ID Tokens are unsigned only when they come straight from the token endpoint.",
        spec: "OIDC Registration §2",
        check: tokens::unsigned_id_tokens,
    },
    Rule {
        doc: "Authorization responses that are JWTs are signed.",
        spec: "JARM §3",
        check: tokens::signed_authorization_responses,
    },
    Rule {
        doc: "A client that sends signed requests only does not send unsigned ones.",
        spec: "RFC 9101 §10.5",
        check: tokens::signed_request_objects,
    },
    Rule {
        doc: "Request URIs are not too many.",
        spec: "OIDC Registration §2",
        check: tokens::few_request_uris,
    },
    Rule {
        doc: "A client with the CIBA grant says how tokens reach it.",
        spec: "CIBA §4",
        check: tokens::delivery_mode_of_ciba,
    },
    Rule {
        doc: "A client that is told of tokens, or sent them, says where.",
        spec: "CIBA §4",
        check: tokens::notification_endpoint_of_ciba,
    },
    Rule {
        doc: "Requests for an authentication on another device are signed with the client's own key.",
        spec: "CIBA §7.1.1",
        check: tokens::own_key_for_ciba,
    },
];

fn grants(agreed: &ClientMetadata) -> &[GrantType] {
    agreed.grant_types.as_deref().unwrap_or_default()
}

fn refuse(member: &'static str, reason: impl Into<Reason>) -> Result<(), Invalid> {
    Err(Invalid::new(member, reason))
}
