//! A signing key.

use std::fmt;

use openssl::pkey::{PKey, Private};
use protocol::{Object, Secret};
use serde_json::{Value, json};
use store::{NewSigningKey, SigningKey};

use crate::error::KeyError;
use crate::generate::generate;
use crate::jwk::{PublicJwk, base64url};
use crate::scheme::SigningScheme;
use crate::signature;

/// A parsed key. Parsing costs more than an elliptic-curve signature, so the parsed key is reused.
pub(crate) struct ParsedKey {
    scheme: &'static SigningScheme,
    private: PKey<Private>,
    public: PublicJwk,
}

impl ParsedKey {
    /// Generates a key for an algorithm of RFC 7518 §3.1 or RFC 8037 §3.1.
    ///
    /// # Errors
    /// [`KeyError::NoKey`] for an unknown algorithm, and for HMAC.
    pub(crate) fn generate(algorithm: &str) -> Result<Self, KeyError> {
        let scheme = SigningScheme::from_name(algorithm)
            .ok_or_else(|| KeyError::NoKey(algorithm.to_owned()))?;
        let private = generate(scheme)?;
        let public = PublicJwk::new(scheme, &private)?;
        Ok(Self {
            scheme,
            private,
            public,
        })
    }

    /// Parses a key from its row.
    ///
    /// The public key is computed from the sealed private key and not read from its own column, so that a row that was written
    /// without the sealing key is never published.
    ///
    /// # Errors
    /// [`KeyError::Store`] if the row is damaged.
    pub(crate) fn from_row(stored: &SigningKey) -> Result<Self, KeyError> {
        let damaged = || KeyError::damaged_row(&stored.kid);
        let scheme = SigningScheme::from_name(&stored.algorithm).ok_or_else(damaged)?;
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

    /// Returns the row of a new key, with the private key as PKCS#8 in PEM.
    pub(crate) fn to_row(&self) -> Result<NewSigningKey, KeyError> {
        let pem = self.private.private_key_to_pem_pkcs8()?;
        // The text takes over the buffer, so that no copy of the private key stays in memory.
        let private =
            Secret::new(String::from_utf8(pem).map_err(|_| KeyError::damaged_row(self.kid()))?);
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

    /// The published members.
    pub(crate) fn public(&self) -> &Object {
        self.public.members()
    }

    /// Signs claims as a JWT in the compact serialization. RFC 7515 §7.1, RFC 7519 §7.1.
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

impl fmt::Debug for ParsedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ParsedKey({} {})", self.algorithm(), self.kid())
    }
}
