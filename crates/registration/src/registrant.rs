//! The caller of a registration: anonymous, an account, or the holder of an initial access token. RFC 7591 §3.

use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;

use access::RateLimitKey;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, dev};
use admission::Policy;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use oauth_http::authorization::AuthScheme;
use oauth_http::{Credentials, Failure, blocking, peer};
use protocol::{InitialAccessToken, Secret, TokenTerms};
use store::audit::AuditEvent;
use store::{Account, Actor, TokenId, TokenInfo};

use crate::outcome::{self, LoginAttempt};
use crate::refusal::Challenge;
use crate::{EndpointKind, Refusal, Registration, RegistrationAccess};

/// A caller who may register.
#[derive(Debug)]
pub enum Registrant {
    /// Anonymous: the provider is open.
    Anonymous,
    /// An account with a verified password. RFC 7617.
    Account(Account),
    /// The holder of an initial access token. RFC 7591 §1.2.
    Token(TokenInfo),
}

impl Registrant {
    /// Returns true if the caller did not authenticate.
    pub fn is_anonymous(&self) -> bool {
        matches!(self, Self::Anonymous)
    }

    /// Returns true if the caller is an account.
    pub fn is_account(&self) -> bool {
        matches!(self, Self::Account(_))
    }

    /// Returns the key under which registrations of the caller are limited: the account or the token if there is one, so that
    /// the customers behind a shared address do not limit each other, and the address otherwise.
    pub fn rate_limit_key(&self, request: &HttpRequest) -> Option<RateLimitKey> {
        match self {
            Self::Anonymous => peer::client_address(request).map(RateLimitKey::Address),
            Self::Account(account) => Some(RateLimitKey::Account(account.name.clone())),
            Self::Token(token) => Some(RateLimitKey::Token(token.id.to_string())),
        }
    }

    /// Returns the caller as the audit trail records it.
    pub fn actor(&self, request: &HttpRequest) -> Actor {
        let anonymous = outcome::anonymous(peer::client_address(request));
        match self {
            Self::Anonymous => anonymous,
            Self::Account(account) => Actor {
                account: Some(account.name.clone()),
                ..anonymous
            },
            Self::Token(token) => Actor {
                token: Some(token.name()),
                ..anonymous
            },
        }
    }

    /// Returns the identifier of the token that the registration uses up.
    pub fn token_id(&self) -> Option<TokenId> {
        match self {
            Self::Token(token) => Some(token.id.clone()),
            Self::Anonymous | Self::Account(_) => None,
        }
    }

    /// Returns the terms of the token or of open registration, which narrow what the provider offers.
    pub fn terms<'a>(&'a self, policy: &'a Policy) -> Option<&'a Arc<TokenTerms>> {
        match self {
            Self::Anonymous => policy.open_terms.as_ref(),
            Self::Account(_) => None,
            Self::Token(token) => token.terms.as_ref(),
        }
    }

    /// Returns the account that owns the client unless the request names another.
    pub fn owner(&self) -> Option<String> {
        match self {
            Self::Anonymous => None,
            Self::Account(account) => Some(account.name.clone()),
            Self::Token(token) => token.owner.clone(),
        }
    }
}

impl FromRequest for Registrant {
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Failure>>>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        let registration = request.app_data::<Data<Registration>>().cloned();
        let is_wso2 = EndpointKind::of_request(request).is_wso2();
        let address = peer::client_address(request);
        let presented = if is_wso2 {
            Credentials::from_wso2_request(request)
        } else {
            Credentials::from_request(request)
        };
        Box::pin(async move {
            let registration = registration.ok_or_else(|| {
                Failure::server_error("a registration endpoint is mounted without its provider")
            })?;
            let attempt = LoginAttempt::from_credentials(&presented);
            let work = authenticate(&registration, presented, address, is_wso2);
            outcome::record_login(
                &registration,
                AuditEvent::RegistrationRefused,
                attempt,
                address,
                work,
            )
            .await
        })
    }
}

async fn authenticate(
    registration: &Data<Registration>,
    presented: Credentials,
    address: Option<IpAddr>,
    is_wso2: bool,
) -> Result<Registrant, Failure> {
    if registration.access == RegistrationAccess::Closed {
        return Err(Refusal::Closed.into());
    }
    let scheme = presented.scheme();
    let found = match presented {
        Credentials::Missing if registration.access == RegistrationAccess::Open && !is_wso2 => {
            return Ok(Registrant::Anonymous);
        }
        // An unknown scheme is answered as if there were no credentials (RFC 6750 §3.1).
        Credentials::Missing | Credentials::Malformed(AuthScheme::Other) => {
            let challenge = if is_wso2 {
                Challenge::BasicThenBearer
            } else {
                Challenge::BearerThenBasic
            };
            return Err(Refusal::NoCredentials(challenge).into());
        }
        Credentials::Basic { name, password } => registration
            .account(name, password, address)
            .await?
            .map(Registrant::Account),
        Credentials::Bearer(token) => find_token(registration, token)
            .await?
            .map(Registrant::Token),
        Credentials::Malformed(AuthScheme::Bearer | AuthScheme::Basic) => None,
    };
    found.ok_or_else(|| Refusal::WrongCredentials(scheme).into())
}

async fn find_token(
    registration: &Registration,
    presented: Secret,
) -> Result<Option<TokenInfo>, Failure> {
    let (store, issuer, now) = (
        registration.services.store.clone(),
        registration.issuer.clone(),
        registration.services.clock.now(),
    );
    let found =
        blocking(move || store.find_token(&issuer, &initial_access_token(&presented), now)).await?;
    Ok(found.map_err(Refusal::from)?)
}

/// Returns the token that was presented. A published client library sends the base64 of a token that is not a JWT, so a text
/// that begins like a token after decoding is decoded.
fn initial_access_token(presented: &Secret) -> InitialAccessToken {
    let text = presented.reveal();
    if text.starts_with(InitialAccessToken::PREFIX) {
        return InitialAccessToken::new(text);
    }
    let decoded = STANDARD
        .decode(text)
        .or_else(|_| URL_SAFE.decode(text))
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok());
    InitialAccessToken::new(
        decoded
            .filter(|decoded| decoded.starts_with(InitialAccessToken::PREFIX))
            .unwrap_or_else(|| text.to_owned()),
    )
}
