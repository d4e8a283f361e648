//! The values members hold: registries, numbers and texts.

use std::borrow::Cow;

use oxilangtag::LanguageTag;
use serde_json::Value;

use crate::Invalid;
use crate::member::{Kept, Member, Object, Reason, Single, text};

/// How long a text may be, in characters.
pub const TEXT_MAX: usize = 1024;

/// How long a name shown to people may be, in characters.
pub const NAME_MAX: usize = 256;

/// How long a software statement may be, in characters.
pub const STATEMENT_MAX: usize = 16 * 1024;

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
    /// A certificate of the client's own making. RFC 8705 §2.2.
    SelfSignedTlsClientAuth = "self_signed_tls_client_auth",
}

impl AuthMethod {
    /// Whether the method is built on a client secret.
    pub fn needs_secret(&self) -> bool {
        matches!(self, Self::ClientSecretBasic | Self::ClientSecretPost | Self::ClientSecretJwt)
    }

    /// Whether the method is built on keys the client registers.
    pub fn needs_keys(&self) -> bool {
        matches!(self, Self::PrivateKeyJwt | Self::SelfSignedTlsClientAuth)
    }
}

open_enum! {
    /// OAuth grant types. RFC 7591 §2.
    pub enum GrantType;
    /// A code, exchanged at the token endpoint. RFC 6749 §4.1.
    AuthorizationCode = "authorization_code",
    /// Tokens straight from the authorization endpoint. RFC 6749 §4.2.
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
    /// Whether the grant sends the user back to the client.
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
    /// The same subject for every client.
    Public = "public",
    /// Another subject for every sector.
    Pairwise = "pairwise",
}

open_enum! {
    /// Kinds of application. OIDC Registration §2.
    pub enum ApplicationType;
    /// Runs on a web server.
    Web = "web",
    /// Runs on the user's device.
    Native = "native",
}

open_enum! {
    /// How authorization responses are returned. OAuth 2.0 Multiple Response Types §2.1.
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
    /// As one JWT, in the default place. JARM §2.3.4.
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
    /// How CIBA tokens reach the client. CIBA §5.
    pub enum DeliveryMode;
    /// The client asks until they are there.
    Poll = "poll",
    /// The client is told to fetch them.
    Ping = "ping",
    /// They are sent to the client.
    Push = "push",
}

open_enum! {
    /// A name out of a registry this program has no copy of.
    pub enum Name;
    /// The scope that makes a request an OpenID Connect one.
    OpenId = "openid",
}

/// The text of a registered value: a word of printable ASCII.
///
/// # Errors
/// When it is not a string, or not such a word.
pub fn token(value: Value) -> Result<String, Reason> {
    text(value).and_then(token_text)
}

/// A word of printable ASCII, without spaces, quotes or backslashes (RFC 6749 §3.3).
///
/// # Errors
/// When `text` is not such a word.
pub fn token_text(text: String) -> Result<String, Reason> {
    if text.is_empty() || text.len() > NAME_MAX || !text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\') {
        return Err("must be a word of printable ASCII characters".into());
    }
    Ok(text)
}

/// A text for programs: no control characters, not too long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text(String);

impl Text {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Single for Text {
    const SHAPE: &'static str = "string";

    fn read(value: Value) -> Result<Self, Reason> {
        let text = text(value)?;
        bounded(&text, TEXT_MAX)?;
        Ok(Self(text))
    }

    fn write(&self) -> Value {
        self.0.as_str().into()
    }

    fn value(&self) -> Option<Cow<'_, str>> {
        Some(self.0.as_str().into())
    }
}

/// A name or sentence shown to people, as the client sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HumanText(String);

