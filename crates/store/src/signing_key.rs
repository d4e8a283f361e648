//! The signing keys of providers: add, rotate, purge.

use diesel::prelude::*;
use protocol::{Issuer, Secret, Timestamp};

use crate::Store;
use crate::audit::AuditEvent;
use crate::audit_row;
use crate::connection::AnyConnection;
use crate::error::StoreError;
use crate::lock::{Lock, lock};
use crate::random::no_random_bytes;
use crate::schema::signing_key;
use crate::seal::{SealContext, SealingKey};

/// A signing key to be stored.
#[derive(Debug, Clone)]
pub struct NewSigningKey {
    /// The key identifier. RFC 7517 §4.5.
    pub kid: String,
    /// The signature algorithm. RFC 7518 §3.1.
    pub algorithm: String,
    /// The private key, as text; sealed before it is stored.
    pub private: Secret,
    /// The public key, a JSON Web Key. RFC 7517 §4.
    pub public_jwk: String,
}

/// A stored signing key. It is published from the moment it is stored until it is purged.
#[derive(Debug, Clone)]
pub struct SigningKey {
    /// The key identifier. RFC 7517 §4.5.
    pub kid: String,
    /// The signature algorithm. RFC 7518 §3.1.
    pub algorithm: String,
    /// The private key, as it was stored.
    pub private: Secret,
    /// The public key, a JSON Web Key. RFC 7517 §4.
    pub public_jwk: String,
    /// The time at which the key was generated.
    pub created_at: Timestamp,
    /// The time at which the key begins to sign.
    pub signs_from: Timestamp,
    /// The time at which the key stops signing, which may be in the future; `None`: it has no
    /// successor yet.
    pub retired_at: Option<Timestamp>,
}

impl SigningKey {
    /// Returns true if the key signs at that time.
    pub fn signs_at(&self, now: Timestamp) -> bool {
        self.signs_from <= now && self.retired_at.is_none_or(|at| now < at)
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = signing_key, treat_none_as_default_value = false)]
struct KeyRow {
    kid: String,
    provider: String,
    algorithm: String,
    private_sealed: String,
    public_jwk: String,
    created_at: i64,
    signs_from: i64,
    retired_at: Option<i64>,
}

impl KeyRow {
    fn new(
        provider: &Issuer,
        new: &NewSigningKey,
        signs_from: Timestamp,
        now: Timestamp,
        seal: &SealingKey,
    ) -> Result<Self, StoreError> {
        let about = SealContext::PrivateKey {
            provider: provider.as_str(),
            kid: &new.kid,
        };
        Ok(Self {
            private_sealed: seal
                .seal(&about, new.private.reveal())
                .ok_or_else(no_random_bytes)?,
            kid: new.kid.clone(),
            provider: provider.as_str().to_owned(),
            algorithm: new.algorithm.clone(),
            public_jwk: new.public_jwk.clone(),
            created_at: now.seconds(),
            signs_from: signs_from.seconds(),
            retired_at: None,
        })
    }

    fn into_key(self, seal: &SealingKey) -> Result<SigningKey, StoreError> {
        let about = SealContext::PrivateKey {
            provider: &self.provider,
            kid: &self.kid,
        };
        let private = seal
            .open(&about, &self.private_sealed)
            .ok_or_else(|| StoreError::corrupt("signing_key", "private_sealed", &self.kid))?;
        Ok(SigningKey {
            private: Secret::new(private.as_str()),
            kid: self.kid,
            algorithm: self.algorithm,
            public_jwk: self.public_jwk,
            created_at: Timestamp::from_seconds(self.created_at),
            signs_from: Timestamp::from_seconds(self.signs_from),
            retired_at: self.retired_at.map(Timestamp::from_seconds),
        })
    }
}

