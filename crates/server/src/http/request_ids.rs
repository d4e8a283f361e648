//! Every request has an identifier: in its answer, in every log line and in every row of the audit trail that it causes.
//!
//! An identifier is entirely random. Two of them tell nothing about the requests in between, and a client cannot guess the
//! identifier of another client's request. Each worker draws random bytes for many requests at a time: a call of OpenSSL, or
//! a shared counter, would cost each request more.

use std::cell::RefCell;
use std::sync::Arc;

use actix_web::dev::RequestHead;
use oauth_http::RequestId;
use oauth_http::peer::Proxies;
use oauth_http::request_id::{RANDOM_BYTES, X_REQUEST_ID};
use protocol::RandomSource;

/// The number of identifiers that are drawn at a time.
const DRAWN_AT_ONCE: usize = 64;

/// The source of identifiers, for every worker.
pub struct RequestIdGenerator {
    random: RandomSource,
    proxies: Proxies,
}

/// The identifiers that a worker has drawn; those before `unused` are not used yet.
#[derive(Default)]
pub struct DrawnIds(RefCell<Drawn>);

struct Drawn {
    values: [[u8; RANDOM_BYTES]; DRAWN_AT_ONCE],
    unused: usize,
}

impl Default for Drawn {
    fn default() -> Self {
        Self {
            values: [[0; RANDOM_BYTES]; DRAWN_AT_ONCE],
            unused: 0,
        }
    }
}

impl RequestIdGenerator {
    /// A source that draws from `random`; requests that come through `proxies` may bring their own identifiers.
    ///
    /// # Errors
    /// Fails when the random source does.
    pub fn new(random: RandomSource, proxies: Proxies) -> anyhow::Result<Arc<Self>> {
        random(&mut [0; RANDOM_BYTES]).map_err(anyhow::Error::msg)?;
        Ok(Arc::new(Self { random, proxies }))
    }

    /// Returns a new identifier, or `None` when the random source fails.
    fn next(&self, drawn: &DrawnIds) -> Option<RequestId> {
        let mut drawn = drawn.0.try_borrow_mut().ok()?;
        if drawn.unused == 0 {
            (self.random)(drawn.values.as_flattened_mut()).ok()?;
            drawn.unused = DRAWN_AT_ONCE;
        }
        drawn.unused -= 1;
        drawn
            .values
            .get(drawn.unused)
            .and_then(|value| RequestId::from_random(*value))
    }

    /// Returns the identifier that a configured proxy gave the request, or a new one.
    pub fn id_of(&self, head: &RequestHead, drawn: &DrawnIds) -> Option<RequestId> {
        if self.proxies.networks.is_empty() {
            return self.next(drawn);
        }
        let from_proxy = head
            .peer_addr
            .is_some_and(|peer| self.proxies.contains(peer.ip().to_canonical()));
        let mut given = head.headers.get_all(&X_REQUEST_ID).filter(|_| from_proxy);
        match (given.next(), given.next()) {
            (Some(only), None) => RequestId::parse(only).or_else(|| self.next(drawn)),
            _ => self.next(drawn),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    /// Bytes that differ in each identifier, until they run out.
    fn counting(most: u64) -> (RandomSource, Arc<AtomicU64>) {
        let count = Arc::new(AtomicU64::new(0));
        let kept = Arc::clone(&count);
        let random: RandomSource = Arc::new(move |buffer| {
            let draw = kept.fetch_add(1, Ordering::Relaxed);
            for (at, value) in buffer.chunks_mut(RANDOM_BYTES).enumerate() {
                value.copy_from_slice(
                    &(u128::from(draw) << 64 | u128::try_from(at).unwrap()).to_be_bytes(),
                );
            }
            if draw <= most {
                Ok(())
            } else {
                Err("no more".to_owned())
            }
        });
        (random, count)
    }

    /// Random bytes are drawn for 64 identifiers at a time, and none is used twice, also not by another worker.
    #[test]
    fn drawn_bytes_are_used_once() {
        let (random, draws) = counting(u64::MAX);
        let ids = RequestIdGenerator::new(random, Proxies::default()).unwrap();
        let workers = [DrawnIds::default(), DrawnIds::default()];
        let given: Vec<RequestId> = workers
            .iter()
            .flat_map(|drawn| (0..640).map_while(|_| ids.next(drawn)))
            .collect();
        let texts: std::collections::HashSet<&str> = given.iter().map(RequestId::as_str).collect();
        assert_eq!((given.len(), texts.len()), (1_280, 1_280));
        assert_eq!(
            draws.load(Ordering::Relaxed),
            1 + 20,
            "one draw at the start, and one for 64 requests"
        );
    }

    /// Bytes that could not be drawn are no identifier.
    #[test]
    fn failed_draw_gives_no_identifier() {
        let (random, _) = counting(1);
        let ids = RequestIdGenerator::new(random, Proxies::default()).unwrap();
        let drawn = DrawnIds::default();
        assert_eq!((0..64).filter_map(|_| ids.next(&drawn)).count(), 64);
        assert_eq!((ids.next(&drawn), ids.next(&drawn)), (None, None));
    }
}
