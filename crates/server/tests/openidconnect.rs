//! The published crate `openidconnect` as the client, over TLS with the development authority and nothing else trusted.

#![expect(clippy::unwrap_used, reason = "a test says what it expects")]

mod support;

use std::io::{self, Read, Write};
use std::net::TcpStream;

use openidconnect::core::{
    CoreApplicationType, CoreClientAuthMethod, CoreClientRegistrationRequest, CoreGrantType,
    CoreJsonWebKeySet, CoreJwsSigningAlgorithm, CoreProviderMetadata,
    CoreRegisterErrorResponseType, CoreResponseMode, CoreResponseType, CoreRsaPrivateSigningKey,
    CoreSubjectIdentifierType,
};
use openidconnect::http::{HeaderValue, Method, Request, Response, StatusCode, header};
use openidconnect::registration::{
    ClientRegistrationError, EmptyAdditionalClientMetadata as NoMetadata,
};
use openidconnect::{
    AccessToken, ClientName, DiscoveryError, HttpRequest, HttpResponse, IssuerUrl, JsonWebKey,
    JsonWebKeyAlgorithm, JsonWebKeyId, LanguageTag, LocalizedClaim, PrivateSigningKey, RedirectUrl,
    ResponseTypes, SectorIdentifierUrl, SyncHttpClient,
};
use openssl::rsa::Rsa;
use openssl::ssl::{SslConnector, SslMethod};
use openssl::x509::X509;
use openssl::x509::store::X509StoreBuilder;
use serde_json::{Value, json};
use support::{Setup, TestServer};

/// HTTP/1.1, a connection for each request, trusting only the authority the server made.
struct Https {
    trust: SslConnector,
}

impl Https {
    fn new(server: &TestServer) -> Self {
        let pem = std::fs::read(server.folder.path().join("frontdesk-data/ca.pem")).unwrap();
        let mut authorities = X509StoreBuilder::new().unwrap();
        authorities.add_cert(X509::from_pem(&pem).unwrap()).unwrap();
        let mut trust = SslConnector::builder(SslMethod::tls_client()).unwrap();
        trust.set_cert_store(authorities.build());
        Self {
            trust: trust.build(),
        }
    }

    /// The body at a URL as JSON, with a bearer token or without.
    fn get(&self, url: &str, token: Option<&str>) -> Value {
        let mut request = Request::builder().uri(url);
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let answer = self.call(request.body(Vec::new()).unwrap()).unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{url}");
        serde_json::from_slice(answer.body()).unwrap()
    }
}

impl SyncHttpClient for Https {
    type Error = io::Error;

    fn call(&self, request: HttpRequest) -> io::Result<HttpResponse> {
        let uri = request.uri();
        assert_eq!(uri.scheme_str(), Some("https"), "{uri}");
        let (authority, path) = (uri.authority().unwrap(), uri.path_and_query().unwrap());
        let connection = TcpStream::connect(authority.as_str())?;
        connection.set_read_timeout(Some(support::PATIENCE))?;
        let mut stream = self
            .trust
            .connect(authority.host(), connection)
            .map_err(io::Error::other)?;

        let mut head = format!(
            "{} {path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n",
            request.method()
        )
        .into_bytes();
        for (name, value) in request.headers() {
            head.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
        }
        if request.method() != Method::GET {
            head.extend(format!("Content-Length: {}\r\n", request.body().len()).into_bytes());
        }
        stream.write_all(&[&head, b"\r\n".as_slice(), request.body()].concat())?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        Ok(read(&answer))
    }
}

/// An answer whose length its head says.
fn read(answer: &[u8]) -> HttpResponse {
    let end = answer
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .unwrap();
    let (head, body) = (
        std::str::from_utf8(answer.get(..end).unwrap()).unwrap(),
        answer.get(end + 4..).unwrap(),
    );
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap();
    let mut response = Response::builder().status(status);
    for line in lines {
        let (name, value) = line.split_once(':').unwrap();
        response = response.header(name, value.trim());
    }
    let response = response.body(body.to_vec()).unwrap();
    assert_eq!(
        response.headers().get(header::CONTENT_LENGTH),
        Some(&HeaderValue::from(body.len())),
        "{head}"
    );
    response
}

