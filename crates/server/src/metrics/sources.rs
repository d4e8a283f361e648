//! The counters of other crates, read at each scrape and converted to metric families.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::web::Data;
use keys::KeyState;
use lookup::Lookup;
use protocol::Timestamp;
use registration::Services;
use telemetry::metrics::family::{family, histogram, number, plain};
use telemetry::metrics::{MetricFamily, table};
use telemetry::traces::{self, Traces};

use super::client_documents::{self, DocumentRows};
use super::distribution::{MICROSECONDS, histogram_counts};
use super::provisioning::{self, CopyCounts};
use super::store_health::StoreHealth;
use crate::deployment::Deployment;
use crate::http::connections::Connections;
use crate::tls::ServedCertificate;

/// The outcome label of a registration, and the status of its answer.
const REGISTERED: [&str; 2] = ["registered", "201"];

/// The objects with the counters that /metrics reads.
pub struct MetricSources {
    /// The objects that all providers share.
    pub services: Services,
    /// The providers: their registrations and keys.
    pub deployment: Deployment,
    /// The lookup, with the numbers of its answers.
    pub lookup: Data<Lookup>,
    /// The connections of the public listeners.
    pub connections: Arc<Connections>,
    /// The state of the store when it was last checked.
    pub store_health: Arc<StoreHealth>,
    /// The numbers of copies at authorization servers.
    pub provisioning: Arc<CopyCounts>,
    /// The numbers of stored client documents.
    pub documents: Arc<DocumentRows>,
    /// True once the process takes no new requests.
    pub draining: Arc<AtomicBool>,
    /// The certificate in service, if there is one.
    pub certificate: Option<ServedCertificate>,
    /// The exporter of traces, if there is one.
    pub traces: Option<Traces>,
}

impl MetricSources {
    pub fn families(&self) -> Vec<MetricFamily> {
        let ready = self.store_health.is_ready() && !self.draining.load(Ordering::Relaxed);
        let mut families = vec![
            family(&table::BUILD_INFO, [(vec![env!("CARGO_PKG_VERSION")], 1.0)]),
            plain(&table::READY, f64::from(u8::from(ready))),
            plain(
                &table::STORE_UP,
                f64::from(u8::from(self.store_health.is_up())),
            ),
            plain(&table::CONNECTIONS, number(self.connections.open())),
            family(
                &table::CONNECTIONS_REFUSED,
                self.connections
                    .refused()
                    .map(|(reason, count)| (vec![reason], number(count))),
            ),
            plain(
                &table::FAILED_LOGINS,
                number(self.services.passwords.wrong()),
            ),
            plain(
                &table::PASSWORDS_WAITING,
                number(self.services.passwords.waiting().try_into().unwrap_or(0)),
            ),
            family(
                &table::FETCHES,
                self.services
                    .fetcher
                    .counts()
                    .map(|(result, count)| (vec![result], number(count))),
            ),
            plain(
                &table::FETCHES_UNDER_WAY,
                number(self.services.fetcher.in_progress().try_into().unwrap_or(0)),
            ),
            family(
                &table::SPANS,
                traces::counts(self.traces.as_ref())
                    .map(|(result, count)| (vec![result], number(count))),
            ),
            plain(
                &table::AUDIT_PENDING,
                number(self.services.refusals.pending().try_into().unwrap_or(0)),
            ),
            plain(
                &table::AUDIT_MERGED,
                number(self.services.refusals.merged()),
            ),
        ];
        let since_1970 = |end: Timestamp| number(end.seconds().try_into().unwrap_or(0));
        families.extend(
            self.certificate
                .as_ref()
                .map(|certificate| plain(&table::CERTIFICATE_END, since_1970(certificate.end()))),
        );
        families.extend(
            self.store_health
                .clients()
                .map(|clients| plain(&table::CLIENTS, number(clients))),
        );
        let kinds = self
            .services
            .limiter
            .refused_registrations()
            .chain([("password", self.services.passwords.suspended())]);
        families.push(family(
            &table::THROTTLED,
            kinds.map(|(kind, count)| (vec![kind], number(count))),
        ));
        families.push(family(
            &table::UPDATES_REFUSED,
            self.services
                .limiter
                .refused_updates()
                .map(|(counted, count)| (vec![counted], number(count))),
        ));
        families.extend([self.registrations(), self.hops(), self.keys()]);
        families.extend(self.lookups());
        families.extend(self.upstreams());
        families.extend(client_documents::families(
            self.deployment.documents(),
            &self.documents,
        ));
        families.extend(provisioning::families(
            self.deployment.provisioners(),
            &self.provisioning,
            self.services.clock.now(),
        ));
        families.extend(self.stored());
        families
    }

