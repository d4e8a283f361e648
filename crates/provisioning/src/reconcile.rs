//! The comparison of all copies with the clients, and the repair of those that differ.

use std::fmt;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use protocol::{Issuer, lock};
use store::audit::AuditEvent;
use store::{DueSelection, ProvisioningFilter, ProvisioningState, ReconcileLease, StoreError};
use tokio::time::sleep;

use crate::comparison::{CompareError, Comparison, CopyComparer, Repair};
use crate::connector::{ConnectorError, CopyHandle};
use crate::counts::ProvisionOutcome;
use crate::delivery::{Delivery, read_store};
use crate::provision_error::ProvisionError;
use crate::provisioner::Provisioner;
use crate::settings::OnDelete;

/// The maximum duration of a comparison.
const COMPARISON_TIMEOUT: Duration = Duration::from_mins(10);

/// The time for which a process has the right to reconcile, unless it extends it. A process that is killed keeps others from it as long.
const RECONCILE_LEASE: Duration = Duration::from_mins(1);

/// The interval at which the right is extended.
const EXTEND_INTERVAL: Duration = Duration::from_secs(20);

/// The number of repairs after which the right is extended.
const REPAIRS_PER_LEASE: usize = 100;

/// The interval at which registrations in progress are looked at before a copy without a client is removed.
const REGISTRATION_POLL: Duration = Duration::from_secs(1);

/// The time after a registration's own patience after which it is not waited for any more.
const REGISTRATION_MARGIN: Duration = Duration::from_secs(12);

/// The maximum number of registrations in progress that are waited for.
const MAX_REGISTRATIONS: i64 = 1000;

/// The options of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReconcileOptions {
    /// True if nothing is written.
    pub is_dry_run: bool,
    /// True if more than half of the copies may be deleted.
    pub may_delete_most: bool,
}

/// The result of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReconcileReport {
    /// The provider.
    pub provider: Issuer,
    /// The number of copies that were missing.
    pub created: usize,
    /// The number of copies that differed.
    pub updated: usize,
    /// The number of marked copies without a client.
    pub deleted: usize,
    /// The number of copies that are as they must be.
    pub unchanged: usize,
    /// The number of clients that the server refuses.
    pub rejected: usize,
    /// The number of copies that could not be written or deleted now. They are due again, or are compared again.
    pub waiting: usize,
    /// The sentence that says why nothing was deleted, if most copies would have been.
    pub guarded: Option<String>,
}

impl fmt::Display for ReconcileReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "created {}, updated {}, deleted {}, unchanged {}, rejected {}",
            self.created, self.updated, self.deleted, self.unchanged, self.rejected
        )?;
        if self.waiting > 0 {
            write!(f, ", waiting {}", self.waiting)?;
        }
        match &self.guarded {
            Some(sentence) => write!(f, "; {sentence}"),
            None => Ok(()),
        }
    }
}

impl Provisioner {
    /// Compares all copies with the clients, and writes those that differ. Returns `None` if another process is doing so.
    ///
    /// # Errors
    /// The list of the server or the store failed; nothing was changed.
    pub async fn reconcile(
        self: &Arc<Self>,
        options: ReconcileOptions,
    ) -> Result<Option<ReconcileReport>, ProvisionError> {
        if options.is_dry_run {
            let comparison = self.compare().await?;
            return Ok(Some(self.report(&comparison, options)));
        }
        let (issuer, now) = (self.settings.issuer.clone(), self.services.clock.now());
        let begun = read_store(&self.services.store, move |store| {
            store.begin_reconcile(&issuer, now.plus(RECONCILE_LEASE), now)
        });
        let Some(lease) = begun.await? else {
            return Ok(None);
        };
        let lease = Arc::new(Mutex::new(lease));
        let work = async {
            let comparison = self.compare().await?;
            self.repair_all(comparison, options, &lease).await
        };
        let result = self.extending(&lease, work).await;
        let text = match &result {
            Ok(report) => report.to_string(),
            Err(error) => format!("failed: {error}"),
        };
        let lease = Arc::into_inner(lease).and_then(|lease| lease.into_inner().ok());
        if let Some(lease) = lease {
            let now = self.services.clock.now();
            read_store(&self.services.store, move |store| {
                store.end_reconcile(&lease, now, &text)
            })
            .await?;
        }
        result.map(Some)
    }

