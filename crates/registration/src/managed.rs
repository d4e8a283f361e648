//! A client that proved its registration access token. RFC 7592 §2.

use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;

use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, dev};
use oauth_http::authorization::Scheme;
use oauth_http::{Failure, Presented, blocking, peer};
use protocol::{ClientId, RegistrationAccessToken};
use store::audit::Event;
use store::{By, Client, Information, Store};

use crate::refusal::Challenge;
use crate::{Refusal, Registration, trail};

/// A client that presented its registration access token; a handler that takes it cannot forget to check.
#[derive(Debug)]
pub struct Managed<C = Client> {
    /// The client as stored, or its information.
    pub client: C,
    /// The token it presented, which answers repeat.
    pub token: RegistrationAccessToken,
    /// From where.
    pub address: Option<IpAddr>,
}

impl Managed {
    fn by(&self) -> By {
        By { token: Some(By::CLIENT.to_owned()), ..trail::by(self.address) }
    }

    /// The store, on behalf of the client.
    pub fn store(&self, registration: &Registration) -> Store {
        registration.store.by(By { provider: Some(registration.issuer.as_str().to_owned()), ..self.by() })
    }

    /// Notes that it was refused something.
    pub fn refused(&self, registration: &Registration, failure: &Failure) {
        registration.refused(Event::ManagementRefused, &self.by(), Some(self.client.id.as_str()), failure);
    }
}

/// What a client is proved by its token as.
pub trait Proved: Sized + 'static {
    /// The one that this token may manage at the provider.
    fn find(
        registration: &Registration,
        id: ClientId,
        token: RegistrationAccessToken,
    ) -> impl Future<Output = Result<Option<(Self, RegistrationAccessToken)>, Failure>>;
}

impl Proved for Client {
    async fn find(
        registration: &Registration,
        id: ClientId,
        token: RegistrationAccessToken,
    ) -> Result<Option<(Self, RegistrationAccessToken)>, Failure> {
        let (store, issuer, now) = (registration.store.clone(), registration.issuer.clone(), registration.clock.now());
        let found = blocking(move || store.authenticate(&issuer, &id, &token, now).map(|client| client.map(|client| (client, token))));
        Ok(found.await?.map_err(Refusal::from)?)
    }
}

impl Proved for Information {
    async fn find(
        registration: &Registration,
        id: ClientId,
        token: RegistrationAccessToken,
    ) -> Result<Option<(Self, RegistrationAccessToken)>, Failure> {
        let found = registration.store.information(&registration.issuer, &id, &token, registration.clock.now());
        Ok(found.await.map_err(Refusal::from)?.map(|information| (information, token)))
    }
}

impl<C: Proved> FromRequest for Managed<C> {
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Failure>>>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        let registration = request.app_data::<Data<Registration>>().cloned();
        let id = ClientId::new(request.match_info().query("client_id"));
        let (presented, address) = (Presented::of(request), peer::client(request));
        Box::pin(async move {
            let registration = registration.ok_or_else(|| Failure::server_error("a management door is mounted without its provider"))?;
            let outcome = authenticate(&registration, presented, id, address).await;
            outcome.inspect_err(|failure| registration.refused(Event::ManagementRefused, &trail::by(address), None, failure))
        })
    }
}

async fn authenticate<C: Proved>(
    registration: &Registration,
    presented: Presented,
    id: ClientId,
    address: Option<IpAddr>,
) -> Result<Managed<C>, Failure> {
    let scheme = presented.scheme();
    let token = match presented {
        Presented::Bearer(token) => RegistrationAccessToken::new(token.reveal()),
        Presented::Unreadable(Scheme::Bearer) => return Err(Refusal::WrongCredentials(scheme).into()),
        // An authentication that is not for this address is as good as none (RFC 6750 §3.1).
        Presented::Nothing | Presented::Basic { .. } | Presented::Unreadable(Scheme::Basic | Scheme::Other) => {
            return Err(Refusal::NoCredentials(Challenge::Bearer).into());
        }
    };
    match C::find(registration, id, token).await? {
        Some((client, token)) => Ok(Managed { client, token, address }),
        None => Err(Refusal::WrongCredentials(scheme).into()),
    }
}
