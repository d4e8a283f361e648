//! Every request has an identifier: in its answer, in every log line and in every row of the audit trail that it causes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use actix_web::dev::RequestHead;
use oauth_http::RequestId;
use oauth_http::peer::Proxies;
use oauth_http::request_id::X_REQUEST_ID;
use protocol::hexadecimal;
use registration::Random;

/// How many digits the number of a request has.
const DIGITS: usize = 10;

/// Makes identifiers: random for the process, counted within it. They are made for every request, so neither randomness nor
/// a formatter is asked each time.
#[derive(Debug)]
pub struct RequestIds {
    /// Eight random digits, a hyphen, and room for a number.
    form: [u8; 9 + DIGITS],
    next: AtomicU64,
    proxies: Proxies,
}

impl RequestIds {
    /// Identifiers of this process; those that come through `proxies` may bring their own.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn new(random: &Random, proxies: Proxies) -> Result<Arc<Self>, String> {
        let mut seed = [0_u8; 8];
        random(&mut seed)?;
        let mut form = [b'-'; 9 + DIGITS];
        for (digit, byte) in form.iter_mut().zip(seed) {
            *digit = hexadecimal::digit(byte.into());
        }
        Ok(Arc::new(Self { form, next: AtomicU64::new(0), proxies }))
    }

    fn next(&self) -> Option<RequestId> {
        let mut text = self.form;
        let mut number = self.next.fetch_add(1, Ordering::Relaxed);
        for digit in text.iter_mut().rev().take(DIGITS) {
            *digit = hexadecimal::digit(number);
            number >>= 4;
        }
        RequestId::from_bytes(&text)
    }

    /// The one a configured proxy gave the request, or a new one.
    pub fn of(&self, head: &RequestHead) -> Option<RequestId> {
        if self.proxies.networks.is_empty() {
            return self.next();
        }
        let from_proxy = head.peer_addr.is_some_and(|peer| self.proxies.contains(peer.ip().to_canonical()));
        let mut given = head.headers.get_all(&X_REQUEST_ID).filter(|_| from_proxy);
        match (given.next(), given.next()) {
            (Some(only), None) => RequestId::parse(only).or_else(|| self.next()),
            _ => self.next(),
        }
    }
}