impl HumanText {
    /// Reads a name.
    ///
    /// # Errors
    /// When it is too long or has control characters in it.
    pub fn parse(text: String) -> Result<Self, Reason> {
        bounded(&text, NAME_MAX).map(|()| Self(text))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Single for HumanText {
    const SHAPE: &'static str = "string";

    fn read(value: Value) -> Result<Self, Reason> {
        text(value).and_then(Self::parse)
    }

    fn write(&self) -> Value {
        self.0.as_str().into()
    }
}

/// Characters that turn the reading direction of what follows, so that a name can look like another one.
fn turns_direction(character: char) -> bool {
    matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn bounded(text: &str, most: usize) -> Result<(), Reason> {
    if text.chars().any(|character| character.is_control() || turns_direction(character)) {
        return Err("must not have control characters".into());
    }
    if text.chars().count() > most {
        return Err(format!("is longer than {most} characters").into());
    }
    Ok(())
}

/// A set of scopes, separated by single spaces. RFC 6749 §3.3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope(Vec<String>);

impl Scope {
    /// The scopes, as sent.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl Member for Scope {
    const SHAPE: &'static str = "space-separated string";

    fn take(object: &mut Object, name: &str) -> Result<Option<Self>, Invalid> {
        let invalid = |reason: Reason| Invalid::new(name.to_owned(), reason);
        match object.shift_remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(value) => {
                let text = text(value).map_err(invalid)?;
                let words = text.split(' ').map(|word| token_text(word.to_owned()));
                words
                    .collect::<Result<Vec<_>, _>>()
                    .map(|words| Some(Self(words)))
                    .map_err(|_| invalid("must be words of printable ASCII characters with one space between them".into()))
            }
        }
    }

    fn put(&self, object: &mut Object, name: &str) {
        object.insert(name.to_owned(), self.0.join(" ").into());
    }

    fn values(&self) -> Vec<Cow<'_, str>> {
        self.words().map(Cow::from).collect()
    }

    fn retain(&mut self, keep: &dyn Fn(&str) -> bool) -> Kept {
        let asked = self.0.len();
        self.0.retain(|word| keep(word));
        match self.0.len() {
            left if left == asked => Kept::All,
            0 => Kept::None,
            _ => Kept::Some,
        }
    }
}

/// A whole number that is not negative: seconds of a span, or seconds since the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seconds(u64);

impl Seconds {
    /// The number.
    pub fn get(self) -> u64 {
        self.0
    }
}

impl Single for Seconds {
    const SHAPE: &'static str = "number of seconds";

    fn read(value: Value) -> Result<Self, Reason> {
        let whole = value
            .as_u64()
            .or_else(|| value.as_f64().filter(|number| number.fract() == 0.0).and_then(|number| format!("{number}").parse().ok()));
        whole.filter(|seconds| i64::try_from(*seconds).is_ok()).map(Self).ok_or_else(|| "must be a whole number of seconds".into())
    }

    fn write(&self) -> Value {
        self.0.into()
    }
}

/// A language tag as sent. BCP 47.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Locale(String);

impl Single for Locale {
    const SHAPE: &'static str = "language tag";

    fn read(value: Value) -> Result<Self, Reason> {
        let text = text(value)?;
        match LanguageTag::parse(text.as_str()) {
            Ok(_) => Ok(Self(text)),
            Err(_) => Err("must be a language tag (BCP 47)".into()),
        }
    }

    fn write(&self) -> Value {
        self.0.as_str().into()
    }
}

/// A JSON object whose members another specification defines; kept as sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Members(Object);

impl Members {
    /// The members.
    pub fn object(&self) -> &Object {
        &self.0
    }
}

impl Single for Members {
    const SHAPE: &'static str = "object";

    fn read(value: Value) -> Result<Self, Reason> {
        match value {
            Value::Object(object) => Ok(Self(object)),
            _ => Err("must be a JSON object".into()),
        }
    }

    fn write(&self) -> Value {
        Value::Object(self.0.clone())
    }
}

/// A signed JWT in its compact form, kept as sent. RFC 7515 §7.1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Jwt(String);

impl Jwt {
    /// The compact form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Single for Jwt {
    const SHAPE: &'static str = "JWT";

    fn read(value: Value) -> Result<Self, Reason> {
        let text = text(value)?;
        if text.len() > STATEMENT_MAX || !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')) {
            return Err("must be a JWT in its compact form".into());
        }
        Ok(Self(text))
    }

    fn write(&self) -> Value {
        self.0.as_str().into()
    }
}

/// An IP address in its usual spelling. RFC 8705 §2.1.2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address(String);

impl Single for Address {
    const SHAPE: &'static str = "IP address";

    fn read(value: Value) -> Result<Self, Reason> {
        let text = text(value)?;
        match text.parse::<std::net::IpAddr>() {
            Ok(_) => Ok(Self(text)),
            Err(_) => Err("must be an IP address".into()),
        }
    }

    fn write(&self) -> Value {
        self.0.as_str().into()
    }
}
