//! The client of a management request, authenticated by its registration access token. RFC 7592 §2.

use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;

use access::RateLimitKey;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, dev};
use oauth_http::authorization::AuthScheme;
use oauth_http::{Credentials, Failure, blocking, peer};
use protocol::{ClientId, RegistrationAccessToken};
use store::audit::AuditEvent;
use store::{Actor, Client, ClientSummary, Store};

use crate::endpoint::client_ids;
use crate::refusal::Challenge;
use crate::{Refusal, Registration, outcome};

const EVENT: AuditEvent = AuditEvent::ManagementRefused;

/// A client that presented its registration access token; a handler that takes it cannot forget to check.
#[derive(Debug)]
pub struct ManagedClient<C = Client> {
    /// The client as stored, or its information.
    pub client: C,
    /// The token it presented, which answers repeat.
    pub token: RegistrationAccessToken,
    /// The address of the caller.
    pub address: Option<IpAddr>,
    /// The address of the caller for limits; absent if it is a proxy's.
    pub limited: Option<IpAddr>,
}

impl<C: FindByToken> ManagedClient<C> {
    /// Returns the client as the audit trail records it.
    pub fn actor(&self) -> Actor {
        Actor {
            token: Some(Actor::CLIENT.to_owned()),
            ..outcome::anonymous(self.address)
        }
    }

    /// Returns the store, which records the client as the actor.
    pub fn store(&self, registration: &Registration) -> Store {
        registration.services.store.acting_as(Actor {
            provider: Some(registration.issuer.as_str().to_owned()),
            ..self.actor()
        })
    }

    /// Returns the key under which updates and deletions of the client are limited.
    pub fn rate_limit_key(&self) -> RateLimitKey {
        RateLimitKey::Client(self.client.id().as_str().to_owned())
    }
}

/// A client as the store finds it by its registration access token.
pub trait FindByToken: Sized + 'static {
    /// True if the request changes the client. Updates and deletions are limited, reads are not.
    const CHANGES: bool;

    /// Returns the identifier of the client.
    fn id(&self) -> &ClientId;

    /// Finds the client that this token may manage at the provider.
    fn find(
        registration: &Registration,
        id: ClientId,
        token: RegistrationAccessToken,
    ) -> impl Future<Output = Result<Option<(Self, RegistrationAccessToken)>, Failure>>;
}

impl FindByToken for Client {
    const CHANGES: bool = true;

    fn id(&self) -> &ClientId {
        &self.data.id
    }

    async fn find(
        registration: &Registration,
        id: ClientId,
        token: RegistrationAccessToken,
    ) -> Result<Option<(Self, RegistrationAccessToken)>, Failure> {
        let (store, issuer, now) = (
            registration.services.store.clone(),
            registration.issuer.clone(),
            registration.services.clock.now(),
        );
        let found = blocking(move || {
            store
                .authenticate(&issuer, &id, &token, now)
                .map(|client| client.map(|client| (client, token)))
        });
        Ok(found.await?.map_err(Refusal::from)?)
    }
}

impl FindByToken for ClientSummary {
    const CHANGES: bool = false;

    fn id(&self) -> &ClientId {
        &self.id
    }

    async fn find(
        registration: &Registration,
        id: ClientId,
        token: RegistrationAccessToken,
    ) -> Result<Option<(Self, RegistrationAccessToken)>, Failure> {
        let found = registration.services.store.find_summary(
            &registration.issuer,
            &id,
            &token,
            registration.services.clock.now(),
        );
        Ok(found
            .await
            .map_err(Refusal::from)?
            .map(|information| (information, token)))
    }
}

impl<C: FindByToken> FromRequest for ManagedClient<C> {
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Failure>>>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        let registration = request.app_data::<Data<Registration>>().cloned();
        let request = request.clone();
        Box::pin(async move {
            let registration = registration.ok_or_else(|| {
                Failure::server_error("a management endpoint is mounted without its provider")
            })?;
            let record = |actor: &Actor, id: Option<&ClientId>, limited: Result<(), Refusal>| {
                let limited = limited.map_err(Failure::from);
                outcome::record_result(&registration, EVENT, actor, id, limited)
            };
            let caller = outcome::anonymous(peer::client_address(&request));
            // By address first, since every request may be a guess; by client once its token is verified, so that another party
            // does not use up its share.
            if C::CHANGES {
                let key = peer::client_address_unless_proxy(&request).map(RateLimitKey::Address);
                record(&caller, None, registration.limit_updates(key.as_ref()))?;
            }
            let work = authenticate(&registration, &request);
            let managed: Self = outcome::record(&registration, EVENT, &caller, None, work).await?;
            if C::CHANGES {
                let limited = registration.limit_updates(Some(&managed.rate_limit_key()));
                record(&managed.actor(), Some(managed.client.id()), limited)?;
            }
            Ok(managed)
        })
    }
}

async fn authenticate<C: FindByToken>(
    registration: &Registration,
    request: &HttpRequest,
) -> Result<ManagedClient<C>, Failure> {
    let presented = Credentials::from_request(request);
    let scheme = presented.scheme();
    let token = match presented {
        Credentials::Bearer(token) => RegistrationAccessToken::new(token.reveal()),
        Credentials::Malformed(AuthScheme::Bearer) => {
            return Err(Refusal::WrongCredentials(scheme).into());
        }
        // A scheme that is not for this endpoint is answered as if there were no credentials (RFC 6750 §3.1).
        Credentials::Missing
        | Credentials::Basic { .. }
        | Credentials::Malformed(AuthScheme::Basic | AuthScheme::Other) => {
            return Err(Refusal::NoCredentials(Challenge::Bearer).into());
        }
    };
    for id in client_ids(request) {
        if let Some((client, token)) = C::find(registration, id, token.clone()).await? {
            return Ok(ManagedClient {
                client,
                token,
                address: peer::client_address(request),
                limited: peer::client_address_unless_proxy(request),
            });
        }
    }
    Err(Refusal::WrongCredentials(scheme).into())
}
