//! The client ID metadata documents: the resolutions of this process, and the rows in the store, which are read in the background.

use std::sync::Arc;

use ::documents::Documents;
use store::{DocumentState, Store};
use telemetry::metrics::family::{family, histograms, number};
use telemetry::metrics::{MetricFamily, table};

use super::background::BackgroundCounts;
use super::distribution::{MICROSECONDS, histogram_counts};

/// The numbers of documents by provider and state.
pub type DocumentRows = BackgroundCounts<(String, DocumentState, u64)>;

/// Starts to count the documents, if any provider accepts some.
pub fn count(store: Store, is_needed: bool) -> Arc<DocumentRows> {
    DocumentRows::start("documents", store, is_needed, Store::document_counts)
}

/// Returns the families of the documents.
pub fn families<'a>(
    documents: impl Iterator<Item = &'a Arc<Documents>>,
    rows: &DocumentRows,
) -> [MetricFamily; 4] {
    let providers: Vec<&Arc<Documents>> = documents.collect();
    let issuer = |one: &&'a Arc<Documents>| one.settings().issuer.as_str();
    let outcomes = providers.iter().flat_map(|one| {
        let counts = one.counts.all().into_iter();
        counts.map(move |(outcome, reason, count)| {
            (vec![issuer(one), outcome, reason], number(count))
        })
    });
    let counted = rows.last().clone();
    let held = providers.iter().flat_map(|one| {
        let counted = &counted;
        DocumentState::ALL.into_iter().map(move |state| {
            let known = counted
                .iter()
                .find(|(provider, known, _)| provider == issuer(one) && *known == state);
            let count = known.map_or(0, |(_, _, count)| *count);
            (vec![issuer(one), state.as_str()], number(count))
        })
    });
    let limits = providers.iter().filter_map(|one| {
        let limit = one.settings().limits.documents;
        (limit > 0).then(|| (vec![issuer(one)], f64::from(limit)))
    });
    let durations: Vec<_> = providers
        .iter()
        .map(|one| (issuer(one), one.counts.durations()))
        .collect();
    let durations = durations
        .iter()
        .map(|(issuer, durations)| (vec![*issuer], histogram_counts(durations)));
    [
        family(&table::DOCUMENTS_RESOLVED, outcomes),
        family(&table::DOCUMENTS, held),
        family(&table::DOCUMENTS_LIMIT, limits),
        histograms(&table::DOCUMENT_SECONDS, durations, MICROSECONDS),
    ]
}
