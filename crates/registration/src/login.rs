//! Passwords of accounts: verified a few at a time, remembered for a moment, and not guessed at leisure. RFC 7617 §4.

use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use actix_web::web::Data;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use oauth_http::{Failure, blocking};
use openssl::memcmp;
use openssl::sha::Sha256;
use protocol::Secret;
use store::{Account, Store};
use tokio::sync::Semaphore;

use crate::{Random, Refusal, Registration};

/// For how long a proved password need not be proved again: a hash made to be slow is no burden for a person and a heavy
/// one for a program that sends its password with every request.
const REMEMBERED: Duration = Duration::from_mins(1);

/// How many proofs are remembered at most.
const PROOFS: usize = 1024;

/// Whose attempts are counted together: an account's name, from one address.
type Guesser = (String, Option<IpAddr>);

/// What this process knows of recent attempts.
pub struct Logins {
    at_once: Semaphore,
    failures: Option<DefaultKeyedRateLimiter<Guesser>>,
    suspended: Mutex<HashMap<Guesser, Instant>>,
    proofs: Mutex<HashMap<String, Proof>>,
    key: [u8; 32],
}

/// A password that was right a moment ago, as a digest only this process can make.
struct Proof {
    revision: i64,
    digest: [u8; 32],
    until: Instant,
}

impl Logins {
    /// At most `at_once` passwords are verified at the same time, and one account's may be wrong `failures` times a
    /// minute from one address; 0 for any number.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn new(at_once: usize, failures: u32, random: &Random) -> Result<Self, String> {
        let mut key = [0; 32];
        random(&mut key)?;
        Ok(Self {
            at_once: Semaphore::new(at_once.max(1)),
            failures: NonZeroU32::new(failures).map(|most| RateLimiter::keyed(Quota::per_minute(most))),
            suspended: Mutex::default(),
            proofs: Mutex::default(),
            key,
        })
    }

    /// Forgets what is over.
    pub fn tidy(&self) {
        let now = Instant::now();
        self.suspended.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, until| *until > now);
        self.proofs.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, proof| proof.until > now);
        if let Some(failures) = &self.failures {
            failures.retain_recent();
            failures.shrink_to_fit();
        }
    }

    /// How long a guesser who was wrong too often has to wait.
    fn suspended(&self, guesser: &Guesser) -> Option<Duration> {
        let suspended = self.suspended.lock().unwrap_or_else(PoisonError::into_inner);
        suspended.get(guesser)?.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
    }

    fn failed(&self, guesser: Guesser) {
        let Some(failures) = &self.failures else { return };
        if let Err(early) = failures.check_key(&guesser) {
            let until = Instant::now() + early.wait_time_from(DefaultClock::default().now());
            self.suspended.lock().unwrap_or_else(PoisonError::into_inner).insert(guesser, until);
        }
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
/// 429 when the account's password was wrong too often from there; 503 when the store is down.
pub(crate) async fn account(
    registration: &Data<Registration>,
    name: String,
    password: Secret,
    address: Option<IpAddr>,
) -> Result<Option<Account>, Failure> {
    let logins = &registration.logins;
    let digest = logins.digest(&name, &password);
    let (store, this, known) = (registration.store.clone(), registration.clone(), name.clone());
    if let Some(account) = blocking(move || this.logins.remembered(&store, &known, &digest)).await? {
        return Ok(Some(account));
    }
    // A name that cannot be an account's is one guesser with all its likes: strangers do not choose how much is kept.
    let counted = if store::is_account_name(&name) { name.clone() } else { String::new() };
    let guesser = (counted, address);
    if let Some(wait) = logins.suspended(&guesser) {
        return Err(Refusal::TooMany(wait).into());
    }
    let _permit = logins.at_once.acquire().await.map_err(|_| Failure::server_error("passwords are no longer verified"))?;
    let store = registration.store.clone();
    let found = blocking(move || store.verify_account(&name, &password)).await?.map_err(Refusal::from)?;
    if let Some(account) = &found {
        logins.proved(account, digest);
    } else {
        tracing::warn!(account = guesser.0, address = guesser.1.map(tracing::field::display), "a password was wrong");
        logins.failed(guesser);
    }
    Ok(found)
}