impl Store {
    /// Returns the published keys of a provider, in the order in which they begin to sign.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; [`StoreError::Corrupt`] for a key that does not open.
    pub fn signing_keys(&self, provider: &Issuer) -> Result<Vec<SigningKey>, StoreError> {
        let rows: Vec<KeyRow> = self.0.pool.read(|connection| {
            Ok(signing_key::table
                .filter(signing_key::provider.eq(provider.as_str()))
                .order((signing_key::signs_from, signing_key::kid))
                .select(KeyRow::as_select())
                .load(connection)?)
        })?;
        rows.into_iter()
            .map(|row| row.into_key(&self.0.seal))
            .collect()
    }

    /// Stores the first keys of a provider, which sign at once. Returns false and stores nothing if
    /// the provider has keys already.
    ///
    /// Of replicas that start together, one stores its keys, and all read the same keys afterwards.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; [`StoreError::Conflict`] for a key identifier that exists.
    pub fn add_first_signing_keys(
        &self,
        provider: &Issuer,
        first: &[NewSigningKey],
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.rotate_signing_keys(provider, &[], first, now, now)
    }

    /// Publishes successors at once, which sign from `signs_from` on. Until then the predecessors
    /// with the same algorithms sign.
    ///
    /// `seen` are the keys on which the decision is based. If the provider has other keys by now,
    /// another process rotated first: returns false and changes nothing.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; [`StoreError::Conflict`] for a key identifier that exists.
    pub fn rotate_signing_keys(
        &self,
        provider: &Issuer,
        seen: &[SigningKey],
        successors: &[NewSigningKey],
        signs_from: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let rows = successors
            .iter()
            .map(|new| KeyRow::new(provider, new, signs_from, now, &self.0.seal))
            .collect::<Result<Vec<_>, _>>()?;
        let algorithms = rows
            .iter()
            .map(|row| row.algorithm.as_str())
            .collect::<Vec<_>>()
            .join(", ");
        let event = if seen.is_empty() {
            AuditEvent::KeysMade
        } else {
            AuditEvent::KeysRotated
        };
        let audit = self
            .audit_row(event)
            .with_provider(provider.as_str())
            .with_detail(&algorithms);
        let rotated = self.0.pool.write(|connection| {
            lock(connection, Lock::SigningKeys)?;
            let present: Vec<String> = signing_key::table
                .filter(signing_key::provider.eq(provider.as_str()))
                .select(signing_key::kid)
                .load(connection)?;
            if present
                .iter()
                .any(|kid| seen.iter().all(|key| key.kid != *kid))
            {
                return Ok(false);
            }
            for row in &rows {
                retire(connection, provider, &row.algorithm, signs_from)?;
            }
            for row in &rows {
                diesel::insert_into(signing_key::table)
                    .values(row)
                    .execute(connection)?;
            }
            audit_row::write_one(connection, &audit)?;
            Ok(true)
        })?;
        if rotated {
            audit.log(false);
        }
        Ok(rotated)
    }

    /// Deletes the keys of all providers that stopped signing before that time, and returns their
    /// number.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn purge_signing_keys(&self, retired_before: Timestamp) -> Result<usize, StoreError> {
        let mut audit = self.audit_row(AuditEvent::KeysPurged);
        let purged = self.0.pool.write(|connection| {
            lock(connection, Lock::SigningKeys)?;
            let retired =
                signing_key::table.filter(signing_key::retired_at.lt(retired_before.seconds()));
            let purged = diesel::delete(retired).execute(connection)?;
            if purged > 0 {
                audit = audit.clone().with_detail(&purged.to_string());
                audit_row::write_one(connection, &audit)?;
            }
            Ok(purged)
        })?;
        if purged > 0 {
            audit.log(false);
        }
        Ok(purged)
    }
}

fn retire(
    connection: &mut AnyConnection,
    provider: &Issuer,
    algorithm: &str,
    at: Timestamp,
) -> Result<(), StoreError> {
    diesel::update(signing_key::table)
        .filter(signing_key::provider.eq(provider.as_str()))
        .filter(signing_key::algorithm.eq(algorithm))
        .filter(signing_key::retired_at.is_null())
        .set(signing_key::retired_at.eq(at.seconds()))
        .execute(connection)?;
    Ok(())
}
