//! The types of member values: the values of registries here, strings and structured values in submodules.

mod strings;
mod structured;

pub use strings::{
    HumanText, NAME_MAX, Scope, TEXT_MAX, Text, token, token_schema, token_text, words_schema,
};
pub use structured::{
    IpAddressText, JsonObject, Jwt, LANGUAGE_TAG, Locale, STATEMENT_MAX, Seconds,
};

open_enum! {
    /// OAuth Token Endpoint Authentication Methods (IANA).
    pub enum AuthMethod;
    /// The client does not authenticate. RFC 7591 §2.
    None = "none",
    /// HTTP Basic with the client secret. RFC 6749 §2.3.1.
    ClientSecretBasic = "client_secret_basic",
    /// The client secret in the body. RFC 6749 §2.3.1.
    ClientSecretPost = "client_secret_post",
    /// A JWT authenticated with the client secret. OIDC Core §9.
    ClientSecretJwt = "client_secret_jwt",
    /// A JWT signed with the client's key. OIDC Core §9.
    PrivateKeyJwt = "private_key_jwt",
    /// A certificate of a public key infrastructure. RFC 8705 §2.1.
    TlsClientAuth = "tls_client_auth",
    /// A self-signed certificate. RFC 8705 §2.2.
    SelfSignedTlsClientAuth = "self_signed_tls_client_auth",
}

impl AuthMethod {
    /// Returns true if the method uses a client secret.
    pub fn needs_secret(&self) -> bool {
        matches!(
            self,
            Self::ClientSecretBasic | Self::ClientSecretPost | Self::ClientSecretJwt
        )
    }

    /// Returns true if the method uses keys that the client registers.
    pub fn needs_keys(&self) -> bool {
        matches!(self, Self::PrivateKeyJwt | Self::SelfSignedTlsClientAuth)
    }
}

open_enum! {
    /// OAuth grant types. RFC 7591 §2.
    pub enum GrantType;
    /// An authorization code. RFC 6749 §4.1.
    AuthorizationCode = "authorization_code",
    /// Tokens from the authorization endpoint. RFC 6749 §4.2.
    Implicit = "implicit",
    /// The user's password. RFC 6749 §4.3.
    Password = "password",
    /// The client's own credentials. RFC 6749 §4.4.
    ClientCredentials = "client_credentials",
    /// A refresh token. RFC 6749 §6.
    RefreshToken = "refresh_token",
    /// A JWT assertion. RFC 7523.
    JwtBearer = "urn:ietf:params:oauth:grant-type:jwt-bearer",
    /// A SAML 2.0 assertion. RFC 7522.
    Saml2Bearer = "urn:ietf:params:oauth:grant-type:saml2-bearer",
    /// A device code. RFC 8628.
    DeviceCode = "urn:ietf:params:oauth:grant-type:device_code",
    /// Token exchange. RFC 8693.
    TokenExchange = "urn:ietf:params:oauth:grant-type:token-exchange",
    /// Authentication on another device. CIBA §4.
    Ciba = "urn:openid:params:grant-type:ciba",
}

impl GrantType {
    /// Returns true if the grant redirects the user to the client.
    pub fn redirects(&self) -> bool {
        matches!(self, Self::AuthorizationCode | Self::Implicit)
    }
}

open_enum! {
    /// JWS algorithms (IANA), and none.
    pub enum SigningAlgorithm;
    /// No signature. RFC 7518 §3.6.
    None = "none",
    /// HMAC with SHA-256.
    Hs256 = "HS256",
    /// HMAC with SHA-384.
    Hs384 = "HS384",
    /// HMAC with SHA-512.
    Hs512 = "HS512",
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256 = "RS256",
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384 = "RS384",
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512 = "RS512",
    /// RSASSA-PSS with SHA-256.
    Ps256 = "PS256",
    /// RSASSA-PSS with SHA-384.
    Ps384 = "PS384",
    /// RSASSA-PSS with SHA-512.
    Ps512 = "PS512",
    /// ECDSA on P-256 with SHA-256.
    Es256 = "ES256",
    /// ECDSA on P-384 with SHA-384.
    Es384 = "ES384",
    /// ECDSA on P-521 with SHA-512.
    Es512 = "ES512",
    /// Edwards-curve signatures. RFC 8037 §3.1.
    EdDsa = "EdDSA",
}