fn start() -> (TestServer, Https) {
    let server = Setup::new().with("FRONTDESK_TLS", "self-signed").start();
    let https = Https::new(&server);
    (server, https)
}

fn discover(server: &TestServer, https: &Https) -> CoreProviderMetadata {
    CoreProviderMetadata::discover(&IssuerUrl::new(server.issuer()).unwrap(), https).unwrap()
}

fn asking(redirect_uri: &str, token: Option<&str>) -> CoreClientRegistrationRequest {
    let redirect_uri = RedirectUrl::new(redirect_uri.to_owned()).unwrap();
    CoreClientRegistrationRequest::new(vec![redirect_uri], NoMetadata {})
        .set_initial_access_token(token.map(|token| AccessToken::new(token.to_owned())))
}

/// OIDC Discovery §4.3: the client finds the issuer it asked for, and in every member the values that are served.
#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn discovery_is_understood() {
    let (server, https) = start();
    let issuer = server.issuer();
    let provider = discover(&server, &https);

    assert_eq!(provider.issuer().as_str(), issuer);
    assert_eq!(
        provider.authorization_endpoint().as_str(),
        format!("{issuer}/oauth2/authorize")
    );
    assert_eq!(
        provider.token_endpoint().unwrap().as_str(),
        format!("{issuer}/oauth2/token")
    );
    assert_eq!(
        provider.userinfo_endpoint().unwrap().as_str(),
        format!("{issuer}/oauth2/userinfo")
    );
    assert_eq!(
        provider.registration_endpoint().unwrap().as_str(),
        format!("{issuer}/register")
    );
    assert_eq!(provider.jwks_uri().as_str(), format!("{issuer}/jwks"));
    let (code, id_token, token) = (
        CoreResponseType::Code,
        CoreResponseType::IdToken,
        CoreResponseType::Token,
    );
    let response_types = [
        vec![code],
        vec![id_token.clone()],
        vec![id_token, token.clone()],
        vec![token],
    ]
    .map(ResponseTypes::new);
    assert_eq!(
        provider.response_types_supported(),
        &response_types.to_vec()
    );
    let response_modes = [
        CoreResponseMode::Query,
        CoreResponseMode::Fragment,
        CoreResponseMode::FormPost,
    ];
    assert_eq!(
        provider.response_modes_supported().unwrap(),
        &response_modes.to_vec()
    );
    let grant_types = [
        CoreGrantType::AuthorizationCode,
        CoreGrantType::Implicit,
        CoreGrantType::RefreshToken,
        CoreGrantType::ClientCredentials,
        CoreGrantType::Password,
    ];
    assert_eq!(
        provider.grant_types_supported().unwrap(),
        &grant_types.to_vec()
    );
    let (rs256, es256) = (
        CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
        CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    );
    assert_eq!(
        provider.id_token_signing_alg_values_supported(),
        &vec![rs256.clone(), es256.clone()]
    );
    let (ps256, eddsa) = (
        CoreJwsSigningAlgorithm::RsaSsaPssSha256,
        CoreJwsSigningAlgorithm::EdDsa,
    );
    assert_eq!(
        provider
            .token_endpoint_auth_signing_alg_values_supported()
            .unwrap(),
        &vec![rs256, ps256, es256, eddsa]
    );
    let methods = [
        CoreClientAuthMethod::ClientSecretBasic,
        CoreClientAuthMethod::ClientSecretPost,
        CoreClientAuthMethod::PrivateKeyJwt,
        CoreClientAuthMethod::None,
    ];
    assert_eq!(
        provider.token_endpoint_auth_methods_supported().unwrap(),
        &methods.to_vec()
    );
    assert_eq!(
        provider.subject_types_supported(),
        &vec![
            CoreSubjectIdentifierType::Public,
            CoreSubjectIdentifierType::Pairwise
        ]
    );

    let mut document = https.get(&format!("{issuer}/.well-known/openid-configuration"), None);
    // RFC 8414 knows these members, OIDC Discovery and the client do not.
    assert!(
        document
            .as_object_mut()
            .unwrap()
            .shift_remove("signed_metadata")
            .is_some()
    );
    assert_eq!(
        document
            .as_object_mut()
            .unwrap()
            .shift_remove("code_challenge_methods_supported"),
        Some(json!(["S256"]))
    );
    assert_eq!(serde_json::to_value(&provider).unwrap(), document);
}

