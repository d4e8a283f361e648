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
use crate::throttle::Counted;
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
    /// The same, unless it is a proxy that has no limits.
    pub limited: Option<IpAddr>,
}

impl<C: Proved> Managed<C> {
    fn by(&self) -> By {
        By {
            token: Some(By::CLIENT.to_owned()),
            ..trail::by(self.address)
        }
    }

    /// The store, on behalf of the client.
    pub fn store(&self, registration: &Registration) -> Store {
        registration.store.by(By {
            provider: Some(registration.policy.issuer.as_str().to_owned()),
            ..self.by()
        })
    }

    /// The client, as the party that is counted.
    pub fn counted(&self) -> Counted {
        Counted::Client(self.client.id().as_str().to_owned())
    }

    /// Notes that it was refused something.
    pub fn refused(&self, registration: &Registration, failure: &Failure) {
        registration.refused(
            Event::ManagementRefused,
            &self.by(),
            Some(self.client.id().as_str()),
            failure,
        );
    }
}

/// What a client is proved by its token as.
pub trait Proved: Sized + 'static {
    /// True if whoever asks for it is about to change the client. Updates and deletions are counted, reads are not.
    const CHANGES: bool;

    /// Its identifier.
    fn id(&self) -> &ClientId;

    /// The one that this token may manage at the provider.
    fn find(
        registration: &Registration,
        id: ClientId,
        token: RegistrationAccessToken,
    ) -> impl Future<Output = Result<Option<(Self, RegistrationAccessToken)>, Failure>>;
}

impl Proved for Client {
    const CHANGES: bool = true;

    fn id(&self) -> &ClientId {
        &self.id
    }

    async fn find(
        registration: &Registration,
        id: ClientId,
        token: RegistrationAccessToken,
    ) -> Result<Option<(Self, RegistrationAccessToken)>, Failure> {
        let (store, issuer, now) = (
            registration.store.clone(),
            registration.policy.issuer.clone(),
            registration.clock.now(),
        );
        let found = blocking(move || {
            store
                .authenticate(&issuer, &id, &token, now)
                .map(|client| client.map(|client| (client, token)))
        });
        Ok(found.await?.map_err(Refusal::from)?)
    }
}

impl Proved for Information {
    const CHANGES: bool = false;

    fn id(&self) -> &ClientId {
        &self.id
    }

    async fn find(
        registration: &Registration,
        id: ClientId,
        token: RegistrationAccessToken,
    ) -> Result<Option<(Self, RegistrationAccessToken)>, Failure> {
        let found = registration.store.information(
            &registration.policy.issuer,
            &id,
            &token,
            registration.clock.now(),
        );
        Ok(found
            .await
            .map_err(Refusal::from)?
            .map(|information| (information, token)))
    }
}

impl<C: Proved> FromRequest for Managed<C> {
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Failure>>>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        let registration = request.app_data::<Data<Registration>>().cloned();
        let request = request.clone();
        Box::pin(async move {
            let registration = registration.ok_or_else(|| {
                Failure::server_error("a management door is mounted without its provider")
            })?;
            // For the address first, whose every request may be a guess; for the client once its token is proved, so that a stranger
            // does not use up its share.
            if C::CHANGES {
                registration.count_update(&request)?;
            }
            let outcome = authenticate(&registration, &request).await;
            let managed: Self = outcome.inspect_err(|failure| {
                registration.refused(
                    Event::ManagementRefused,
                    &trail::by(peer::client(&request)),
                    None,
                    failure,
                );
            })?;
            if C::CHANGES {
                let counted = registration
                    .updates
                    .admit(Some(&managed.counted()))
                    .map_err(Failure::from);
                counted.inspect_err(|failure| managed.refused(&registration, failure))?;
            }
            Ok(managed)
        })
    }
}

impl Registration {
    /// Counts an update or a deletion for its address, before anything of it is judged.
    ///
    /// # Errors
    /// 429 when there were too many.
    pub(crate) fn count_update(&self, request: &HttpRequest) -> Result<(), Failure> {
        let counted = self
            .updates
            .admit(peer::limited(request).map(Counted::Address).as_ref())
            .map_err(Failure::from);
        counted.inspect_err(|failure| {
            self.refused(
                Event::ManagementRefused,
                &trail::by(peer::client(request)),
                None,
                failure,
            )
        })
    }
}

async fn authenticate<C: Proved>(
    registration: &Registration,
    request: &HttpRequest,
) -> Result<Managed<C>, Failure> {
    let (id, presented) = (
        ClientId::new(request.match_info().query("client_id")),
        Presented::of(request),
    );
    let scheme = presented.scheme();
    let token = match presented {
        Presented::Bearer(token) => RegistrationAccessToken::new(token.reveal()),
        Presented::Unreadable(Scheme::Bearer) => {
            return Err(Refusal::WrongCredentials(scheme).into());
        }
        // An authentication that is not for this address is as good as none (RFC 6750 §3.1).
        Presented::Nothing
        | Presented::Basic { .. }
        | Presented::Unreadable(Scheme::Basic | Scheme::Other) => {
            return Err(Refusal::NoCredentials(Challenge::Bearer).into());
        }
    };
    match C::find(registration, id, token).await? {
        Some((client, token)) => Ok(Managed {
            client,
            token,
            address: peer::client(request),
            limited: peer::limited(request),
        }),
        None => Err(Refusal::WrongCredentials(scheme).into()),
    }
}
