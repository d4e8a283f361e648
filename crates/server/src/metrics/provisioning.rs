//! The copies of clients at authorization servers: the calls of this process, and the rows in the store, which are read in the
//! background.

use std::sync::Arc;

use protocol::Timestamp;
use provisioning::{Provisioner, TargetStatus};
use store::{ProvisioningCount, ProvisioningState, Store};
use telemetry::metrics::family::{family, histograms, number};
use telemetry::metrics::table::Metric;
use telemetry::metrics::{MetricFamily, table};

use super::background::BackgroundCounts;
use super::distribution::{MICROSECONDS, histogram_counts};

/// The numbers of copies by provider and state.
pub type CopyCounts = BackgroundCounts<ProvisioningCount>;

/// Starts to count the copies, if clients of any provider are written anywhere else.
pub fn count(store: Store, is_needed: bool) -> Arc<CopyCounts> {
    CopyCounts::start("copies", store, is_needed, Store::provisioning_counts)
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
    let counts = counts.last().clone();
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