/// OIDC Discovery §3: the keys at `jwks_uri` are there at once, one for each algorithm ID Tokens are signed with.
#[test]
fn the_keys_are_understood() {
    let (server, https) = start();
    let provider = discover(&server, &https);
    let algorithms: Vec<&CoreJwsSigningAlgorithm> = provider
        .jwks()
        .keys()
        .iter()
        .map(|key| match key.signing_alg() {
            JsonWebKeyAlgorithm::Algorithm(algorithm) => algorithm,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        algorithms,
        provider
            .id_token_signing_alg_values_supported()
            .iter()
            .collect::<Vec<_>>()
    );
    let keys = https.get(provider.jwks_uri().as_str(), None);
    assert_eq!(serde_json::to_value(provider.jwks()).unwrap(), keys);
}

/// OIDC Discovery §4.3: an issuer that is not byte for byte the requested issuer is refused.
#[test]
fn issuer_with_extra_slash_is_refused() {
    let (server, https) = start();
    let slash = IssuerUrl::new(format!("{}/", server.issuer())).unwrap();
    let error = CoreProviderMetadata::discover(&slash, &https).unwrap_err();
    assert!(
        matches!(&error, DiscoveryError::Validation(reason) if reason.contains(&server.issuer())),
        "{error:?}"
    );
}

/// RFC 7591 §3: an initial access token opens a protected endpoint, and the answer has all agreed
/// metadata.
#[test]
fn client_registers_with_initial_token() {
    let (server, https) = start();
    let provider = discover(&server, &https);
    let token = server.ran(&["token", "issue", "--uses", "1"]);
    let pem =
        String::from_utf8(Rsa::generate(2048).unwrap().private_key_to_pem().unwrap()).unwrap();
    let key = CoreRsaPrivateSigningKey::from_pem(&pem, Some(JsonWebKeyId::new("mine".to_owned())))
        .unwrap();
    let keys: CoreJsonWebKeySet = CoreJsonWebKeySet::new(vec![key.as_verification_key()]);
    let mut name = LocalizedClaim::from(ClientName::new("A client".to_owned()));
    name.insert(
        Some(LanguageTag::new("ja".to_owned())),
        ClientName::new("クライアント".to_owned()),
    );

    let asked = asking("https://rp.example/cb?keep=%2F", Some(token.trim()))
        .set_application_type(Some(CoreApplicationType::Web))
        .set_grant_types(Some(vec![
            CoreGrantType::AuthorizationCode,
            CoreGrantType::RefreshToken,
        ]))
        .set_response_types(Some(vec![ResponseTypes::new(vec![CoreResponseType::Code])]))
        .set_token_endpoint_auth_method(Some(CoreClientAuthMethod::PrivateKeyJwt))
        .set_token_endpoint_auth_signing_alg(Some(CoreJwsSigningAlgorithm::RsaSsaPssSha256))
        .set_id_token_signed_response_alg(Some(CoreJwsSigningAlgorithm::EcdsaP256Sha256))
        .set_subject_type(Some(CoreSubjectIdentifierType::Pairwise))
        .set_client_name(Some(name))
        .set_jwks(Some(keys));
    let client = asked
        .register(provider.registration_endpoint().unwrap(), &https)
        .unwrap();

    assert!(
        client.client_secret().is_none(),
        "a client with a key of its own needs no secret"
    );
    assert_eq!(
        client.redirect_uris(),
        asked.client_metadata().redirect_uris()
    );
    assert_eq!(client.grant_types(), asked.client_metadata().grant_types());
    assert_eq!(
        client.response_types(),
        asked.client_metadata().response_types()
    );
    assert_eq!(
        client.token_endpoint_auth_method(),
        asked.client_metadata().token_endpoint_auth_method()
    );
    assert_eq!(
        client.token_endpoint_auth_signing_alg(),
        asked.client_metadata().token_endpoint_auth_signing_alg()
    );
    assert_eq!(
        client.id_token_signed_response_alg(),
        asked.client_metadata().id_token_signed_response_alg()
    );
    assert_eq!(
        client.subject_type(),
        asked.client_metadata().subject_type()
    );
    assert_eq!(client.client_name(), asked.client_metadata().client_name());
    assert_eq!(client.jwks(), asked.client_metadata().jwks());
    assert_eq!(client.application_type(), Some(&CoreApplicationType::Web));

    let place = client.registration_client_uri().unwrap();
    assert_eq!(
        place.as_str(),
        format!(
            "{}/register/{}",
            server.issuer(),
            client.client_id().as_str()
        )
    );
    let stored = https.get(
        place.as_str(),
        Some(client.registration_access_token().unwrap().secret()),
    );
    assert_eq!(serde_json::to_value(&client).unwrap(), stored);
}

/// RFC 7591 §3.2.1: a client without metadata gets a secret that does not expire.
#[test]
fn minimal_client_gets_a_secret() {
    let (server, https) = start();
    let provider = discover(&server, &https);
    let token = server.ran(&["token", "issue"]);
    let client = asking("https://rp.example/cb", Some(token.trim()))
        .register(provider.registration_endpoint().unwrap(), &https)
        .unwrap();

    assert_eq!(
        client.client_secret().unwrap().secret().len(),
        43,
        "256 bits in letters and digits"
    );
    let secret = client.client_secret().unwrap().secret();
    for text in [client.client_id().as_str(), secret] {
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    }
    assert_eq!(client.client_id().as_str().len(), 12 + 22, "128 bits");
    assert_eq!(client.client_secret_expires_at().unwrap().timestamp(), 0);
    assert_eq!(
        client.token_endpoint_auth_method(),
        Some(&CoreClientAuthMethod::ClientSecretBasic)
    );
    assert_eq!(
        client.grant_types(),
        Some(&vec![CoreGrantType::AuthorizationCode])
    );
    assert_eq!(
        client.response_types(),
        Some(&vec![ResponseTypes::new(vec![CoreResponseType::Code])])
    );
}

/// RFC 7591 §3.2.2: the client recognises the refusal by its code; the refusal stores no client and
/// spends no use of the token.
#[test]
fn refusal_is_understood_and_free() {
    let (server, https) = start();
    let provider = discover(&server, &https);
    let endpoint = provider.registration_endpoint().unwrap();
    let token = server.ran(&["token", "issue", "--uses", "1"]);

    let refused = asking("https://rp.example/cb#fragment", Some(token.trim()))
        .register(endpoint, &https)
        .unwrap_err();
    let ClientRegistrationError::ServerResponse(told) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(
        told.error(),
        &CoreRegisterErrorResponseType::InvalidRedirectUri
    );
    let sentence = told.error_description().unwrap();
    assert!(
        sentence.starts_with("One or more redirect_uri values are invalid: "),
        "{sentence}"
    );

    let refused = asking("https://rp.example/cb", Some(token.trim()))
        .set_sector_identifier_uri(Some(
            SectorIdentifierUrl::new("http://rp.example/sector".to_owned()).unwrap(),
        ))
        .register(endpoint, &https)
        .unwrap_err();
    let ClientRegistrationError::ServerResponse(told) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(
        told.error(),
        &CoreRegisterErrorResponseType::InvalidClientMetadata
    );
    assert_eq!(server.ran(&["client", "list", "--json"]), "");

    asking("https://rp.example/cb", Some(token.trim()))
        .register(endpoint, &https)
        .unwrap();
    assert_eq!(server.ran(&["client", "list", "--json"]).lines().count(), 1);
}

/// RFC 7591 §3: a protected endpoint answers 401 without a token, and with a spent or unknown
/// token.
#[test]
fn registration_requires_a_valid_token() {
    let (server, https) = start();
    let provider = discover(&server, &https);
    let endpoint = provider.registration_endpoint().unwrap();
    let spent = server.ran(&["token", "issue", "--uses", "1"]);
    asking("https://rp.example/cb", Some(spent.trim()))
        .register(endpoint, &https)
        .unwrap();
    for token in [None, Some(spent.trim()), Some("iat_another")] {
        let refused = asking("https://rp.example/cb", token)
            .register(endpoint, &https)
            .unwrap_err();
        let ClientRegistrationError::Response(status, body, _) = refused else {
            panic!("{refused:?}")
        };
        assert_eq!(status, StatusCode::UNAUTHORIZED);
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["error"], "invalid_token", "{body}");
    }
    assert_eq!(server.ran(&["client", "list", "--json"]).lines().count(), 1);
}
