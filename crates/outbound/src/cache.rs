//! A cache of fetched documents, for the lifetime that their responses give.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use protocol::{Timestamp, lock};

/// A bounded number of documents by URL. The cache holds their bytes and not the parsed values, since the body limit bounds
/// the bytes.
#[derive(Debug)]
pub(crate) struct DocumentCache {
    documents: Mutex<HashMap<String, CacheEntry>>,
    capacity: usize,
    max_lifetime: Duration,
}

#[derive(Debug)]
struct CacheEntry {
    body: Arc<[u8]>,
    until: Timestamp,
}

impl DocumentCache {
    pub(crate) fn new(capacity: usize, max_lifetime: Duration) -> Self {
        Self {
            documents: Mutex::default(),
            capacity,
            max_lifetime,
        }
    }

    /// Returns the document at `url` if it is still fresh.
    pub(crate) fn get(&self, url: &str, now: Timestamp) -> Option<Arc<[u8]>> {
        let documents = self.documents();
        let document = documents.get(url)?;
        (now < document.until).then(|| Arc::clone(&document.body))
    }

    /// Stores a document for its lifetime, at most for the configured maximum. In a full cache it replaces the document that
    /// would be stale first.
    pub(crate) fn put(&self, url: &str, body: Arc<[u8]>, lifetime: Duration, now: Timestamp) {
        let lifetime = lifetime.min(self.max_lifetime);
        let mut documents = self.documents();
        documents.retain(|cached, document| now < document.until && cached != url);
        if lifetime < Duration::from_secs(1) || self.capacity == 0 {
            return;
        }
        if documents.len() >= self.capacity
            && let Some(first) = documents
                .iter()
                .min_by_key(|(_, document)| document.until)
                .map(|(cached, _)| cached.clone())
        {
            documents.remove(&first);
        }
        documents.insert(
            url.to_owned(),
            CacheEntry {
                body,
                until: now.plus(lifetime),
            },
        );
    }

    fn documents(&self) -> MutexGuard<'_, HashMap<String, CacheEntry>> {
        lock(&self.documents)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);
    const HOUR: Duration = Duration::from_hours(1);

    /// A document is kept for its declared lifetime, up to the maximum of the cache.
    #[test]
    fn lifetime_is_bounded_by_the_maximum() {
        let cache = DocumentCache::new(8, HOUR);
        cache.put("minute", Arc::from(*b"[1]"), Duration::from_mins(1), NOW);
        cache.put("year", Arc::from(*b"[2]"), HOUR * 8760, NOW);
        assert_eq!(
            cache
                .get("minute", NOW.plus(Duration::from_secs(59)))
                .as_deref(),
            Some(&b"[1]"[..])
        );
        assert_eq!(cache.get("minute", NOW.plus(Duration::from_mins(1))), None);
        assert!(
            cache
                .get("year", NOW.plus(Duration::from_secs(3599)))
                .is_some()
        );
        assert_eq!(cache.get("year", NOW.plus(HOUR)), None);
    }

    /// A document that must not be cached removes the cached document of its address.
    #[test]
    fn uncacheable_document_evicts_the_old() {
        let cache = DocumentCache::new(8, HOUR);
        cache.put("a", Arc::from(*b"[1]"), HOUR, NOW);
        cache.put("a", Arc::from(*b"[2]"), Duration::ZERO, NOW);
        assert_eq!(cache.get("a", NOW), None);
    }

    /// A full cache evicts the document with the shortest remaining lifetime.
    #[test]
    fn full_cache_evicts_the_shortest_lived() {
        let cache = DocumentCache::new(2, HOUR);
        cache.put("long", Arc::from(*b"[]"), HOUR, NOW);
        cache.put("short", Arc::from(*b"[]"), Duration::from_mins(1), NOW);
        cache.put("new", Arc::from(*b"[]"), Duration::from_mins(2), NOW);
        assert_eq!(
            ["long", "short", "new"].map(|url| cache.get(url, NOW).is_some()),
            [true, false, true]
        );
    }
}
