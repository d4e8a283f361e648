//! The tables of client metadata and of the members that the provider adds, one row for each member.

use crate::jwks::JwkSet;
use crate::localized::Localized;
use crate::metadata;
use crate::response_type::ResponseType;
use crate::uri::{HttpsUri, RedirectUri, RequestUri, ReturnUri, WebUri};
use crate::values::{
    ApplicationType, AuthMethod, ContentEncryption, DeliveryMode, GrantType, HumanText,
    IpAddressText, Jwt, KeyManagement, RegistryName, ResponseMode, Scope, Seconds,
    SigningAlgorithm, SubjectType, Text,
};

metadata! {
    /// Client metadata, as a client requests it. RFC 7591 §2.
    pub struct ClientMetadata;

    /// The URIs to which authorization responses may be sent; compared byte for byte.
    redirect_uris: Vec<RedirectUri>, "RFC 7591 §2", fetched no;
    /// The client's authentication method at the token endpoint.
    token_endpoint_auth_method: AuthMethod, "RFC 7591 §2",
        default AuthMethod::ClientSecretBasic,
        offered token_endpoint_auth_methods_supported;
    /// The signing algorithm of the JWT with which the client authenticates.
    token_endpoint_auth_signing_alg: SigningAlgorithm, "OIDC Registration §2",
        offered token_endpoint_auth_signing_alg_values_supported;
    /// The grants the client may use; by default those of its response types.
    grant_types: Vec<GrantType>, "RFC 7591 §2",
        offered grant_types_supported;
    /// The response types the client may request; by default those of its grants.
    response_types: Vec<ResponseType>, "RFC 7591 §2",
        offered response_types_supported;
    /// The response modes the client may request.
    response_modes: Vec<ResponseMode>, "unregistered; OAuth 2.0 Multiple Response Types §2.1",
        offered response_modes_supported;
    /// The kind of application: `web`, on a web server, or `native`, on the user's device.
    application_type: ApplicationType, "OIDC Registration §2",
        default ApplicationType::Web;
    /// The name of the client that users see.
    client_name: Localized<HumanText>, "RFC 7591 §2";
    /// The URL of a page about the client.
    client_uri: Localized<WebUri>, "RFC 7591 §2", fetched no;
    /// The URL of the client's logo.
    logo_uri: Localized<WebUri>, "RFC 7591 §2", fetched picture;
    /// The URL of the client's terms of service.
    tos_uri: Localized<WebUri>, "RFC 7591 §2", fetched no;
    /// The URL of the client's privacy policy.
    policy_uri: Localized<WebUri>, "RFC 7591 §2", fetched no;
    /// Contacts of the people responsible for the client, usually e-mail addresses.
    contacts: Vec<Text>, "RFC 7591 §2";
    /// The scopes the client may request.
    scope: Scope, "RFC 7591 §2",
        offered scopes_supported;
    /// The URL of the client's JWK Set; excludes `jwks`.
    jwks_uri: HttpsUri, "RFC 7591 §2", fetched later;
    /// The client's JWK Set; excludes `jwks_uri`.
    jwks: JwkSet, "RFC 7591 §2", fetched later;
    /// The identifier of the software, the same for every installation of it.
    software_id: Text, "RFC 7591 §2";
    /// The version of the software.
    software_version: Text, "RFC 7591 §2";
    /// A JWT in which an issuer asserts client metadata; its claims override plain members.
    software_statement: Jwt, "RFC 7591 §2.3";
    /// The URL of the list of redirect URIs that share one pairwise subject.
    sector_identifier_uri: HttpsUri, "OIDC Registration §2", fetched now;
    /// The subject identifier type of the client's users.
    subject_type: SubjectType, "OIDC Registration §2",
        offered subject_types_supported;
    /// The signing algorithm of ID Tokens.
    id_token_signed_response_alg: SigningAlgorithm, "OIDC Registration §2",
        default SigningAlgorithm::Rs256,
        offered id_token_signing_alg_values_supported;
    /// The JWE key management algorithm of ID Tokens.
    id_token_encrypted_response_alg: KeyManagement, "OIDC Registration §2",
        offered id_token_encryption_alg_values_supported;
    /// The JWE content encryption of ID Tokens.
    id_token_encrypted_response_enc: ContentEncryption, "OIDC Registration §2",
        default ContentEncryption::A128CbcHs256,
        offered id_token_encryption_enc_values_supported,
        needs id_token_encrypted_response_alg;
    /// The signing algorithm of UserInfo responses, which are plain JSON without it.
    userinfo_signed_response_alg: SigningAlgorithm, "OIDC Registration §2",
        offered userinfo_signing_alg_values_supported;
    /// The JWE key management algorithm of UserInfo responses.
    userinfo_encrypted_response_alg: KeyManagement, "OIDC Registration §2",
        offered userinfo_encryption_alg_values_supported;
    /// The JWE content encryption of UserInfo responses.
    userinfo_encrypted_response_enc: ContentEncryption, "OIDC Registration §2",
        default ContentEncryption::A128CbcHs256,
        offered userinfo_encryption_enc_values_supported,
        needs userinfo_encrypted_response_alg;
    /// The signing algorithm of the client's request objects.
    request_object_signing_alg: SigningAlgorithm, "OIDC Registration §2",
        offered request_object_signing_alg_values_supported;
    /// The JWE key management algorithm of the client's request objects.
    request_object_encryption_alg: KeyManagement, "OIDC Registration §2",
        offered request_object_encryption_alg_values_supported;
    /// The JWE content encryption of the client's request objects.
    request_object_encryption_enc: ContentEncryption, "OIDC Registration §2",
        default ContentEncryption::A128CbcHs256,
        offered request_object_encryption_enc_values_supported,
        needs request_object_encryption_alg;
    /// The number of seconds after which users must authenticate again, unless a request sets `max_age`.
    default_max_age: Seconds, "OIDC Registration §2";
    /// True if ID Tokens must contain `auth_time`.
    require_auth_time: bool, "OIDC Registration §2",
        default false;
    /// The authentication context classes that apply to requests without `acr_values`.
    default_acr_values: Vec<Text>, "OIDC Registration §2",
        offered acr_values_supported;
    /// The URL to which a third party may send users to begin a login.
    initiate_login_uri: HttpsUri, "OIDC Registration §2", fetched no;
    /// The URLs at which the client may publish request objects, with or without a fragment.
    request_uris: Vec<RequestUri>, "OIDC Registration §2", fetched later,
        served request_uri_parameter_supported;
    /// The URIs to which users may be sent after a logout.
    post_logout_redirect_uris: Vec<ReturnUri>, "OIDC RP-Initiated Logout §3.1", fetched no,
        served end_session_endpoint;
    /// The URL that is loaded in the user's browser at a logout.
    frontchannel_logout_uri: WebUri, "OIDC Front-Channel Logout §2", fetched no,
        served frontchannel_logout_supported;
    /// True if front-channel logout requests must contain `iss` and `sid`.
    frontchannel_logout_session_required: bool, "OIDC Front-Channel Logout §2",
        served frontchannel_logout_session_supported;
    /// The URL to which logout tokens are posted.
    backchannel_logout_uri: WebUri, "OIDC Back-Channel Logout §2.2", fetched later,
        served backchannel_logout_supported;
    /// True if logout tokens must contain `sid`.
    backchannel_logout_session_required: bool, "OIDC Back-Channel Logout §2.2",
        served backchannel_logout_session_supported;
    /// The distinguished name in the client's certificate.
    tls_client_auth_subject_dn: Text, "RFC 8705 §2.1.2";
    /// The DNS name in the client's certificate.
    tls_client_auth_san_dns: Text, "RFC 8705 §2.1.2";
    /// The URI in the client's certificate.
    tls_client_auth_san_uri: Text, "RFC 8705 §2.1.2";
    /// The IP address in the client's certificate.
    tls_client_auth_san_ip: IpAddressText, "RFC 8705 §2.1.2";
    /// The e-mail address in the client's certificate.
    tls_client_auth_san_email: Text, "RFC 8705 §2.1.2";
    /// True if the client's access tokens are bound to its certificate.
    tls_client_certificate_bound_access_tokens: bool, "RFC 8705 §3.4",
        served tls_client_certificate_bound_access_tokens;
    /// True if the client uses the mutual TLS aliases of the endpoints.
    use_mtls_endpoint_aliases: bool, "FAPI 2.0 Security Profile §5.2.2.1.1",
        served mtls_endpoint_aliases;
    /// True if the client sends its authorization requests only as signed request objects.
    require_signed_request_object: bool, "RFC 9101 §10.5",
        served request_parameter_supported | request_uri_parameter_supported | pushed_authorization_request_endpoint;
    /// True if the client only sends pushed authorization requests.
    require_pushed_authorization_requests: bool, "RFC 9126 §6",
        served pushed_authorization_request_endpoint;
    /// The types of authorization details the client may request.
    authorization_details_types: Vec<RegistryName>, "RFC 9396 §10",
        offered authorization_details_types_supported;
    /// True if the client's access tokens are always bound with DPoP.
    dpop_bound_access_tokens: bool, "RFC 9449 §5.2",
        served dpop_signing_alg_values_supported;
    /// The signing algorithm of introspection responses.
    introspection_signed_response_alg: SigningAlgorithm, "RFC 9701 §6",
        offered introspection_signing_alg_values_supported;
    /// The JWE key management algorithm of introspection responses.
    introspection_encrypted_response_alg: KeyManagement, "RFC 9701 §6",
        offered introspection_encryption_alg_values_supported;
    /// The JWE content encryption of introspection responses.
    introspection_encrypted_response_enc: ContentEncryption, "RFC 9701 §6",
        default ContentEncryption::A128CbcHs256,
        offered introspection_encryption_enc_values_supported,
        needs introspection_encrypted_response_alg;
    /// The signing algorithm of authorization responses.
    authorization_signed_response_alg: SigningAlgorithm, "JARM §3",
        offered authorization_signing_alg_values_supported;
    /// The JWE key management algorithm of authorization responses.
    authorization_encrypted_response_alg: KeyManagement, "JARM §3",
        offered authorization_encryption_alg_values_supported;
    /// The JWE content encryption of authorization responses.
    authorization_encrypted_response_enc: ContentEncryption, "JARM §3",
        default ContentEncryption::A128CbcHs256,
        offered authorization_encryption_enc_values_supported,
        needs authorization_encrypted_response_alg;
    /// The delivery mode of tokens after a CIBA request.
    backchannel_token_delivery_mode: DeliveryMode, "CIBA §4",
        offered backchannel_token_delivery_modes_supported;
    /// The endpoint of the client that receives CIBA notifications or tokens.
    backchannel_client_notification_endpoint: HttpsUri, "CIBA §4", fetched later;
    /// The signing algorithm of the client's CIBA requests.
    backchannel_authentication_request_signing_alg: SigningAlgorithm, "CIBA §4",
        offered backchannel_authentication_request_signing_alg_values_supported;
    /// True if the client's CIBA requests contain a user code.
    backchannel_user_code_parameter: bool, "CIBA §4",
        served backchannel_user_code_parameter_supported;
    /// The URIs to which users may be sent after claims gathering; stored and compared as `redirect_uris` are.
    claims_redirect_uris: Vec<RedirectUri>, "UMA 2.0 Grant §2", fetched no;
    /// The registration types the client supports in a federation.
    client_registration_types: Vec<RegistryName>, "OpenID Federation §5.1.2",
        offered client_registration_types_supported;
    /// The URL of the client's signed JWK Set.
    signed_jwks_uri: HttpsUri, "OpenID Federation §5.2.1", fetched later;
    /// The name of the organization that runs the client.
    organization_name: Localized<HumanText>, "OpenID Federation §5.2.2";
    /// The name of the client in a federation.
    display_name: Localized<HumanText>, "OpenID Federation §5.2.2";
    /// A description of the client.
    description: Localized<Text>, "OpenID Federation §5.2.2";
    /// Keywords to find the client by.
    keywords: Vec<Text>, "OpenID Federation §5.2.2";
    /// The URL of a page with more information about the client.
    information_uri: Localized<WebUri>, "OpenID Federation §5.2.2", fetched no;
    /// The URL of a page about the organization.
    organization_uri: Localized<WebUri>, "OpenID Federation §5.2.2", fetched no;
    /// The endpoint at which a wallet receives credential offers.
    credential_offer_endpoint: ReturnUri, "OpenID4VCI §12.1", fetched no;
    /// The signing algorithm of access tokens for network functions.
    nfv_token_signed_response_alg: SigningAlgorithm, "ETSI GS NFV-SEC 022 V2.7.1",
        offered nfv_token_signing_alg_values_supported;
    /// The JWE key management algorithm of access tokens for network functions.
    nfv_token_encrypted_response_alg: KeyManagement, "ETSI GS NFV-SEC 022 V2.7.1",
        offered nfv_token_encryption_alg_values_supported;
    /// The JWE content encryption of access tokens for network functions.
    nfv_token_encrypted_response_enc: ContentEncryption, "ETSI GS NFV-SEC 022 V2.7.1",
        offered nfv_token_encryption_enc_values_supported,
        needs nfv_token_encrypted_response_alg;

    /// The authentication methods the client supports.
    token_endpoint_auth_methods_supported: Vec<AuthMethod>, "OIDC RP Metadata Choices §2",
        offered token_endpoint_auth_methods_supported;
    /// The signing algorithms the client supports for its authentication.
    token_endpoint_auth_signing_alg_values_supported: Vec<SigningAlgorithm>, "OIDC RP Metadata Choices §2",
        offered token_endpoint_auth_signing_alg_values_supported;
    /// The subject identifier types the client supports.
    subject_types_supported: Vec<SubjectType>, "OIDC RP Metadata Choices §2",
        offered subject_types_supported;
    /// The signing algorithms of ID Tokens the client supports.
    id_token_signing_alg_values_supported: Vec<SigningAlgorithm>, "OIDC RP Metadata Choices §2",
        offered id_token_signing_alg_values_supported;
    /// The JWE key management algorithms of ID Tokens the client supports.
    id_token_encryption_alg_values_supported: Vec<KeyManagement>, "OIDC RP Metadata Choices §2",
        offered id_token_encryption_alg_values_supported;
    /// The JWE content encryptions of ID Tokens the client supports.
    id_token_encryption_enc_values_supported: Vec<ContentEncryption>, "OIDC RP Metadata Choices §2",
        offered id_token_encryption_enc_values_supported;
    /// The signing algorithms of UserInfo responses the client supports.
    userinfo_signing_alg_values_supported: Vec<SigningAlgorithm>, "OIDC RP Metadata Choices §2",
        offered userinfo_signing_alg_values_supported;
    /// The JWE key management algorithms of UserInfo responses the client supports.
    userinfo_encryption_alg_values_supported: Vec<KeyManagement>, "OIDC RP Metadata Choices §2",
        offered userinfo_encryption_alg_values_supported;
    /// The JWE content encryptions of UserInfo responses the client supports.
    userinfo_encryption_enc_values_supported: Vec<ContentEncryption>, "OIDC RP Metadata Choices §2",
        offered userinfo_encryption_enc_values_supported;
    /// The signing algorithms of request objects the client supports.
    request_object_signing_alg_values_supported: Vec<SigningAlgorithm>, "OIDC RP Metadata Choices §2",
        offered request_object_signing_alg_values_supported;
    /// The JWE key management algorithms of request objects the client supports.
    request_object_encryption_alg_values_supported: Vec<KeyManagement>, "OIDC RP Metadata Choices §2",
        offered request_object_encryption_alg_values_supported;
    /// The JWE content encryptions of request objects the client supports.
    request_object_encryption_enc_values_supported: Vec<ContentEncryption>, "OIDC RP Metadata Choices §2",
        offered request_object_encryption_enc_values_supported;
    /// The signing algorithms of introspection responses the client supports.
    introspection_signing_alg_values_supported: Vec<SigningAlgorithm>, "OIDC RP Metadata Choices §2",
        offered introspection_signing_alg_values_supported;
    /// The JWE key management algorithms of introspection responses the client supports.
    introspection_encryption_alg_values_supported: Vec<KeyManagement>, "OIDC RP Metadata Choices §2",
        offered introspection_encryption_alg_values_supported;
    /// The JWE content encryptions of introspection responses the client supports.
    introspection_encryption_enc_values_supported: Vec<ContentEncryption>, "OIDC RP Metadata Choices §2",
        offered introspection_encryption_enc_values_supported;
    /// The signing algorithms of authorization responses the client supports.
    authorization_signing_alg_values_supported: Vec<SigningAlgorithm>, "OIDC RP Metadata Choices §2",
        offered authorization_signing_alg_values_supported;
    /// The JWE key management algorithms of authorization responses the client supports.
    authorization_encryption_alg_values_supported: Vec<KeyManagement>, "OIDC RP Metadata Choices §2",
        offered authorization_encryption_alg_values_supported;
    /// The JWE content encryptions of authorization responses the client supports.
    authorization_encryption_enc_values_supported: Vec<ContentEncryption>, "OIDC RP Metadata Choices §2",
        offered authorization_encryption_enc_values_supported;
    /// The signing algorithms of CIBA requests the client supports.
    backchannel_authentication_request_signing_alg_values_supported: Vec<SigningAlgorithm>, "OIDC RP Metadata Choices §2",
        offered backchannel_authentication_request_signing_alg_values_supported;
}

metadata! {
    /// The members that the provider adds in its responses. A client cannot choose them. RFC 7591 §3.2.1, RFC 7592 §3.
    pub struct ClientInformation;

    /// The client identifier.
    client_id: Text, "RFC 7591 §3.2.1";
    /// The client secret, if the authentication method uses one.
    client_secret: Text, "RFC 7591 §3.2.1";
    /// The time at which the identifier was issued.
    client_id_issued_at: Seconds, "RFC 7591 §3.2.1";
    /// The time at which the secret expires, or 0 if it does not expire. Present exactly when `client_secret` is.
    client_secret_expires_at: Seconds, "RFC 7591 §3.2.1";
    /// The token that manages this client.
    registration_access_token: Text, "RFC 7592 §3";
    /// The URL at which this client is managed.
    registration_client_uri: HttpsUri, "RFC 7592 §3", fetched no;
}
