//! A cache of fetched documents, for the lifetime that their responses give.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};

use protocol::{Timestamp, lock};

/// A bounded number of documents by URL. The cache holds their bytes and not the parsed values, since the body limit bounds
/// the bytes.
#[derive(Debug)]
pub(crate) struct DocumentCache<V> {
    documents: Mutex<HashMap<String, CacheEntry<V>>>,
    capacity: usize,
}

#[derive(Debug)]
struct CacheEntry<V> {
    value: V,
    until: Timestamp,
}

impl<V: Clone> DocumentCache<V> {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            documents: Mutex::default(),
            capacity,
        }
    }

    /// Returns the document at `url` if it is still fresh.
    pub(crate) fn get(&self, url: &str, now: Timestamp) -> Option<V> {
        let documents = self.documents();
        let document = documents.get(url)?;
        (now < document.until).then(|| document.value.clone())
    }

    /// Stores a document until its freshness ends. In a full cache it replaces the document that would be stale first.
    pub(crate) fn put(&self, url: &str, value: V, until: Timestamp, now: Timestamp) {
        let mut documents = self.documents();
        documents.retain(|cached, document| now < document.until && cached != url);
        if until <= now || self.capacity == 0 {
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
        documents.insert(url.to_owned(), CacheEntry { value, until });
    }

    fn documents(&self) -> MutexGuard<'_, HashMap<String, CacheEntry<V>>> {
        lock(&self.documents)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);
    const HOUR: Duration = Duration::from_hours(1);

    fn later(seconds: u64) -> Timestamp {
        NOW.plus(Duration::from_secs(seconds))
    }

    #[test]
    fn document_is_kept_until_its_time_is_over() {
        let cache = DocumentCache::new(8);
        cache.put("minute", 1, later(60), NOW);
        assert_eq!(cache.get("minute", later(59)), Some(1));
        assert_eq!(cache.get("minute", later(60)), None);
    }

    /// A document that must not be cached removes the cached document of its address.
    #[test]
    fn uncacheable_document_evicts_the_old() {
        let cache = DocumentCache::new(8);
        cache.put("a", 1, NOW.plus(HOUR), NOW);
        cache.put("a", 2, NOW, NOW);
        assert_eq!(cache.get("a", NOW), None);
    }

    /// A full cache evicts the document with the shortest remaining lifetime.
    #[test]
    fn full_cache_evicts_the_shortest_lived() {
        let cache = DocumentCache::new(2);
        cache.put("long", 1, NOW.plus(HOUR), NOW);
        cache.put("short", 2, later(60), NOW);
        cache.put("new", 3, later(120), NOW);
        assert_eq!(
            ["long", "short", "new"].map(|url| cache.get(url, NOW).is_some()),
            [true, false, true]
        );
    }
}
