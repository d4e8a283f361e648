//! Who may register: anybody, an account, or the holder of an initial access token. RFC 7591 §3.

use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;

use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, dev};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use oauth_http::authorization::Scheme;
use oauth_http::{Failure, Presented, blocking, peer};
use protocol::{InitialAccessToken, Secret, TokenTerms};
use store::audit::Event;
use store::{Account, By, TokenId, TokenInfo};

use crate::refusal::Challenge;
use crate::throttle::Counted;
use crate::trail::{self, Tried};
use crate::wso2::Owner;
use crate::{Access, Door, Refusal, Registration, login};

/// A caller who may register.
#[derive(Debug)]
pub enum Initial {
    /// Anybody: the provider is open.
    Anybody,
    /// An account that proved its password. RFC 7617.
    Account(Account),
    /// The holder of an initial access token. RFC 7591 §1.2.
    Token(TokenInfo),
}

impl Initial {
    /// Whether an account is asking.
    pub fn is_account(&self) -> bool {
        matches!(self, Self::Account(_))
    }

    /// What its registrations are counted under: whoever proved who they are by that, anybody else by address, so that
    /// one customer's shared address is not one attacker.
    pub fn counted(&self, request: &HttpRequest) -> Option<Counted> {
        match self {
            Self::Anybody => peer::client(request).map(Counted::Address),
            Self::Account(account) => Some(Counted::Account(account.name.clone())),
            Self::Token(token) => Some(Counted::Token(token.id.to_string())),
        }
    }

    /// Who that is, for the audit trail.
    pub fn by(&self, request: &HttpRequest) -> By {
        let by = trail::by(peer::client(request));
        match self {
            Self::Anybody => by,
            Self::Account(account) => By {
                account: Some(account.name.clone()),
                ..by
            },
            Self::Token(token) => By {
                token: Some(token.name()),
                ..by
            },
        }
    }

    /// The token to spend, if one was presented.
    pub fn token_id(&self) -> Option<TokenId> {
        match self {
            Self::Token(token) => Some(token.id.clone()),
            Self::Anybody | Self::Account(_) => None,
        }
    }

    /// What the client may be, beyond what its provider says.
    pub fn terms(&self) -> Option<&Arc<TokenTerms>> {
        match self {
            Self::Token(token) => token.terms.as_ref(),
            Self::Anybody | Self::Account(_) => None,
        }
    }

    /// Whose the client will be when nothing else is said.
    pub fn owner(&self) -> Owner {
        let account = match self {
            Self::Anybody => None,
            Self::Account(account) => Some(account.name.clone()),
            Self::Token(token) => token.owner.clone(),
        };
        Owner {
            account,
            named: None,
        }
    }
}

impl FromRequest for Initial {
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Failure>>>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        let registration = request.app_data::<Data<Registration>>().cloned();
        let (address, door) = (peer::client(request), Door::of(request));
        let presented = match door {
            Door::Standard => Presented::of(request),
            Door::Wso2 => Presented::of_wso2(request),
        };
        Box::pin(async move {
            let registration = registration.ok_or_else(|| {
                Failure::server_error("a registration door is mounted without its provider")
            })?;
            let tried = Tried::of(&presented);
            let outcome = authenticate(&registration, presented, address, door).await;
            outcome.inspect_err(|failure| {
                registration.counts.count_not(failure);
                registration.login_refused(tried, Event::RegistrationRefused, address, failure);
            })
        })
    }
}

async fn authenticate(
    registration: &Data<Registration>,
    presented: Presented,
    address: Option<IpAddr>,
    door: Door,
) -> Result<Initial, Failure> {
    if registration.access == Access::Closed {
        return Err(Refusal::Closed.into());
    }
    let scheme = presented.scheme();
    let found = match presented {
        Presented::Nothing if registration.access == Access::Open && door == Door::Standard => {
            return Ok(Initial::Anybody);
        }
        // An authentication nobody here speaks is as good as none (RFC 6750 §3.1).
        Presented::Nothing | Presented::Unreadable(Scheme::Other) => {
            return Err(Refusal::NoCredentials(match door {
                Door::Standard => Challenge::BearerThenBasic,
                Door::Wso2 => Challenge::BasicThenBearer,
            })
            .into());
        }
        Presented::Basic { name, password } => {
            login::account(registration, name, password, address)
                .await?
                .map(Initial::Account)
        }
        Presented::Bearer(token) => {
            let (store, issuer, now) = (
                registration.store.clone(),
                registration.policy.issuer.clone(),
                registration.clock.now(),
            );
            let found =
                blocking(move || store.find_token(&issuer, &initial_access_token(&token), now))
                    .await?;
            found.map_err(Refusal::from)?.map(Initial::Token)
        }
        Presented::Unreadable(Scheme::Bearer | Scheme::Basic) => None,
    };
    found.ok_or_else(|| Refusal::WrongCredentials(scheme).into())
}

/// One published client library sends the base64 of a token that is not a JWT; what begins like one of our tokens
/// after decoding is taken for it.
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
