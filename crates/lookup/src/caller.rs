//! The caller of the lookup: the holder of a lookup token. RFC 6750 §2.1.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, dev};
use oauth_http::{Credentials, Failure, blocking};
use protocol::{Issuer, Secret};
use store::{LookupToken, SecretAccess};

use crate::digest::sha256;
use crate::refusal::LookupRefusal;
use crate::state::Lookup;

/// A caller with a valid token.
pub(crate) struct LookupCaller(Arc<LookupToken>);

impl LookupCaller {
    /// Checks that the token is for the provider, and permits this access to secrets.
    ///
    /// # Errors
    /// 403 if it does not.
    pub(crate) fn check(
        &self,
        provider: &Issuer,
        secrets: SecretAccess,
    ) -> Result<(), LookupRefusal> {
        let is_for = self.0.provider.as_ref().is_none_or(|own| own == provider);
        if is_for && self.0.secrets >= secrets {
            Ok(())
        } else {
            Err(LookupRefusal::InsufficientScope)
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
                    found
                        .map(Self)
                        .ok_or_else(|| LookupRefusal::WrongToken.into())
                }
                Credentials::Missing => Err(LookupRefusal::NoToken.into()),
                Credentials::Basic { .. } | Credentials::Malformed(_) => {
                    Err(LookupRefusal::WrongToken.into())
                }
            }
        })
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
        let found = found.map_err(LookupRefusal::from)?.map(Arc::new);
        self.tokens.replace(digest, found.as_ref());
        Ok(found)
    }
}
