//! The provider metadata table: every standard member, one row each. It is what discovery serves and what registration checks against.

use std::borrow::Cow;

use crate::form::JsonForm;
use crate::issuer::Issuer;
use crate::jwks::JwkSet;
use crate::localized::Localized;
use crate::member::{Reason, SingleValue};
use crate::response_type::ResponseType;
use crate::uri::{EndpointUri, WebUri};
use crate::values::{
    AuthMethod, CodeChallengeMethod, ContentEncryption, DeliveryMode, GrantType, HumanText,
    JsonObject, Jwt, KeyManagement, Locale, RegistryName, ResponseMode, SigningAlgorithm,
    SubjectType, Text,
};

impl SingleValue for Issuer {
    const SHAPE: &'static str = "https URL";

    fn schema() -> serde_json::Value {
        serde_json::json!({ "type": "string", "format": "uri", "pattern": "^https?://[^?#]+$" })
    }

    fn read(value: serde_json::Value) -> Result<Self, Reason> {
        crate::member::text(value).and_then(|text| Self::parse(&text).map_err(Cow::Borrowed))
    }

    fn write(&self) -> JsonForm<'_> {
        self.as_str().into()
    }
}

metadata! {
    /// What a provider offers. OIDC Discovery §3, RFC 8414 §2.
    pub struct ProviderMetadata;

    /// The issuer, byte for byte as configured.
    issuer: Issuer, "OIDC Discovery §3";
    /// Where users are sent to authenticate.
    authorization_endpoint: EndpointUri, "OIDC Discovery §3", fetched no;
    /// Where codes become tokens.
    token_endpoint: EndpointUri, "OIDC Discovery §3", fetched no;
    /// Where claims about the user are.
    userinfo_endpoint: EndpointUri, "OIDC Discovery §3", fetched no;
    /// Where the public keys are.
    jwks_uri: EndpointUri, "OIDC Discovery §3", fetched no;
    /// Where clients register.
    registration_endpoint: EndpointUri, "OIDC Discovery §3", fetched no;
    /// The scopes a client may ask for.
    scopes_supported: Vec<RegistryName>, "OIDC Discovery §3";
    /// The response types a client may use.
    response_types_supported: Vec<ResponseType>, "OIDC Discovery §3";
    /// The response modes a client may use.
    response_modes_supported: Vec<ResponseMode>, "OIDC Discovery §3";
    /// The grants a client may use.
    grant_types_supported: Vec<GrantType>, "OIDC Discovery §3";
    /// The authentication context classes there are.
    acr_values_supported: Vec<Text>, "OIDC Discovery §3";
    /// The subject identifier types there are.
    subject_types_supported: Vec<SubjectType>, "OIDC Discovery §3";
    /// How ID Tokens can be signed.
    id_token_signing_alg_values_supported: Vec<SigningAlgorithm>, "OIDC Discovery §3";
    /// How the keys of encrypted ID Tokens can be managed.
    id_token_encryption_alg_values_supported: Vec<KeyManagement>, "OIDC Discovery §3";
    /// How ID Tokens can be encrypted.
    id_token_encryption_enc_values_supported: Vec<ContentEncryption>, "OIDC Discovery §3";
    /// How UserInfo answers can be signed.
    userinfo_signing_alg_values_supported: Vec<SigningAlgorithm>, "OIDC Discovery §3";
    /// How the keys of encrypted UserInfo answers can be managed.
    userinfo_encryption_alg_values_supported: Vec<KeyManagement>, "OIDC Discovery §3";
    /// How UserInfo answers can be encrypted.
    userinfo_encryption_enc_values_supported: Vec<ContentEncryption>, "OIDC Discovery §3";
    /// How request objects can be signed.
    request_object_signing_alg_values_supported: Vec<SigningAlgorithm>, "OIDC Discovery §3";
    /// How the keys of encrypted request objects can be managed.
    request_object_encryption_alg_values_supported: Vec<KeyManagement>, "OIDC Discovery §3";
    /// How request objects can be encrypted.
    request_object_encryption_enc_values_supported: Vec<ContentEncryption>, "OIDC Discovery §3";
    /// How clients can authenticate at the token endpoint.
    token_endpoint_auth_methods_supported: Vec<AuthMethod>, "OIDC Discovery §3";
    /// How the JWTs clients authenticate with can be signed.
    token_endpoint_auth_signing_alg_values_supported: Vec<SigningAlgorithm>, "OIDC Discovery §3";
    /// The ways the login page can be displayed.
    display_values_supported: Vec<RegistryName>, "OIDC Discovery §3";
    /// The kinds of claims there are.
    claim_types_supported: Vec<RegistryName>, "OIDC Discovery §3";
    /// The claims there may be values for.
    claims_supported: Vec<RegistryName>, "OIDC Discovery §3";
    /// What developers should read.
    service_documentation: WebUri, "OIDC Discovery §3", fetched no;
    /// The languages of claims.
    claims_locales_supported: Vec<Locale>, "OIDC Discovery §3";
    /// The languages of the user interface.
    ui_locales_supported: Vec<Locale>, "OIDC Discovery §3";
    /// Whether requests may have a claims parameter.
    claims_parameter_supported: bool, "OIDC Discovery §3";
    /// Whether requests may have a request parameter.
    request_parameter_supported: bool, "OIDC Discovery §3";
    /// Whether requests may have a `request_uri` parameter.
    request_uri_parameter_supported: bool, "OIDC Discovery §3";
    /// Whether request URIs must have been registered.
    require_request_uri_registration: bool, "OIDC Discovery §3";
    /// What the provider demands of the data a client gets.
    op_policy_uri: WebUri, "OIDC Discovery §3", fetched no;
    /// The provider's terms of service.
    op_tos_uri: WebUri, "OIDC Discovery §3", fetched no;
    /// Where tokens are revoked.
    revocation_endpoint: EndpointUri, "RFC 8414 §2", fetched no;
    /// How clients can authenticate at the revocation endpoint.
    revocation_endpoint_auth_methods_supported: Vec<AuthMethod>, "RFC 8414 §2";
    /// How the JWTs clients authenticate with at the revocation endpoint can be signed.
    revocation_endpoint_auth_signing_alg_values_supported: Vec<SigningAlgorithm>, "RFC 8414 §2";
    /// Where tokens are looked into.
    introspection_endpoint: EndpointUri, "RFC 8414 §2", fetched no;
    /// How clients can authenticate at the introspection endpoint.
    introspection_endpoint_auth_methods_supported: Vec<AuthMethod>, "RFC 8414 §2";
    /// How the JWTs clients authenticate with at the introspection endpoint can be signed.
    introspection_endpoint_auth_signing_alg_values_supported: Vec<SigningAlgorithm>, "RFC 8414 §2";
    /// The PKCE methods there are.
    code_challenge_methods_supported: Vec<CodeChallengeMethod>, "RFC 8414 §2";
    /// This document's members, signed.
    signed_metadata: Jwt, "RFC 8414 §2.1";
    /// Where devices begin.
    device_authorization_endpoint: EndpointUri, "RFC 8628 §4", fetched no;
    /// Whether access tokens can be bound to certificates.
    tls_client_certificate_bound_access_tokens: bool, "RFC 8705 §3.3";
    /// The endpoints again, where client certificates are asked for.
    mtls_endpoint_aliases: JsonObject, "RFC 8705 §5";
    /// Whether every request must be a signed object.
    require_signed_request_object: bool, "RFC 9101 §10.5";
    /// Where authorization requests are pushed.
    pushed_authorization_request_endpoint: EndpointUri, "RFC 9126 §5", fetched no;
    /// Whether authorization requests must be pushed.
    require_pushed_authorization_requests: bool, "RFC 9126 §5";
    /// Whether authorization responses say who the issuer is.
    authorization_response_iss_parameter_supported: bool, "RFC 9207 §3";
    /// The types of authorization details there are.
    authorization_details_types_supported: Vec<RegistryName>, "RFC 9396 §10";
    /// How DPoP proofs can be signed.
    dpop_signing_alg_values_supported: Vec<SigningAlgorithm>, "RFC 9449 §5.1";
    /// How introspection answers can be signed.
    introspection_signing_alg_values_supported: Vec<SigningAlgorithm>, "RFC 9701 §7";
    /// How the keys of encrypted introspection answers can be managed.
    introspection_encryption_alg_values_supported: Vec<KeyManagement>, "RFC 9701 §7";
    /// How introspection answers can be encrypted.
    introspection_encryption_enc_values_supported: Vec<ContentEncryption>, "RFC 9701 §7";
    /// The resources tokens are for.
    protected_resources: Vec<EndpointUri>, "RFC 9728 §4", fetched no;
    /// How authorization responses can be signed.
    authorization_signing_alg_values_supported: Vec<SigningAlgorithm>, "JARM §4";
    /// How the keys of encrypted authorization responses can be managed.
    authorization_encryption_alg_values_supported: Vec<KeyManagement>, "JARM §4";
    /// How authorization responses can be encrypted.
    authorization_encryption_enc_values_supported: Vec<ContentEncryption>, "JARM §4";
    /// Where authentication on another device begins.
    backchannel_authentication_endpoint: EndpointUri, "CIBA §4", fetched no;
    /// How tokens can reach the client after an authentication on another device.
    backchannel_token_delivery_modes_supported: Vec<DeliveryMode>, "CIBA §4";
    /// How requests for an authentication on another device can be signed.
    backchannel_authentication_request_signing_alg_values_supported: Vec<SigningAlgorithm>, "CIBA §4";
    /// Whether requests for an authentication on another device may carry a code only the user knows.
    backchannel_user_code_parameter_supported: bool, "CIBA §4";
    /// The frame a client asks whether the user is still logged in.
    check_session_iframe: EndpointUri, "OIDC Session Management §3.3", fetched no;
    /// Where users are sent to log out.
    end_session_endpoint: EndpointUri, "OIDC RP-Initiated Logout §2.1", fetched no;
    /// Whether clients are told of a logout through the browser.
    frontchannel_logout_supported: bool, "OIDC Front-Channel Logout §3";
    /// Whether `iss` and `sid` are sent with a logout through the browser.
    frontchannel_logout_session_supported: bool, "OIDC Front-Channel Logout §3";
    /// Whether clients are told of a logout directly.
    backchannel_logout_supported: bool, "OIDC Back-Channel Logout §2.1";
    /// Whether logout tokens can carry `sid`.
    backchannel_logout_session_supported: bool, "OIDC Back-Channel Logout §2.1";
    /// The prompts there are.
    prompt_values_supported: Vec<RegistryName>, "OIDC Prompt Create §4.2";
    /// How clients can register in a federation.
    client_registration_types_supported: Vec<RegistryName>, "OpenID Federation §5.1.3";
    /// Where clients register explicitly in a federation.
    federation_registration_endpoint: EndpointUri, "OpenID Federation §5.1.3", fetched no;
    /// How clients can authenticate their requests in a federation, by endpoint.
    request_authentication_methods_supported: JsonObject, "OpenID Federation §5.1.3";
    /// How authenticated requests in a federation can be signed.
    request_authentication_signing_alg_values_supported: Vec<SigningAlgorithm>, "OpenID Federation §5.1.3";
    /// Where the signed JWK Set is.
    signed_jwks_uri: EndpointUri, "OpenID Federation §5.2.1", fetched no;
    /// The public keys themselves.
    jwks: JwkSet, "OpenID Federation §5.2.1", fetched no;
    /// The organization that runs the provider.
    organization_name: Localized<HumanText>, "OpenID Federation §5.2.2";
    /// The provider's name as a federation shows it.
    display_name: Localized<HumanText>, "OpenID Federation §5.2.2";
    /// What the provider is for.
    description: Localized<Text>, "OpenID Federation §5.2.2";
    /// Words to find the provider by.
    keywords: Vec<Text>, "OpenID Federation §5.2.2";
    /// Ways to reach the people responsible, usually e-mail addresses.
    contacts: Vec<Text>, "OpenID Federation §5.2.2";
    /// The organization's logo.
    logo_uri: Localized<WebUri>, "OpenID Federation §5.2.2", fetched no;
    /// A page with more about the provider.
    information_uri: Localized<WebUri>, "OpenID Federation §5.2.2", fetched no;
    /// A page about the organization.
    organization_uri: Localized<WebUri>, "OpenID Federation §5.2.2", fetched no;
    /// Whether clients without an identifier may redeem pre-authorized codes.
    pre_authorized_grant_anonymous_access_supported as "pre-authorized_grant_anonymous_access_supported": bool, "OpenID4VCI §12.3";
    /// How access tokens for network functions can be signed.
    nfv_token_signing_alg_values_supported: Vec<SigningAlgorithm>, "ETSI GS NFV-SEC 022 V2.7.1";
    /// How the keys of encrypted access tokens for network functions can be managed.
    nfv_token_encryption_alg_values_supported: Vec<KeyManagement>, "ETSI GS NFV-SEC 022 V2.7.1";
    /// How access tokens for network functions can be encrypted.
    nfv_token_encryption_enc_values_supported: Vec<ContentEncryption>, "ETSI GS NFV-SEC 022 V2.7.1";
}
