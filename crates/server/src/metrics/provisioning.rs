//! The copies of clients at authorization servers: the calls of this process, and the rows in the store, which are read in the
//! background.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::rt;
use oauth_http::blocking;
use protocol::{Timestamp, lock};
use provisioning::{Provisioner, TargetStatus};
use store::{ProvisioningCount, ProvisioningState, Store};
use telemetry::metrics::family::{family, histograms, number};
use telemetry::metrics::table::Metric;
use telemetry::metrics::{MetricFamily, table};

use super::distribution::{MICROSECONDS, histogram_counts};

/// The interval at which the rows are counted.
const COUNT_INTERVAL: Duration = Duration::from_secs(5);

/// The numbers of copies by provider and state, as they were last read.
#[derive(Default)]
pub struct CopyCounts(Mutex<Vec<ProvisioningCount>>);

impl CopyCounts {
    /// Starts to count on this thread's runtime, if clients of any provider are written anywhere else.
    pub fn start(store: Store, is_needed: bool) -> Arc<Self> {
        let counts = Arc::new(Self::default());
        if is_needed {
            let counted = Arc::clone(&counts);
            rt::spawn(async move {
                let mut tick = rt::time::interval(COUNT_INTERVAL);
                loop {
                    tick.tick().await;
                    let store = store.clone();
                    match blocking(move || store.provisioning_counts()).await {
                        Ok(Ok(counts)) => *lock(&counted.0) = counts,
                        Ok(Err(error)) => tracing::debug!("copies were not counted: {error}"),
                        Err(failure) => tracing::debug!("copies were not counted: {failure}"),
                    }
                }
            });
        }
        counts
    }
}

/// Returns the families of the copies.
pub fn families<'a>(
    provisioners: impl Iterator<Item = &'a Arc<Provisioner>>,
    counts: &CopyCounts,
    now: Timestamp,
) -> Vec<MetricFamily> {
    let targets: Vec<(&str, TargetStatus)> = provisioners
        .map(|one| (one.settings().issuer.as_str(), one.status()))
        .collect();
    let gauge = |metric: &Metric, value: &dyn Fn(&str, &TargetStatus) -> f64| {
        let values = targets
            .iter()
            .map(|(issuer, status)| (vec![*issuer], value(issuer, status)));
        family(metric, values)
    };
    let outcomes = targets.iter().flat_map(|(issuer, status)| {
        let outcomes = status.outcomes.iter();
        outcomes.map(|(outcome, count)| (vec![*issuer, outcome.as_str()], number(*count)))
    });
    let durations = targets
        .iter()
        .map(|(issuer, status)| (vec![*issuer], histogram_counts(&status.durations)));
    let counts = lock(&counts.0).clone();
    let count = |issuer: &str, states: &[ProvisioningState]| {
        let rows = counts
            .iter()
            .filter(|row| row.provider == issuer && states.contains(&row.state));
        number(rows.map(|row| row.count).sum())
    };
    let oldest = |issuer: &str| {
        let waiting = counts
            .iter()
            .filter(|row| row.provider == issuer && WAITING.contains(&row.state));
        let since = waiting.map(|row| row.oldest.seconds()).min();
        let age = since.map_or(0, |since| now.seconds().saturating_sub(since));
        number(age.try_into().unwrap_or(0))
    };
    let flag = |is_set: bool| f64::from(u8::from(is_set));
    vec![
        family(&table::PROVISION, outcomes),
        histograms(&table::PROVISION_SECONDS, durations, MICROSECONDS),
        gauge(&table::PROVISION_PENDING, &|issuer, _| {
            count(
                issuer,
                &[ProvisioningState::Pending, ProvisioningState::Creating],
            )
        }),
        gauge(&table::PROVISION_DELETING, &|issuer, _| {
            count(issuer, &[ProvisioningState::Deleting])
        }),
        gauge(&table::PROVISION_REJECTED, &|issuer, _| {
            count(issuer, &[ProvisioningState::Rejected])
        }),
        gauge(&table::PROVISION_OLDEST, &|issuer, _| oldest(issuer)),
        gauge(&table::PROVISION_BREAKER, &|_, status| {
            flag(status.is_breaker_open)
        }),
        gauge(&table::PROVISION_MISCONFIGURED, &|_, status| {
            flag(status.is_misconfigured)
        }),
        gauge(&table::PROVISION_LOST, &|_, status| number(status.lost)),
    ]
}

/// The states of copies that wait for a call.
const WAITING: [ProvisioningState; 3] = [
    ProvisioningState::Creating,
    ProvisioningState::Pending,
    ProvisioningState::Deleting,
];