    fn registrations(&self) -> MetricFamily {
        let mut rows = Vec::new();
        for (issuer, counts, _) in self.deployment.counts() {
            let [outcome, status] = REGISTERED;
            rows.push((
                issuer.as_str(),
                outcome,
                status.to_owned(),
                ["", ""],
                counts.registered(),
            ));
            for (why, count) in counts.not_registered() {
                let outcome = if why.status < 500 {
                    "refused"
                } else {
                    "failed"
                };
                rows.push((
                    issuer.as_str(),
                    outcome,
                    why.status.to_string(),
                    [why.error, why.member],
                    count,
                ));
            }
        }
        family(
            &table::REGISTRATIONS,
            rows.iter()
                .map(|(issuer, outcome, status, [error, member], count)| {
                    (
                        vec![*issuer, *outcome, status.as_str(), *error, *member],
                        number(*count),
                    )
                }),
        )
    }

    fn lookups(&self) -> [MetricFamily; 2] {
        let counts = &self.lookup.counts;
        let rows: Vec<_> = counts
            .all()
            .into_iter()
            .map(|(issuer, status, count)| (issuer, status.to_string(), count))
            .collect();
        [
            family(
                &table::LOOKUPS,
                rows.iter()
                    .map(|(issuer, status, count)| (vec![*issuer, status], number(*count))),
            ),
            histogram(
                &table::LOOKUP_SECONDS,
                histogram_counts(&counts.seconds()),
                MICROSECONDS,
            ),
        ]
    }

    fn hops(&self) -> MetricFamily {
        let rows = self.deployment.hops().flat_map(|hop| {
            let issuer = hop.issuer.as_str();
            hop.counts.all().map(move |(kind, outcome, count)| {
                (vec![issuer, kind.as_str(), outcome.as_str()], number(count))
            })
        });
        family(&table::HOP, rows)
    }

    fn upstreams(&self) -> [MetricFamily; 2] {
        let now = self.services.clock.now();
        let upstreams = || self.deployment.upstreams();
        let counts = upstreams().flat_map(|one| {
            one.counts()
                .map(|(outcome, count)| (vec![one.issuer().as_str(), outcome], number(count)))
        });
        let ages =
            upstreams().map(|one| (vec![one.issuer().as_str()], number(one.age(now).as_secs())));
        [
            family(&table::UPSTREAM, counts),
            family(&table::UPSTREAM_AGE, ages),
        ]
    }

    fn keys(&self) -> MetricFamily {
        let now = self.services.clock.now().seconds();
        let snapshots: Vec<_> = self
            .deployment
            .counts()
            .map(|(issuer, _, keys)| (issuer, keys))
            .collect();
        let ages = snapshots.iter().flat_map(|(issuer, keys)| {
            let signing = keys
                .keys()
                .iter()
                .filter(|key| key.state == KeyState::Signing);
            signing.map(|key| {
                let age = now
                    .saturating_sub(key.signs_from.seconds())
                    .try_into()
                    .unwrap_or(0);
                (vec![issuer.as_str(), key.algorithm.as_str()], number(age))
            })
        });
        family(&table::KEY_AGE, ages)
    }

    fn stored(&self) -> [MetricFamily; 10] {
        let activity = self.services.store.activity();
        let states = [
            ("in_use", activity.connections_in_use),
            ("idle", activity.connections_idle),
        ];
        [
            plain(&table::WRITES_WAITING, number(activity.writes_waiting)),
            plain(
                &table::WRITES_WAITING_LIMIT,
                number(activity.writes_waiting_limit),
            ),
            plain(&table::WRITES_REFUSED, number(activity.writes_refused)),
            histogram(
                &table::BATCH_WRITES,
                histogram_counts(&activity.batches),
                1.0,
            ),
            histogram(
                &table::COMMIT_SECONDS,
                histogram_counts(&activity.commits),
                MICROSECONDS,
            ),
            plain(
                &table::TRANSACTIONS_FAILED,
                number(activity.transactions_failed),
            ),
            family(
                &table::POOL,
                states.map(|(state, connections)| (vec![state], f64::from(connections))),
            ),
            plain(&table::POOL_LIMIT, f64::from(activity.connections_limit)),
            plain(&table::POOL_AWAITED, number(activity.connections_awaited)),
            plain(&table::POOL_DENIED, number(activity.connections_denied)),
        ]
    }
}
