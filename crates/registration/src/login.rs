//! Passwords of accounts: verified a few at a time, remembered for a moment, and not guessed at leisure. RFC 7617 §4.

use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use actix_web::web::Data;
use oauth_http::{Failure, blocking};
use openssl::memcmp;
use openssl::sha::Sha256;
use protocol::Secret;
use store::{Account, Store, StoreError};
use tokio::sync::Semaphore;

use crate::guesses::Guesses;
use crate::refusal::WRONG_PASSWORDS;
use crate::{Random, Refusal, Registration};

/// For how long a proved password need not be proved again: a hash made to be slow is no burden for a person and a heavy
/// one for a program that sends its password with every request.
const REMEMBERED: Duration = Duration::from_mins(1);

/// How many proofs are remembered at most.
const PROOFS: usize = 1024;

/// What this process knows of recent attempts.
pub struct Logins {
    at_once: Arc<Semaphore>,
    guesses: Option<Guesses>,
    proofs: Mutex<HashMap<String, Proof>>,
    key: [u8; 32],
    wrong: AtomicU64,
    suspended: AtomicU64,
}

/// A password that was right a moment ago, as a digest only this process can make.
struct Proof {
    revision: i64,
    digest: [u8; 32],
    until: Instant,
}

impl Logins {
    /// At most `at_once` passwords are verified at the same time, and one account's may be wrong `failures` times a
    /// minute from one address, all accounts' ten times as often; 0 for any number.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn new(at_once: usize, failures: u32, random: &Random) -> Result<Self, String> {
        let mut key = [0; 32];
        random(&mut key)?;
        Ok(Self {
            at_once: Arc::new(Semaphore::new(at_once.max(1))),
            guesses: NonZeroU32::new(failures).map(Guesses::per_minute),
            proofs: Mutex::default(),
            key,
            wrong: AtomicU64::new(0),
            suspended: AtomicU64::new(0),
        })
    }

    /// Forgets what is over.
    pub fn tidy(&self) {
        let now = Instant::now();
        self.proofs.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, proof| proof.until > now);
        if let Some(guesses) = &self.guesses {
            guesses.tidy();
        }
    }

    /// Refuses an attempt of somebody who was wrong too often.
    fn admit(&self, name: &str, address: Option<IpAddr>) -> Result<(), Refusal> {
        let wait = self.guesses.as_ref().and_then(|guesses| guesses.wait(name, address));
        wait.map_or(Ok(()), |wait| {
            self.suspended.fetch_add(1, Ordering::Relaxed);
            Err(Refusal::TooMany(WRONG_PASSWORDS, wait))
        })
    }

    /// Passwords that were wrong.
    pub fn wrong(&self) -> u64 {
        self.wrong.load(Ordering::Relaxed)
    }

    /// Attempts that were not looked at, because too many before them were wrong.
    pub fn suspended(&self) -> u64 {
        self.suspended.load(Ordering::Relaxed)
    }

    fn digest(&self, name: &str, password: &Secret) -> [u8; 32] {
        let mut digest = Sha256::new();
        for part in [&self.key[..], name.as_bytes(), &[0], password.reveal().as_bytes()] {
            digest.update(part);
        }
        digest.finish()
    }

    /// The account, when its password was proved a moment ago and has not been changed since.
    fn remembered(&self, store: &Store, name: &str, digest: &[u8; 32]) -> Option<Account> {
        let revision = {
            let proofs = self.proofs.lock().unwrap_or_else(PoisonError::into_inner);
            let proof = proofs.get(name).filter(|proof| proof.until > Instant::now() && memcmp::eq(&proof.digest, digest))?;
            proof.revision
        };
        store.account(name).ok().flatten().filter(|account| account.revision == revision)
    }

    fn verify(
        &self,
        store: &Store,
        name: &str,
        password: &Secret,
        digest: [u8; 32],
        address: Option<IpAddr>,
    ) -> Result<Option<Account>, StoreError> {
        if let Some(account) = self.remembered(store, name, &digest) {
            return Ok(Some(account));
        }
        let found = store.verify_account(name, password)?;
        if let Some(account) = &found {
            self.proved(account, digest);
        } else {
            self.wrong.fetch_add(1, Ordering::Relaxed);
            if let Some(guesses) = &self.guesses {
                guesses.wrong(name, address);
            }
        }
        Ok(found)
    }

    fn proved(&self, account: &Account, digest: [u8; 32]) {
        let mut proofs = self.proofs.lock().unwrap_or_else(PoisonError::into_inner);
        if proofs.len() >= PROOFS {
            let now = Instant::now();
            proofs.retain(|_, proof| proof.until > now);
        }
        if proofs.len() < PROOFS {
            proofs.insert(account.name.clone(), Proof { revision: account.revision, digest, until: Instant::now() + REMEMBERED });
        }
    }
}

/// The account with that name and password, asked for from that address.
///
/// # Errors
/// 429 when passwords were wrong too often from there, the account's or all together; 503 when the store is down.
pub(crate) async fn account(
    registration: &Data<Registration>,
    name: String,
    password: Secret,
    address: Option<IpAddr>,
) -> Result<Option<Account>, Failure> {
    let logins = &registration.logins;
    let digest = logins.digest(&name, &password);
    let (this, known) = (registration.clone(), name.clone());
    if let Some(account) = blocking(move || this.logins.remembered(&this.store, &known, &digest)).await? {
        return Ok(Some(account));
    }
    logins.admit(&name, address)?;
    let _span = tracing::info_span!("password");
    let permit = Arc::clone(&logins.at_once).acquire_owned().await;
    let permit = permit.map_err(|_| Failure::server_error("passwords are no longer verified"))?;
    // While this attempt waited for its turn, others may have been wrong once too often, or proved the same password.
    logins.admit(&name, address)?;
    let this = registration.clone();
    let found = blocking(move || {
        // A client that goes away does not end the work it asked for: it takes its turn and is counted all the same.
        let _permit = permit;
        this.logins.verify(&this.store, &name, &password, digest, address)
    });
    Ok(found.await?.map_err(Refusal::from)?)
}
