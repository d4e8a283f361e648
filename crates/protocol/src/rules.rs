//! Rules over several members, one function for each. They are checked after the policy has decided on single members.

mod authentication;
mod logout;
mod redirection;
mod tokens;

use crate::ClientMetadata;
use crate::admit::AdmissionRules;
use crate::member::{InvalidMember, Reason};
use crate::values::GrantType;

pub use redirection::REDIRECT_URIS_MAX;
pub(crate) use redirection::redirection_uris;
pub use tokens::REQUEST_URIS_MAX;

/// A rule.
pub struct Rule {
    /// The name of the rule within the member that breaks it.
    pub id: &'static str,
    /// The rule in a sentence, for the reference page.
    pub doc: &'static str,
    /// The specification and section of the rule.
    pub spec: &'static str,
    /// Checks metadata that is about to be registered.
    pub check: fn(&ClientMetadata, &AdmissionRules<'_>) -> Result<(), InvalidMember>,
}

/// The rules, in the order in which they are checked.
pub const ALL: &[Rule] = &[
    Rule {
        id: "required",
        doc: "A client with a flow that redirects has redirect URIs.",
        spec: "RFC 7591 §2",
        check: redirection::require_redirect_uris,
    },
    Rule {
        id: "too_many",
        doc: "The number of each kind of redirection URI is limited.",
        spec: "RFC 7591 §2, UMA 2.0 Grant §2, OIDC RP-Initiated Logout §3.1",
        check: redirection::limit_redirect_uris,
    },
    Rule {
        id: "wso2_form",
        doc: "Only WSO2 clients register patterns, values without a scheme, localhost with the implicit grant in a web application, and the refresh token grant alone.",
        spec: "RFC 9700 §2.1",
        check: redirection::legacy,
    },
    Rule {
        id: "unknown",
        doc: "A client is a web or a native application.",
        spec: "OIDC Registration §2",
        check: redirection::known_application,
    },
    Rule {
        id: "web_application",
        doc: "The redirect URIs of a web application use https or are on loopback, and with the implicit grant they use https and are not on localhost.",
        spec: "OIDC Registration §2",
        check: redirection::of_web_applications,
    },
    Rule {
        id: "scheme_not_owned",
        doc: "The redirect URIs of a native application, also after a logout, use https, loopback, or a private-use scheme that is a reversed domain name or that the provider allows.",
        spec: "RFC 8252 §7",
        check: redirection::of_native_applications,
    },
    Rule {
        id: "other_origin",
        doc: "The front-channel logout URI has the scheme, host and port of a redirect URI.",
        spec: "OIDC Front-Channel Logout §2",
        check: logout::frontchannel_beside_a_redirect_uri,
    },
    Rule {
        id: "http_of_public_client",
        doc: "The back-channel logout URI of a public client uses https.",
        spec: "OIDC Back-Channel Logout §2.2",
        check: logout::confidential_backchannel,
    },
    Rule {
        id: "http_of_public_client",
        doc: "The post-logout redirect URIs of a public client use https, or http on loopback if it is native or has a redirect URI there.",
        spec: "OIDC RP-Initiated Logout §3.1",
        check: logout::confidential_way_out,
    },
    Rule {
        id: "state_parameter",
        doc: "A post-logout redirect URI does not have the query parameter state.",
        spec: "OIDC RP-Initiated Logout §3",
        check: logout::way_out_without_state,
    },
    Rule {
        id: "two_sources",
        doc: "Keys are registered by value or by reference, not both.",
        spec: "RFC 7591 §2",
        check: authentication::one_source_of_keys,
    },
    Rule {
        id: "no_keys",
        doc: "A client that authenticates with keys registers them.",
        spec: "OIDC Core §9",
        check: authentication::keys,
    },
    Rule {
        id: "certificate_subject",
        doc: "A client that authenticates with a certificate of a public key infrastructure registers exactly one subject.",
        spec: "RFC 8705 §2.1.2",
        check: authentication::one_certificate_subject,
    },
    Rule {
        id: "public_client_credentials",
        doc: "Only a client that authenticates may use the client credentials grant.",
        spec: "RFC 6749 §4.4",
        check: authentication::of_client_credentials,
    },
    Rule {
        id: "unsigned",
        doc: "The JWT with which a client authenticates is signed.",
        spec: "OIDC Registration §2",
        check: authentication::is_signed,
    },
    Rule {
        id: "other_key_type",
        doc: "The JWT with which a client authenticates is signed with the type of key its method uses: a shared secret, or the client's own key.",
        spec: "OIDC Core §9",
        check: authentication::fits_its_method,
    },
    Rule {
        id: "secret_of_public_client",
        doc: "A public client does not use algorithms that take a shared secret.",
        spec: "OIDC Core §10.1, §10.2",
        check: authentication::no_secret_of_public_clients,
    },
    Rule {
        id: "unsigned",
        doc: "ID Tokens are unsigned only if the token endpoint alone issues them.",
        spec: "OIDC Registration §2",
        check: tokens::unsigned_id_tokens,
    },
    Rule {
        id: "unsigned",
        doc: "Authorization responses that are JWTs are signed.",
        spec: "JARM §3",
        check: tokens::signed_authorization_responses,
    },
    Rule {
        id: "unsigned",
        doc: "A client that requires signed request objects does not register unsigned ones.",
        spec: "RFC 9101 §10.5",
        check: tokens::signed_request_objects,
    },
    Rule {
        id: "too_many",
        doc: "The number of request URIs is limited.",
        spec: "OIDC Registration §2",
        check: tokens::few_request_uris,
    },
    Rule {
        id: "required",
        doc: "A client with the CIBA grant registers a delivery mode.",
        spec: "CIBA §4",
        check: tokens::delivery_mode_of_ciba,
    },
    Rule {
        id: "required",
        doc: "A client with the delivery mode ping or push registers a notification endpoint.",
        spec: "CIBA §4",
        check: tokens::notification_endpoint_of_ciba,
    },
    Rule {
        id: "no_key_pair",
        doc: "CIBA requests are signed with the client's own key.",
        spec: "CIBA §7.1.1",
        check: tokens::own_key_for_ciba,
    },
];

fn grants(agreed: &ClientMetadata) -> &[GrantType] {
    agreed.grant_types.as_deref().unwrap_or_default()
}

fn refuse(member: &'static str, reason: impl Into<Reason>) -> Result<(), InvalidMember> {
    Err(InvalidMember::new(member, reason))
}