impl SigningAlgorithm {
    /// Returns true if it uses a shared secret. RFC 7518 §3.2.
    pub fn is_symmetric(&self) -> bool {
        matches!(self, Self::Hs256 | Self::Hs384 | Self::Hs512)
    }
}

open_enum! {
    /// JWE key management algorithms (IANA).
    pub enum KeyManagement;
    /// RSAES OAEP.
    RsaOaep = "RSA-OAEP",
    /// RSAES OAEP with SHA-256.
    RsaOaep256 = "RSA-OAEP-256",
    /// Elliptic-curve Diffie-Hellman.
    EcdhEs = "ECDH-ES",
    /// Elliptic-curve Diffie-Hellman with key wrapping.
    EcdhEsA128Kw = "ECDH-ES+A128KW",
    /// Elliptic-curve Diffie-Hellman with key wrapping.
    EcdhEsA256Kw = "ECDH-ES+A256KW",
    /// A shared symmetric key.
    Dir = "dir",
}

impl KeyManagement {
    /// Returns true if it uses a shared secret. RFC 7518 §4.4, §4.5, §4.7, §4.8.
    pub fn is_symmetric(&self) -> bool {
        let name = self.as_str();
        name == "dir"
            || (name.starts_with('A') && name.ends_with("KW"))
            || name.starts_with("PBES2-")
    }
}

/// Returns true if an algorithm for signing or key management uses a shared secret. RFC 7518 §3.2, §4.
pub fn takes_a_secret(algorithm: &str) -> bool {
    SigningAlgorithm::from(algorithm).is_symmetric()
        || KeyManagement::from(algorithm).is_symmetric()
}

open_enum! {
    /// JWE content encryption algorithms (IANA).
    pub enum ContentEncryption;
    /// AES-128 in CBC mode with HMAC SHA-256.
    A128CbcHs256 = "A128CBC-HS256",
    /// AES-256 in CBC mode with HMAC SHA-512.
    A256CbcHs512 = "A256CBC-HS512",
    /// AES-128 in Galois/counter mode.
    A128Gcm = "A128GCM",
    /// AES-256 in Galois/counter mode.
    A256Gcm = "A256GCM",
}

open_enum! {
    /// Subject identifier types. OIDC Core §8.
    pub enum SubjectType;
    /// One subject for all clients.
    Public = "public",
    /// A different subject for each sector.
    Pairwise = "pairwise",
}

open_enum! {
    /// Kinds of application. OIDC Registration §2.
    pub enum ApplicationType;
    /// An application on a web server.
    Web = "web",
    /// An application on the user's device.
    Native = "native",
}

open_enum! {
    /// Response modes. OAuth 2.0 Multiple Response Types §2.1.
    pub enum ResponseMode;
    /// In the query.
    Query = "query",
    /// In the fragment.
    Fragment = "fragment",
    /// In a form the browser posts.
    FormPost = "form_post",
    /// In the query, as one JWT. JARM §2.3.1.
    QueryJwt = "query.jwt",
    /// In the fragment, as one JWT. JARM §2.3.2.
    FragmentJwt = "fragment.jwt",
    /// In a form, as one JWT. JARM §2.3.3.
    FormPostJwt = "form_post.jwt",
    /// As one JWT, in the default mode of the response type. JARM §2.3.4.
    Jwt = "jwt",
}

open_enum! {
    /// PKCE code challenge methods. RFC 7636 §4.2.
    pub enum CodeChallengeMethod;
    /// The SHA-256 of the verifier.
    S256 = "S256",
    /// The verifier itself.
    Plain = "plain",
}

open_enum! {
    /// CIBA token delivery modes. CIBA §5.
    pub enum DeliveryMode;
    /// The client polls the token endpoint.
    Poll = "poll",
    /// The client is notified and fetches the tokens.
    Ping = "ping",
    /// The tokens are sent to the client.
    Push = "push",
}

open_enum! {
    /// The value of a registry of which this program has no copy.
    pub enum RegistryName;
    /// The scope that makes a request an OpenID Connect one.
    OpenId = "openid",
}
