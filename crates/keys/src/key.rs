//! One signing key.

use std::fmt;

use openssl::pkey::{PKey, Private};
use protocol::{Object, Secret};
use serde_json::{Value, json};
use store::{NewSigningKey, SigningKey};

use crate::error::KeyError;
use crate::generate::generate;
use crate::jwk::{PublicJwk, base64url};
use crate::scheme::Scheme;
use crate::signature;

/// A key parsed once and kept: parsing costs more than an elliptic-curve signature.
pub(crate) struct Key {
    scheme: &'static Scheme,
    private: PKey<Private>,
    public: PublicJwk,
}

impl Key {
    /// Makes a key for an algorithm of RFC 7518 §3.1 or RFC 8037 §3.1.
    ///
    /// # Errors
    /// [`KeyError::NoKey`] for an algorithm without keys of our own; what OpenSSL says.
    pub(crate) fn generate(algorithm: &str) -> Result<Self, KeyError> {
        let scheme =
            Scheme::named(algorithm).ok_or_else(|| KeyError::NoKey(algorithm.to_owned()))?;
        let private = generate(scheme)?;
        let public = PublicJwk::new(scheme, &private)?;
        Ok(Self {
            scheme,
            private,
            public,
        })
    }

    /// Reads a key from its row.
    ///
    /// What is published follows from the sealed part alone, so a row that somebody wrote without the sealing key is never
    /// published, whatever its other columns say.
    ///
    /// # Errors
    /// [`KeyError::Store`] when the row is damaged.
    pub(crate) fn open(stored: &SigningKey) -> Result<Self, KeyError> {
        let damaged = || KeyError::damaged(&stored.kid);
        let scheme = Scheme::named(&stored.algorithm).ok_or_else(damaged)?;
        let private = PKey::private_key_from_pem(stored.private.reveal().as_bytes())
            .map_err(|_| damaged())?;
        let public = PublicJwk::new(scheme, &private).map_err(|_| damaged())?;
        if public.kid() != stored.kid {
            return Err(damaged());
        }
        Ok(Self {
            scheme,
            private,
            public,
        })
    }

    /// The row of a new key: the private part is PKCS#8 in PEM.
    ///
    /// # Errors
    /// What OpenSSL says.
    pub(crate) fn to_stored(&self) -> Result<NewSigningKey, KeyError> {
        let pem = self.private.private_key_to_pem_pkcs8()?;
        // The text takes over the buffer, so no copy of it is left behind.
        let private =
            Secret::new(String::from_utf8(pem).map_err(|_| KeyError::damaged(self.kid()))?);
        Ok(NewSigningKey {
            kid: self.kid().to_owned(),
            algorithm: self.scheme.name.to_owned(),
            private,
            public_jwk: Value::Object(self.public().clone()).to_string(),
        })
    }

    pub(crate) fn kid(&self) -> &str {
        self.public.kid()
    }

    pub(crate) fn algorithm(&self) -> &'static str {
        self.scheme.name
    }

    /// The public half as published.
    pub(crate) fn public(&self) -> &Object {
        self.public.members()
    }

    /// Signs claims as a JWT in the compact serialization. RFC 7515 §7.1, RFC 7519 §7.1.
    ///
    /// # Errors
    /// What OpenSSL says.
    pub(crate) fn sign(&self, typ: &str, claims: &Object) -> Result<String, KeyError> {
        let header = json!({ "typ": typ, "alg": self.algorithm(), "kid": self.kid() }).to_string();
        let claims = Value::Object(claims.clone()).to_string();
        let mut token = format!(
            "{}.{}",
            base64url(header.as_bytes()),
            base64url(claims.as_bytes())
        );
        let signature = signature::sign(self.scheme, &self.private, token.as_bytes())?;
        token.push('.');
        token.push_str(&base64url(&signature));
        Ok(token)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({} {})", self.algorithm(), self.kid())
    }
}