    async fn compare(self: &Arc<Self>) -> Result<Comparison, ProvisionError> {
        // A comparison lasts too long to be the call that tries whether the server answers again.
        if let Some(pause) = self.breaker.pause(Instant::now()) {
            return Err(self.refuse(pause));
        }
        let slot = self.slot(Instant::now() + self.settings.patience).await?;
        let work = CopyComparer {
            store: self.services.store.clone(),
            target: Arc::clone(self),
            started: self.services.clock.now(),
        };
        let deadline = Instant::now() + COMPARISON_TIMEOUT;
        let call = self.long_call(slot, deadline, move |connector, deadline| {
            match work.compare(connector, deadline) {
                Ok(comparison) => Ok(Ok(comparison)),
                Err(CompareError::Store(error)) => Ok(Err(error)),
                Err(CompareError::Server(error)) => Err(error),
            }
        });
        match call.await {
            Ok(result) => Ok(result?),
            Err(error) => Err(self.call_error(error)),
        }
    }

    /// Returns the report of a comparison before anything is written.
    fn report(&self, comparison: &Comparison, options: ReconcileOptions) -> ReconcileReport {
        let (orphans, marked) = (comparison.orphans.len(), comparison.marked);
        let is_guarded = orphans.saturating_mul(2) > marked && !options.may_delete_most;
        let missing = comparison.missing();
        ReconcileReport {
            provider: self.settings.issuer.clone(),
            created: missing,
            updated: comparison.repairs.len() - missing,
            deleted: if is_guarded { 0 } else { orphans },
            unchanged: comparison.unchanged,
            rejected: comparison.rejected,
            waiting: 0,
            guarded: is_guarded.then(|| {
                format!(
                    "{orphans} of {marked} copies would be deleted, and that is more than half; frontdesk provision reconcile --yes does it"
                )
            }),
        }
    }

    async fn repair_all(
        &self,
        comparison: Comparison,
        options: ReconcileOptions,
        lease: &Arc<Mutex<ReconcileLease>>,
    ) -> Result<ReconcileReport, ProvisionError> {
        let mut report = self.report(&comparison, options);
        let is_most = comparison.orphans.len().saturating_mul(2) > comparison.marked;
        (report.created, report.updated, report.deleted) = (0, 0, 0);
        for repairs in comparison.repairs.chunks(REPAIRS_PER_LEASE) {
            if self.is_stopping() || !self.extend(lease).await? {
                return Ok(report);
            }
            for repair in repairs {
                self.repair(repair, &mut report).await?;
            }
        }
        match &report.guarded {
            Some(sentence) => {
                tracing::error!(provider = self.settings.issuer.as_str(), "{sentence}");
            }
            None if comparison.orphans.is_empty() => {}
            None => {
                self.await_registrations().await?;
                for orphan in comparison.orphans {
                    self.remove_orphan(orphan, &mut report).await?;
                }
            }
        }
        self.record_repairs(&report, is_most).await?;
        Ok(report)
    }

    /// Extends the right while the work goes on. The repairs find out themselves if it is lost.
    async fn extending<T>(
        &self,
        lease: &Arc<Mutex<ReconcileLease>>,
        work: impl Future<Output = T>,
    ) -> T {
        let mut work = pin!(work);
        loop {
            match tokio::time::timeout(EXTEND_INTERVAL, work.as_mut()).await {
                Ok(result) => return result,
                Err(_) => drop(self.extend(lease).await),
            }
        }
    }

    async fn extend(&self, lease: &Arc<Mutex<ReconcileLease>>) -> Result<bool, StoreError> {
        let (lease, now) = (Arc::clone(lease), self.services.clock.now());
        read_store(&self.services.store, move |store| {
            store.extend_reconcile(&mut lock(&lease), now.plus(RECONCILE_LEASE))
        })
        .await
    }

