//! The caller of the lookup: the holder of a lookup token. RFC 6750 §2.1.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, dev};
use oauth_http::{Credentials, Failure, blocking};
use openssl::sha::sha256;
use protocol::{Issuer, Secret, Timestamp, lock};
use store::{LookupToken, SecretAccess};

use crate::Lookup;
use crate::refusal::Refusal;

/// The prefix of every lookup token, by which secret scanners recognise it.
pub const TOKEN_PREFIX: &str = "lkt_";

/// The time for which a verified token is not read again. A revocation counts after it.
const REREAD_AFTER: Duration = Duration::from_secs(1);

/// The maximum number of tokens that are kept.
const MAX_TOKENS: usize = 64;

/// A caller with a valid token.
pub(crate) struct LookupCaller(Arc<LookupToken>);

impl LookupCaller {
    /// Checks that the token is for the provider, and permits this access to secrets.
    ///
    /// # Errors
    /// 403 if it does not.
    pub(crate) fn check(&self, provider: &Issuer, secrets: SecretAccess) -> Result<(), Refusal> {
        let is_for = self.0.provider.as_ref().is_none_or(|own| own == provider);
        if is_for && self.0.secrets >= secrets {
            Ok(())
        } else {
            Err(Refusal::InsufficientScope)
        }
    }

    /// Returns true if the token reads secrets.
    pub(crate) fn reads_secrets(&self) -> bool {
        self.0.secrets == SecretAccess::Read
    }
}

impl FromRequest for LookupCaller {
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Failure>>>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        let lookup = request.app_data::<Data<Lookup>>().cloned();
        let presented = Credentials::from_request(request);
        Box::pin(async move {
            let lookup = lookup
                .ok_or_else(|| Failure::server_error("the lookup is mounted without its state"))?;
            match presented {
                Credentials::Bearer(token) => {
                    let found = lookup.verify(token).await?;
                    found.map(Self).ok_or_else(|| Refusal::WrongToken.into())
                }
                Credentials::Missing => Err(Refusal::NoToken.into()),
                Credentials::Basic { .. } | Credentials::Malformed(_) => {
                    Err(Refusal::WrongToken.into())
                }
            }
        })
    }
}

/// The tokens that were verified lately, by their digests.
#[derive(Default)]
pub struct VerifiedTokens(Mutex<HashMap<[u8; 32], (Arc<LookupToken>, Instant)>>);

impl VerifiedTokens {
    fn find(&self, digest: &[u8; 32], now: Timestamp) -> Option<Arc<LookupToken>> {
        let held = lock(&self.0);
        let (token, read_at) = held.get(digest)?;
        (read_at.elapsed() < REREAD_AFTER && !token.has_expired(now)).then(|| Arc::clone(token))
    }

    fn replace(&self, digest: [u8; 32], found: Option<&Arc<LookupToken>>) {
        let mut held = lock(&self.0);
        match found {
            None => drop(held.remove(&digest)),
            Some(token) => {
                if held.len() >= MAX_TOKENS {
                    held.retain(|_, (_, read_at)| read_at.elapsed() < REREAD_AFTER);
                }
                if held.len() < MAX_TOKENS {
                    held.insert(digest, (Arc::clone(token), Instant::now()));
                }
            }
        }
    }
}

impl Lookup {
    async fn verify(&self, token: Secret) -> Result<Option<Arc<LookupToken>>, Failure> {
        let (digest, now) = (sha256(token.reveal().as_bytes()), self.clock.now());
        if let Some(token) = self.tokens.find(&digest, now) {
            return Ok(Some(token));
        }
        let store = self.store.clone();
        let found = blocking(move || store.find_lookup_token(&token, now)).await?;
        let found = found.map_err(Refusal::from)?.map(Arc::new);
        self.tokens.replace(digest, found.as_ref());
        Ok(found)
    }
}
