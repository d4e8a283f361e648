//! The numbers of answers, by provider and status, for the metrics.

use std::collections::BTreeMap;
use std::sync::Mutex;

use actix_web::http::StatusCode;
use protocol::{Issuer, lock};

/// The numbers of answers about clients.
pub struct LookupCounts(Vec<(Issuer, Mutex<BTreeMap<u16, u64>>)>);

impl LookupCounts {
    pub(crate) fn new(providers: &[Issuer]) -> Self {
        Self(
            providers
                .iter()
                .map(|provider| {
                    let found = BTreeMap::from([(StatusCode::OK.as_u16(), 0)]);
                    (provider.clone(), Mutex::new(found))
                })
                .collect(),
        )
    }

    pub(crate) fn count(&self, provider: &Issuer, status: StatusCode) {
        if let Some((_, counts)) = self.0.iter().find(|(known, _)| known == provider) {
            *lock(counts).entry(status.as_u16()).or_default() += 1;
        }
    }

    /// Returns each provider and status with its number.
    pub fn all(&self) -> Vec<(&Issuer, u16, u64)> {
        let mut all = Vec::new();
        for (provider, counts) in &self.0 {
            let counts = lock(counts);
            all.extend(
                counts
                    .iter()
                    .map(|(status, count)| (provider, *status, *count)),
            );
        }
        all
    }
}