    /// Makes a copy due and writes it. The row is read again first, and one that changed meanwhile is left alone.
    async fn repair(
        &self,
        repair: &Repair,
        report: &mut ReconcileReport,
    ) -> Result<(), StoreError> {
        let now = self.services.clock.now();
        let (store, id) = (&self.services.store, &repair.client_id);
        match self.row(id).await? {
            Some(row) if row.state == ProvisioningState::Synced && !row.is_in_flight => {
                let chosen = DueSelection::Ids(vec![row.id]);
                read_store(store, move |store| store.mark_due(&chosen, now)).await?;
            }
            Some(_) => return Ok(()),
            None => {
                let place = repair.found.clone().or_else(|| self.place(id));
                let handle = place.and_then(|place| place.handle);
                match store
                    .add_pending(&self.settings.issuer, id, handle, 0, now)
                    .await
                {
                    Ok(true) => {}
                    Ok(false) | Err(StoreError::Conflict) => return Ok(()),
                    Err(error) => return Err(error),
                }
            }
        }
        let Some(row) = self.row(id).await? else {
            return Ok(());
        };
        let deadline = Instant::now() + self.settings.patience;
        let delivery = self
            .deliver_at(&row, repair.found.as_ref(), deadline)
            .await?;
        match delivery {
            Delivery::Done | Delivery::Taken if repair.found.is_none() => report.created += 1,
            Delivery::Done | Delivery::Taken => report.updated += 1,
            Delivery::Refused(ConnectorError::Rejected { .. }) => report.rejected += 1,
            Delivery::Refused(_) | Delivery::NotMade(_) => report.waiting += 1,
        }
        Ok(())
    }

    /// Waits until the registrations that are asking the server now have ended: a server may have chosen an identifier that is in no
    /// row yet, and the list may have its copy.
    async fn await_registrations(&self) -> Result<(), StoreError> {
        let limit = Instant::now() + self.settings.patience + REGISTRATION_MARGIN;
        let mut waited = self.registrations().await?;
        while !waited.is_empty() && Instant::now() < limit && !self.is_stopping() {
            sleep(REGISTRATION_POLL).await;
            let running = self.registrations().await?;
            waited.retain(|id| running.contains(id));
        }
        Ok(())
    }

    async fn registrations(&self) -> Result<Vec<String>, StoreError> {
        let filter = ProvisioningFilter {
            provider: Some(self.settings.issuer.clone()),
            client_id: None,
            states: vec![ProvisioningState::Creating],
        };
        let rows = read_store(&self.services.store, move |store| {
            store.provisioning_rows(&filter, None, MAX_REGISTRATIONS)
        });
        Ok(rows.await?.into_iter().map(|listed| listed.id).collect())
    }

    /// Removes a marked copy, unless it has a client or a row meanwhile.
    async fn remove_orphan(
        &self,
        place: CopyHandle,
        report: &mut ReconcileReport,
    ) -> Result<(), StoreError> {
        let (issuer, id) = (self.settings.issuer.clone(), place.client_id.clone());
        let is_orphan = read_store(&self.services.store, move |store| {
            Ok(store.provisioning_row(&issuer, &id)?.is_none()
                && store.desired(&issuer, &id)?.is_none())
        });
        if self.is_stopping() || !is_orphan.await? {
            return Ok(());
        }
        let deadline = Instant::now() + self.settings.patience;
        let Ok(slot) = self.slot(deadline).await else {
            report.waiting += 1;
            return Ok(());
        };
        let is_disabled = self.settings.on_delete == OnDelete::Disable;
        let call = self.call(slot, deadline, true, move |connector, deadline| {
            if is_disabled {
                connector.disable(&place, deadline)
            } else {
                connector.delete(&place, deadline)
            }
        });
        match call.await.result {
            Ok(()) => {
                self.counts.count(ProvisionOutcome::Deleted);
                report.deleted += 1;
            }
            Err(_) => report.waiting += 1,
        }
        Ok(())
    }

    /// Writes the repairs to the audit trail.
    async fn record_repairs(
        &self,
        report: &ReconcileReport,
        is_most: bool,
    ) -> Result<(), StoreError> {
        let (store, issuer) = (&self.services.store, &self.settings.issuer);
        let repaired = [
            (report.created, "created"),
            (report.updated, "updated"),
            (if is_most { 0 } else { report.deleted }, "deleted"),
        ];
        let repaired: Vec<String> = repaired
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{what} {count}"))
            .collect();
        if !repaired.is_empty() {
            store
                .record_event(AuditEvent::DriftRepaired, issuer, &repaired.join(", "))
                .await?;
        }
        if is_most && report.deleted > 0 {
            store
                .record_event(
                    AuditEvent::CopiesDeleted,
                    issuer,
                    &report.deleted.to_string(),
                )
                .await?;
        }
        Ok(())
    }
}
