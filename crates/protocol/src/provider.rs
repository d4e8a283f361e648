//! The table of provider metadata, one row for each member. Discovery serves it, and registration compares requests with it.

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
    /// Provider metadata. OIDC Discovery §3, RFC 8414 §2.
    pub struct ProviderMetadata;

    /// The issuer, byte for byte as configured.
    issuer: Issuer, "OIDC Discovery §3";
    /// The authorization endpoint.
    authorization_endpoint: EndpointUri, "OIDC Discovery §3", fetched no;
    /// The token endpoint.
    token_endpoint: EndpointUri, "OIDC Discovery §3", fetched no;
    /// The UserInfo endpoint.
    userinfo_endpoint: EndpointUri, "OIDC Discovery §3", fetched no;
    /// The URL of the provider's JWK Set.
    jwks_uri: EndpointUri, "OIDC Discovery §3", fetched no;
    /// The client registration endpoint.
    registration_endpoint: EndpointUri, "OIDC Discovery §3", fetched no;
    /// The scopes a client may request.
    scopes_supported: Vec<RegistryName>, "OIDC Discovery §3";
    /// The response types a client may use.
    response_types_supported: Vec<ResponseType>, "OIDC Discovery §3";
    /// The response modes a client may use.
    response_modes_supported: Vec<ResponseMode>, "OIDC Discovery §3";
    /// The grants a client may use.
    grant_types_supported: Vec<GrantType>, "OIDC Discovery §3";
    /// The supported authentication context classes.
    acr_values_supported: Vec<Text>, "OIDC Discovery §3";
    /// The supported subject identifier types.
    subject_types_supported: Vec<SubjectType>, "OIDC Discovery §3";
    /// The supported signing algorithms of ID Tokens.
    id_token_signing_alg_values_supported: Vec<SigningAlgorithm>, "OIDC Discovery §3";
    /// The supported JWE key management algorithms of ID Tokens.
    id_token_encryption_alg_values_supported: Vec<KeyManagement>, "OIDC Discovery §3";
    /// The supported JWE content encryptions of ID Tokens.
    id_token_encryption_enc_values_supported: Vec<ContentEncryption>, "OIDC Discovery §3";
    /// The supported signing algorithms of UserInfo responses.
    userinfo_signing_alg_values_supported: Vec<SigningAlgorithm>, "OIDC Discovery §3";
    /// The supported JWE key management algorithms of UserInfo responses.
    userinfo_encryption_alg_values_supported: Vec<KeyManagement>, "OIDC Discovery §3";
    /// The supported JWE content encryptions of UserInfo responses.
    userinfo_encryption_enc_values_supported: Vec<ContentEncryption>, "OIDC Discovery §3";
    /// The supported signing algorithms of request objects.
    request_object_signing_alg_values_supported: Vec<SigningAlgorithm>, "OIDC Discovery §3";
    /// The supported JWE key management algorithms of request objects.
    request_object_encryption_alg_values_supported: Vec<KeyManagement>, "OIDC Discovery §3";
    /// The supported JWE content encryptions of request objects.
    request_object_encryption_enc_values_supported: Vec<ContentEncryption>, "OIDC Discovery §3";
    /// The supported client authentication methods of the token endpoint.
    token_endpoint_auth_methods_supported: Vec<AuthMethod>, "OIDC Discovery §3";
    /// The supported signing algorithms of client authentication at the token endpoint.
    token_endpoint_auth_signing_alg_values_supported: Vec<SigningAlgorithm>, "OIDC Discovery §3";
    /// The supported values of the display parameter.
    display_values_supported: Vec<RegistryName>, "OIDC Discovery §3";
    /// The supported types of claims.
    claim_types_supported: Vec<RegistryName>, "OIDC Discovery §3";
    /// The claims the provider may supply values for.
    claims_supported: Vec<RegistryName>, "OIDC Discovery §3";
    /// The URL of the documentation for developers.
    service_documentation: WebUri, "OIDC Discovery §3", fetched no;
    /// The languages of claims.
    claims_locales_supported: Vec<Locale>, "OIDC Discovery §3";
    /// The languages of the user interface.
    ui_locales_supported: Vec<Locale>, "OIDC Discovery §3";
    /// True if requests may have a `claims` parameter.
    claims_parameter_supported: bool, "OIDC Discovery §3";
    /// True if requests may have a `request` parameter.
    request_parameter_supported: bool, "OIDC Discovery §3";
    /// True if requests may have a `request_uri` parameter.
    request_uri_parameter_supported: bool, "OIDC Discovery §3";
    /// True if request URIs must be registered.
    require_request_uri_registration: bool, "OIDC Discovery §3";
    /// The URL of the provider's requirements on the use of its data.
    op_policy_uri: WebUri, "OIDC Discovery §3", fetched no;
    /// The URL of the provider's terms of service.
    op_tos_uri: WebUri, "OIDC Discovery §3", fetched no;
    /// The token revocation endpoint.
    revocation_endpoint: EndpointUri, "RFC 8414 §2", fetched no;
    /// The supported client authentication methods of the revocation endpoint.
    revocation_endpoint_auth_methods_supported: Vec<AuthMethod>, "RFC 8414 §2";
    /// The supported signing algorithms of client authentication at the revocation endpoint.
    revocation_endpoint_auth_signing_alg_values_supported: Vec<SigningAlgorithm>, "RFC 8414 §2";
    /// The token introspection endpoint.
    introspection_endpoint: EndpointUri, "RFC 8414 §2", fetched no;
    /// The supported client authentication methods of the introspection endpoint.
    introspection_endpoint_auth_methods_supported: Vec<AuthMethod>, "RFC 8414 §2";
    /// The supported signing algorithms of client authentication at the introspection endpoint.
    introspection_endpoint_auth_signing_alg_values_supported: Vec<SigningAlgorithm>, "RFC 8414 §2";
    /// The supported PKCE methods.
    code_challenge_methods_supported: Vec<CodeChallengeMethod>, "RFC 8414 §2";
    /// A JWT with the members of this document as its claims.
    signed_metadata: Jwt, "RFC 8414 §2.1";
    /// The device authorization endpoint.
    device_authorization_endpoint: EndpointUri, "RFC 8628 §4", fetched no;
    /// True if access tokens can be bound to client certificates.
    tls_client_certificate_bound_access_tokens: bool, "RFC 8705 §3.3";
    /// The URLs of the endpoints for mutual TLS.
    mtls_endpoint_aliases: JsonObject, "RFC 8705 §5";
    /// True if every authorization request must be a signed request object.
    require_signed_request_object: bool, "RFC 9101 §10.5";
    /// The pushed authorization request endpoint.
    pushed_authorization_request_endpoint: EndpointUri, "RFC 9126 §5", fetched no;
    /// True if every authorization request must be pushed.
    require_pushed_authorization_requests: bool, "RFC 9126 §5";
    /// True if authorization responses contain the issuer.
    authorization_response_iss_parameter_supported: bool, "RFC 9207 §3";
    /// The supported types of authorization details.
    authorization_details_types_supported: Vec<RegistryName>, "RFC 9396 §10";
    /// The supported signing algorithms of DPoP proofs.
    dpop_signing_alg_values_supported: Vec<SigningAlgorithm>, "RFC 9449 §5.1";
    /// The supported signing algorithms of introspection responses.
    introspection_signing_alg_values_supported: Vec<SigningAlgorithm>, "RFC 9701 §7";
    /// The supported JWE key management algorithms of introspection responses.
    introspection_encryption_alg_values_supported: Vec<KeyManagement>, "RFC 9701 §7";
    /// The supported JWE content encryptions of introspection responses.
    introspection_encryption_enc_values_supported: Vec<ContentEncryption>, "RFC 9701 §7";
    /// The resources that accept the provider's tokens.
    protected_resources: Vec<EndpointUri>, "RFC 9728 §4", fetched no;
    /// The supported signing algorithms of authorization responses.
    authorization_signing_alg_values_supported: Vec<SigningAlgorithm>, "JARM §4";
    /// The supported JWE key management algorithms of authorization responses.
    authorization_encryption_alg_values_supported: Vec<KeyManagement>, "JARM §4";
    /// The supported JWE content encryptions of authorization responses.
    authorization_encryption_enc_values_supported: Vec<ContentEncryption>, "JARM §4";
    /// The CIBA endpoint.
    backchannel_authentication_endpoint: EndpointUri, "CIBA §4", fetched no;
    /// The supported delivery modes of tokens after a CIBA request.
    backchannel_token_delivery_modes_supported: Vec<DeliveryMode>, "CIBA §4";
    /// The supported signing algorithms of CIBA requests.
    backchannel_authentication_request_signing_alg_values_supported: Vec<SigningAlgorithm>, "CIBA §4";
    /// True if CIBA requests may contain a user code.
    backchannel_user_code_parameter_supported: bool, "CIBA §4";
    /// The URL of the iframe in which a client checks the user's session.
    check_session_iframe: EndpointUri, "OIDC Session Management §3.3", fetched no;
    /// The endpoint to which users are sent to log out.
    end_session_endpoint: EndpointUri, "OIDC RP-Initiated Logout §2.1", fetched no;
    /// True if the provider supports front-channel logout.
    frontchannel_logout_supported: bool, "OIDC Front-Channel Logout §3";
    /// True if front-channel logout requests contain `iss` and `sid`.
    frontchannel_logout_session_supported: bool, "OIDC Front-Channel Logout §3";
    /// True if the provider supports back-channel logout.
    backchannel_logout_supported: bool, "OIDC Back-Channel Logout §2.1";
    /// True if logout tokens can contain `sid`.
    backchannel_logout_session_supported: bool, "OIDC Back-Channel Logout §2.1";
    /// The supported values of the prompt parameter.
    prompt_values_supported: Vec<RegistryName>, "OIDC Prompt Create §4.2";
    /// The supported client registration types of a federation.
    client_registration_types_supported: Vec<RegistryName>, "OpenID Federation §5.1.3";
    /// The explicit registration endpoint of a federation.
    federation_registration_endpoint: EndpointUri, "OpenID Federation §5.1.3", fetched no;
    /// The supported authentication methods of requests in a federation, by endpoint.
    request_authentication_methods_supported: JsonObject, "OpenID Federation §5.1.3";
    /// The supported signing algorithms of authenticated requests in a federation.
    request_authentication_signing_alg_values_supported: Vec<SigningAlgorithm>, "OpenID Federation §5.1.3";
    /// The URL of the provider's signed JWK Set.
    signed_jwks_uri: EndpointUri, "OpenID Federation §5.2.1", fetched no;
    /// The provider's JWK Set.
    jwks: JwkSet, "OpenID Federation §5.2.1", fetched no;
    /// The name of the organization that runs the provider.
    organization_name: Localized<HumanText>, "OpenID Federation §5.2.2";
    /// The name of the provider in a federation.
    display_name: Localized<HumanText>, "OpenID Federation §5.2.2";
    /// A description of the provider.
    description: Localized<Text>, "OpenID Federation §5.2.2";
    /// Keywords to find the provider by.
    keywords: Vec<Text>, "OpenID Federation §5.2.2";
    /// Contacts of the people responsible for the provider, usually e-mail addresses.
    contacts: Vec<Text>, "OpenID Federation §5.2.2";
    /// The URL of the organization's logo.
    logo_uri: Localized<WebUri>, "OpenID Federation §5.2.2", fetched no;
    /// The URL of a page with more information about the provider.
    information_uri: Localized<WebUri>, "OpenID Federation §5.2.2", fetched no;
    /// The URL of a page about the organization.
    organization_uri: Localized<WebUri>, "OpenID Federation §5.2.2", fetched no;
    /// True if clients may use the URL of their own metadata document as their client identifier.
    client_id_metadata_document_supported: bool, "draft-ietf-oauth-client-id-metadata-document";
    /// The URL of the page on which users manage their accounts.
    account_management_uri: WebUri, "MSC4191", fetched no;
    /// The actions that the page on which users manage their accounts supports.
    account_management_actions_supported: Vec<RegistryName>, "MSC4191";
    /// True if clients without an identifier may redeem pre-authorized codes.
    pre_authorized_grant_anonymous_access_supported as "pre-authorized_grant_anonymous_access_supported": bool, "OpenID4VCI §12.3";
    /// The supported signing algorithms of access tokens for network functions.
    nfv_token_signing_alg_values_supported: Vec<SigningAlgorithm>, "ETSI GS NFV-SEC 022 V2.7.1";
    /// The supported JWE key management algorithms of access tokens for network functions.
    nfv_token_encryption_alg_values_supported: Vec<KeyManagement>, "ETSI GS NFV-SEC 022 V2.7.1";
    /// The supported JWE content encryptions of access tokens for network functions.
    nfv_token_encryption_enc_values_supported: Vec<ContentEncryption>, "ETSI GS NFV-SEC 022 V2.7.1";
}
