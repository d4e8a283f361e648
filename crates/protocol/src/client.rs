//! The client metadata table: every standard member, one row each.

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
    /// Client metadata: what a client asks for. RFC 7591 §2.
    pub struct ClientMetadata;

    /// Where authorization responses may be sent; compared byte for byte.
    redirect_uris: Vec<RedirectUri>, "RFC 7591 §2", fetched no;
    /// How the client authenticates at the token endpoint.
    token_endpoint_auth_method: AuthMethod, "RFC 7591 §2",
        default AuthMethod::ClientSecretBasic,
        offered token_endpoint_auth_methods_supported;
    /// The algorithm of the JWT the client authenticates with.
    token_endpoint_auth_signing_alg: SigningAlgorithm, "OIDC Registration §2",
        offered token_endpoint_auth_signing_alg_values_supported;
    /// The grants the client may use; without it, those its response types take.
    grant_types: Vec<GrantType>, "RFC 7591 §2",
        offered grant_types_supported;
    /// The responses the client may ask the authorization endpoint for; without it, those its grants give.
    response_types: Vec<ResponseType>, "RFC 7591 §2",
        offered response_types_supported;
    /// How the client wants authorization responses returned.
    response_modes: Vec<ResponseMode>, "unregistered; OAuth 2.0 Multiple Response Types §2.1",
        offered response_modes_supported;
    /// Whether it runs on a web server or on the user's device.
    application_type: ApplicationType, "OIDC Registration §2",
        default ApplicationType::Web;
    /// The name shown to people.
    client_name: Localized<HumanText>, "RFC 7591 §2";
    /// A page about the client.
    client_uri: Localized<WebUri>, "RFC 7591 §2", fetched no;
    /// The client's logo.
    logo_uri: Localized<WebUri>, "RFC 7591 §2", fetched picture;
    /// The client's terms of service.
    tos_uri: Localized<WebUri>, "RFC 7591 §2", fetched no;
    /// The client's privacy policy.
    policy_uri: Localized<WebUri>, "RFC 7591 §2", fetched no;
    /// Ways to reach the people responsible, usually e-mail addresses.
    contacts: Vec<Text>, "RFC 7591 §2";
    /// The scopes the client may ask for.
    scope: Scope, "RFC 7591 §2",
        offered scopes_supported;
    /// Where the client's public keys are; excludes `jwks`.
    jwks_uri: HttpsUri, "RFC 7591 §2", fetched later;
    /// The client's public keys; excludes `jwks_uri`.
    jwks: JwkSet, "RFC 7591 §2", fetched later;
    /// Which software this is, the same for every installation.
    software_id: Text, "RFC 7591 §2";
    /// Which version of the software this is.
    software_version: Text, "RFC 7591 §2";
    /// What a third party says about the software, signed; its claims override plain members.
    software_statement: Jwt, "RFC 7591 §2.3";
    /// Where the list of redirect URIs is that share one pairwise subject.
    sector_identifier_uri: HttpsUri, "OIDC Registration §2", fetched now;
    /// Whether the client's users have the same subject at every client or one of their own.
    subject_type: SubjectType, "OIDC Registration §2",
        offered subject_types_supported;
    /// How ID Tokens are signed.
    id_token_signed_response_alg: SigningAlgorithm, "OIDC Registration §2",
        default SigningAlgorithm::Rs256,
        offered id_token_signing_alg_values_supported;
    /// How the keys of encrypted ID Tokens are managed.
    id_token_encrypted_response_alg: KeyManagement, "OIDC Registration §2",
        offered id_token_encryption_alg_values_supported;
    /// How ID Tokens are encrypted.
    id_token_encrypted_response_enc: ContentEncryption, "OIDC Registration §2",
        default ContentEncryption::A128CbcHs256,
        offered id_token_encryption_enc_values_supported,
        needs id_token_encrypted_response_alg;
    /// How UserInfo answers are signed; without it they are plain JSON.
    userinfo_signed_response_alg: SigningAlgorithm, "OIDC Registration §2",
        offered userinfo_signing_alg_values_supported;
    /// How the keys of encrypted UserInfo answers are managed.
    userinfo_encrypted_response_alg: KeyManagement, "OIDC Registration §2",
        offered userinfo_encryption_alg_values_supported;
    /// How UserInfo answers are encrypted.
    userinfo_encrypted_response_enc: ContentEncryption, "OIDC Registration §2",
        default ContentEncryption::A128CbcHs256,
        offered userinfo_encryption_enc_values_supported,
        needs userinfo_encrypted_response_alg;
    /// How the client signs request objects.
    request_object_signing_alg: SigningAlgorithm, "OIDC Registration §2",
        offered request_object_signing_alg_values_supported;
    /// How the keys of encrypted request objects are managed.
    request_object_encryption_alg: KeyManagement, "OIDC Registration §2",
        offered request_object_encryption_alg_values_supported;
    /// How the client encrypts request objects.
    request_object_encryption_enc: ContentEncryption, "OIDC Registration §2",
        default ContentEncryption::A128CbcHs256,
        offered request_object_encryption_enc_values_supported,
        needs request_object_encryption_alg;
    /// After how many seconds users must authenticate again, unless a request says otherwise.
    default_max_age: Seconds, "OIDC Registration §2";
    /// Whether ID Tokens always carry `auth_time`.
    require_auth_time: bool, "OIDC Registration §2",
        default false;
    /// The authentication context classes asked for when a request names none.
    default_acr_values: Vec<Text>, "OIDC Registration §2",
        offered acr_values_supported;
    /// Where a third party may send users to begin a login.
    initiate_login_uri: HttpsUri, "OIDC Registration §2", fetched no;
    /// Where request objects may be, with a fragment or without.
    request_uris: Vec<RequestUri>, "OIDC Registration §2", fetched later;
    /// Where users may be sent after a logout.
    post_logout_redirect_uris: Vec<ReturnUri>, "OIDC RP-Initiated Logout §3.1", fetched no;
    /// What is loaded in the user's browser at a logout.
    frontchannel_logout_uri: WebUri, "OIDC Front-Channel Logout §2", fetched no;
    /// Whether `iss` and `sid` are sent with a logout through the browser.
    frontchannel_logout_session_required: bool, "OIDC Front-Channel Logout §2";
    /// Where logout tokens are posted.
    backchannel_logout_uri: WebUri, "OIDC Back-Channel Logout §2.2", fetched later;
    /// Whether logout tokens must carry `sid`.
    backchannel_logout_session_required: bool, "OIDC Back-Channel Logout §2.2";
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
    /// Whether the client wants its access tokens bound to its certificate.
    tls_client_certificate_bound_access_tokens: bool, "RFC 8705 §3.4",
        served tls_client_certificate_bound_access_tokens;
    /// Whether the client uses the mutual TLS aliases of the endpoints.
    use_mtls_endpoint_aliases: bool, "FAPI 2.0 Security Profile §5.2.2.1.1",
        served mtls_endpoint_aliases;
    /// Whether the client sends its requests as signed objects only.
    require_signed_request_object: bool, "RFC 9101 §10.5",
        served request_parameter_supported | request_uri_parameter_supported | pushed_authorization_request_endpoint;
    /// Whether the client pushes its authorization requests only.
    require_pushed_authorization_requests: bool, "RFC 9126 §6",
        served pushed_authorization_request_endpoint;
    /// The types of authorization details the client may ask for.
    authorization_details_types: Vec<RegistryName>, "RFC 9396 §10",
        offered authorization_details_types_supported;
    /// Whether the client's access tokens are always bound by DPoP.
    dpop_bound_access_tokens: bool, "RFC 9449 §5.2",
        served dpop_signing_alg_values_supported;
    /// How introspection answers are signed.
    introspection_signed_response_alg: SigningAlgorithm, "RFC 9701 §6",
        offered introspection_signing_alg_values_supported;
    /// How the keys of encrypted introspection answers are managed.
    introspection_encrypted_response_alg: KeyManagement, "RFC 9701 §6",
        offered introspection_encryption_alg_values_supported;
    /// How introspection answers are encrypted.
    introspection_encrypted_response_enc: ContentEncryption, "RFC 9701 §6",
        default ContentEncryption::A128CbcHs256,
        offered introspection_encryption_enc_values_supported,
        needs introspection_encrypted_response_alg;
    /// How authorization responses are signed.
    authorization_signed_response_alg: SigningAlgorithm, "JARM §3",
        offered authorization_signing_alg_values_supported;
    /// How the keys of encrypted authorization responses are managed.
    authorization_encrypted_response_alg: KeyManagement, "JARM §3",
        offered authorization_encryption_alg_values_supported;
    /// How authorization responses are encrypted.
    authorization_encrypted_response_enc: ContentEncryption, "JARM §3",
        default ContentEncryption::A128CbcHs256,
        offered authorization_encryption_enc_values_supported,
        needs authorization_encrypted_response_alg;
    /// How tokens reach the client after an authentication on another device.
    backchannel_token_delivery_mode: DeliveryMode, "CIBA §4",
        offered backchannel_token_delivery_modes_supported;
    /// Where the client is told of tokens, or sent them, after an authentication on another device.
    backchannel_client_notification_endpoint: HttpsUri, "CIBA §4", fetched later;
    /// How the client signs authentication requests.
    backchannel_authentication_request_signing_alg: SigningAlgorithm, "CIBA §4",
        offered backchannel_authentication_request_signing_alg_values_supported;
    /// Whether the client sends a code only the user knows.
    backchannel_user_code_parameter: bool, "CIBA §4";
    /// Where users may be sent back to after claims were gathered from them; kept and compared as `redirect_uris` are.
    claims_redirect_uris: Vec<RedirectUri>, "UMA 2.0 Grant §2", fetched no;
    /// How the client can register in a federation.
    client_registration_types: Vec<RegistryName>, "OpenID Federation §5.1.2",
        offered client_registration_types_supported;
    /// Where the client's signed JWK Set is.
    signed_jwks_uri: HttpsUri, "OpenID Federation §5.2.1", fetched later;
    /// The organization that runs the client.
    organization_name: Localized<HumanText>, "OpenID Federation §5.2.2";
    /// The client's name as a federation shows it.
    display_name: Localized<HumanText>, "OpenID Federation §5.2.2";
    /// What the client does.
    description: Localized<Text>, "OpenID Federation §5.2.2";
    /// Words to find the client by.
    keywords: Vec<Text>, "OpenID Federation §5.2.2";
    /// A page with more about the client.
    information_uri: Localized<WebUri>, "OpenID Federation §5.2.2", fetched no;
    /// A page about the organization.
    organization_uri: Localized<WebUri>, "OpenID Federation §5.2.2", fetched no;
    /// Where a wallet receives credential offers.
    credential_offer_endpoint: ReturnUri, "OpenID4VCI §12.1", fetched no;
    /// How access tokens for network functions are signed.
    nfv_token_signed_response_alg: SigningAlgorithm, "ETSI GS NFV-SEC 022 V2.7.1",
        offered nfv_token_signing_alg_values_supported;
    /// How the keys of encrypted access tokens for network functions are managed.
    nfv_token_encrypted_response_alg: KeyManagement, "ETSI GS NFV-SEC 022 V2.7.1",
        offered nfv_token_encryption_alg_values_supported;
    /// How access tokens for network functions are encrypted.
    nfv_token_encrypted_response_enc: ContentEncryption, "ETSI GS NFV-SEC 022 V2.7.1",
        offered nfv_token_encryption_enc_values_supported,
        needs nfv_token_encrypted_response_alg;

    /// The authentication methods the client could use.
    token_endpoint_auth_methods_supported: Vec<AuthMethod>, "OIDC RP Metadata Choices §2",
        offered token_endpoint_auth_methods_supported;
    /// The algorithms the client could sign its authentication with.
    token_endpoint_auth_signing_alg_values_supported: Vec<SigningAlgorithm>, "OIDC RP Metadata Choices §2",
        offered token_endpoint_auth_signing_alg_values_supported;
    /// The subject types the client could use.
    subject_types_supported: Vec<SubjectType>, "OIDC RP Metadata Choices §2",
        offered subject_types_supported;
    /// The algorithms the client could verify ID Tokens with.
    id_token_signing_alg_values_supported: Vec<SigningAlgorithm>, "OIDC RP Metadata Choices §2",
        offered id_token_signing_alg_values_supported;
    /// The key management the client could decrypt ID Tokens with.
    id_token_encryption_alg_values_supported: Vec<KeyManagement>, "OIDC RP Metadata Choices §2",
        offered id_token_encryption_alg_values_supported;
    /// The encryption the client could decrypt ID Tokens with.
    id_token_encryption_enc_values_supported: Vec<ContentEncryption>, "OIDC RP Metadata Choices §2",
        offered id_token_encryption_enc_values_supported;
    /// The algorithms the client could verify UserInfo answers with.
    userinfo_signing_alg_values_supported: Vec<SigningAlgorithm>, "OIDC RP Metadata Choices §2",
        offered userinfo_signing_alg_values_supported;
    /// The key management the client could decrypt UserInfo answers with.
    userinfo_encryption_alg_values_supported: Vec<KeyManagement>, "OIDC RP Metadata Choices §2",
        offered userinfo_encryption_alg_values_supported;
    /// The encryption the client could decrypt UserInfo answers with.
    userinfo_encryption_enc_values_supported: Vec<ContentEncryption>, "OIDC RP Metadata Choices §2",
        offered userinfo_encryption_enc_values_supported;
    /// The algorithms the client could sign request objects with.
    request_object_signing_alg_values_supported: Vec<SigningAlgorithm>, "OIDC RP Metadata Choices §2",
        offered request_object_signing_alg_values_supported;
    /// The key management the client could encrypt request objects with.
    request_object_encryption_alg_values_supported: Vec<KeyManagement>, "OIDC RP Metadata Choices §2",
        offered request_object_encryption_alg_values_supported;
    /// The encryption the client could encrypt request objects with.
    request_object_encryption_enc_values_supported: Vec<ContentEncryption>, "OIDC RP Metadata Choices §2",
        offered request_object_encryption_enc_values_supported;
    /// The algorithms the client could verify introspection answers with.
    introspection_signing_alg_values_supported: Vec<SigningAlgorithm>, "OIDC RP Metadata Choices §2",
        offered introspection_signing_alg_values_supported;
    /// The key management the client could decrypt introspection answers with.
    introspection_encryption_alg_values_supported: Vec<KeyManagement>, "OIDC RP Metadata Choices §2",
        offered introspection_encryption_alg_values_supported;
    /// The encryption the client could decrypt introspection answers with.
    introspection_encryption_enc_values_supported: Vec<ContentEncryption>, "OIDC RP Metadata Choices §2",
        offered introspection_encryption_enc_values_supported;
    /// The algorithms the client could verify authorization responses with.
    authorization_signing_alg_values_supported: Vec<SigningAlgorithm>, "OIDC RP Metadata Choices §2",
        offered authorization_signing_alg_values_supported;
    /// The key management the client could decrypt authorization responses with.
    authorization_encryption_alg_values_supported: Vec<KeyManagement>, "OIDC RP Metadata Choices §2",
        offered authorization_encryption_alg_values_supported;
    /// The encryption the client could decrypt authorization responses with.
    authorization_encryption_enc_values_supported: Vec<ContentEncryption>, "OIDC RP Metadata Choices §2",
        offered authorization_encryption_enc_values_supported;
    /// The algorithms the client could sign CIBA requests with.
    backchannel_authentication_request_signing_alg_values_supported: Vec<SigningAlgorithm>, "OIDC RP Metadata Choices §2",
        offered backchannel_authentication_request_signing_alg_values_supported;
}

metadata! {
    /// What the provider adds in its answer: never the client's to choose. RFC 7591 §3.2.1, RFC 7592 §3.
    pub struct ClientInformation;

    /// The client identifier.
    client_id: Text, "RFC 7591 §3.2.1";
    /// The client secret, when the authentication method uses one.
    client_secret: Text, "RFC 7591 §3.2.1";
    /// When the identifier was issued.
    client_id_issued_at: Seconds, "RFC 7591 §3.2.1";
    /// When the secret expires; 0 when it does not. There exactly when a secret is.
    client_secret_expires_at: Seconds, "RFC 7591 §3.2.1";
    /// The token that manages this client.
    registration_access_token: Text, "RFC 7592 §3";
    /// Where this client is managed.
    registration_client_uri: HttpsUri, "RFC 7592 §3", fetched no;
}
