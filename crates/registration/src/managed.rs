//! A client that proved its registration access token. RFC 7592 §2.

use std::future::Future;
use std::pin::Pin;

use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, dev};
use oauth_http::authorization::Scheme;
use oauth_http::{Failure, Presented, blocking};
use protocol::{ClientId, RegistrationAccessToken};
use store::Client;

use crate::refusal::Challenge;
use crate::{Refusal, Registration};

/// A client that presented its registration access token; a handler that takes it cannot forget to check.
#[derive(Debug)]
pub struct Managed {
    /// The client as stored.
    pub client: Client,
    /// The token it presented, which answers repeat.
    pub token: RegistrationAccessToken,
}

impl FromRequest for Managed {
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Failure>>>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        let registration = request.app_data::<Data<Registration>>().cloned();
        let id = ClientId::new(request.match_info().query("client_id"));
        let presented = Presented::of(request);
        Box::pin(async move {
            let registration = registration.ok_or_else(|| Failure::server_error("a management door is mounted without its provider"))?;
            let scheme = presented.scheme();
            let token = match presented {
                Presented::Bearer(token) => RegistrationAccessToken::new(token.reveal()),
                Presented::Unreadable(Scheme::Bearer) => return Err(Refusal::WrongCredentials(scheme).into()),
                // An authentication that is not for this address is as good as none (RFC 6750 §3.1).
                Presented::Nothing | Presented::Basic { .. } | Presented::Unreadable(Scheme::Basic | Scheme::Other) => {
                    return Err(Refusal::NoCredentials(Challenge::Bearer).into());
                }
            };
            let (store, issuer, now) = (registration.store.clone(), registration.issuer.clone(), registration.clock.now());
            let found = blocking(move || store.authenticate(&issuer, &id, &token, now).map(|client| client.map(|client| (client, token))));
            match found.await?.map_err(Refusal::from)? {
                Some((client, token)) => Ok(Self { client, token }),
                None => Err(Refusal::WrongCredentials(scheme).into()),
            }
        })
    }
}
