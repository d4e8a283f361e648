//! The task that writes due copies, and deletions while their caller waits.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use protocol::ClientId;
use store::{ProvisioningRow, Store, StoreError};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::backoff::jitter;
use crate::delivery::{Delivery, read_store};
use crate::provisioner::Provisioner;
use crate::reconcile::ReconcileOptions;
use crate::requests::WRITER_POLL;

/// The maximum number of rows that are read at a time.
const ROWS_PER_READ: i64 = 32;

/// The maximum number of deliveries at a time.
const MAX_DELIVERIES: usize = 4;

/// The longest time between two reads of due rows.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// The most by which the interval between two comparisons is longer or shorter, in percent.
const COMPARE_JITTER_PERCENT: u32 = 10;

/// The longest time until a comparison that failed is repeated.
const COMPARE_AGAIN: Duration = Duration::from_mins(1);

impl Provisioner {
    /// Writes due copies, and compares all copies at each interval, until [`Provisioner::stop`]. Then it waits for the deliveries
    /// in progress.
    pub async fn run(self: Arc<Self>) {
        let mut comparisons = JoinSet::new();
        comparisons.spawn(Arc::clone(&self).compare_regularly());
        let mut deliveries = JoinSet::new();
        while !self.is_stopping() {
            let more = self.deliver_due(&mut deliveries).await;
            if !more {
                let _ = timeout(POLL_INTERVAL, self.due.notified()).await;
            }
        }
        while deliveries.join_next().await.is_some() {}
        while comparisons.join_next().await.is_some() {}
    }

    /// Writes the copies that are due now, for a command that needs no running service.
    pub async fn deliver_all_due(self: &Arc<Self>) {
        let mut deliveries = JoinSet::new();
        while self.deliver_due(&mut deliveries).await {}
    }

    /// Ends [`Provisioner::run`].
    pub fn stop(&self) {
        self.is_stopping.store(true, Ordering::Relaxed);
        self.due.notify_waiters();
        self.due.notify_one();
        self.stopped.notify_one();
    }

    /// Wakes the deliverer, after another part of the process made a copy due.
    pub fn wake(&self) {
        self.due.notify_one();
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::Relaxed)
    }

    /// Delivers the rows that are due now. Returns true if there may be more.
    async fn deliver_due(self: &Arc<Self>, deliveries: &mut JoinSet<()>) -> bool {
        let now = self.services.clock.now();
        // While the breaker is open nothing is asked for; after its pause the oldest row tries alone.
        let pause = self.breaker.pause(Instant::now());
        let limit = match pause {
            Some(rest) if !rest.is_zero() => return false,
            Some(_) => 1,
            None => ROWS_PER_READ,
        };
        let issuer = self.settings.issuer.clone();
        let read = read_store(&self.services.store, move |store| {
            store.due_rows(&issuer, now, limit)
        });
        let rows = match read.await {
            Ok(rows) => rows,
            Err(error) => {
                self.log_store_error(&error);
                return false;
            }
        };
        let is_full = i64::try_from(rows.len()).is_ok_and(|count| count == limit);
        for row in rows {
            if deliveries.len() >= MAX_DELIVERIES {
                deliveries.join_next().await;
            }
            if self.is_stopping()
                || (pause.is_none() && self.breaker.pause(Instant::now()).is_some())
            {
                break;
            }
            deliveries.spawn(Arc::clone(self).deliver_row(row));
        }
        // A row is read again only after its delivery has ended.
        while deliveries.join_next().await.is_some() {}
        is_full && self.breaker.pause(Instant::now()).is_none()
    }

    async fn deliver_row(self: Arc<Self>, row: ProvisioningRow) {
        let deadline = Instant::now() + self.settings.patience;
        if let Err(error) = self.deliver(&row, deadline).await {
            self.log_store_error(&error);
        }
    }

    fn log_store_error(&self, error: &StoreError) {
        tracing::warn!(
            provider = self.settings.issuer.as_str(),
            "due copies were not written: {error}"
        );
    }

    /// Compares all copies at the start and at each interval, a tenth more or less.
    async fn compare_regularly(self: Arc<Self>) {
        while !self.is_stopping() {
            let compared = self.reconcile(ReconcileOptions::default()).await;
            let wait = match compared {
                Ok(_) => self.settings.reconcile,
                Err(_) if self.is_stopping() => return,
                Err(error) => {
                    tracing::warn!(
                        provider = self.settings.issuer.as_str(),
                        "the copies at the authorization server were not compared: {error}"
                    );
                    self.settings.reconcile.min(COMPARE_AGAIN)
                }
            };
            let wait = jitter(wait, COMPARE_JITTER_PERCENT, &self.services.random);
            let _ = timeout(wait, self.stopped.notified()).await;
        }
    }

    /// Deletes a client, and waits until its copy is gone, but not longer than a request may wait. Returns false if there was no
    /// client.
    ///
    /// # Errors
    /// The store cannot write.
    pub async fn delete(
        self: &Arc<Self>,
        store: &Store,
        id: &ClientId,
    ) -> Result<bool, StoreError> {
        let is_deleted = store.delete(id).await?;
        self.await_removal(id, is_deleted).await;
        Ok(is_deleted)
    }

    /// Deletes a client as [`Provisioner::delete`] does, for a request at a WSO2 endpoint.
    ///
    /// # Errors
    /// The store cannot write.
    pub async fn unregister(
        self: &Arc<Self>,
        store: &Store,
        id: &ClientId,
    ) -> Result<bool, StoreError> {
        let is_deleted = store.unregister(id).await?;
        self.await_removal(id, is_deleted).await;
        Ok(is_deleted)
    }

    /// Waits until the copy of a deleted client is gone. The deletion goes on without the request, and the deliverer repeats it.
    async fn await_removal(self: &Arc<Self>, id: &ClientId, is_deleted: bool) {
        if !is_deleted || self.breaker.pause(Instant::now()).is_some() {
            return;
        }
        let (provisioner, id) = (Arc::clone(self), id.clone());
        let removal = tokio::spawn(async move {
            if provisioner.remove_now(&id).await.is_err() {
                provisioner.wake();
            }
        });
        let _ = timeout(self.settings.patience, removal).await;
    }

    /// Deletes the copy of a deleted client, or waits while another writer does.
    async fn remove_now(&self, id: &ClientId) -> Result<(), StoreError> {
        let deadline = Instant::now() + self.settings.patience;
        while let Some(row) = self.row(id).await? {
            let now = self.services.clock.now();
            let is_due = row.due_at.is_some_and(|due_at| due_at <= now);
            if !is_due {
                // Another writer has the copy; or the server said that it is gone and is asked once more, or it did not answer.
                if row.is_in_flight && Instant::now() + WRITER_POLL < deadline {
                    sleep(WRITER_POLL).await;
                    continue;
                }
                return Ok(());
            }
            match self.deliver(&row, deadline).await? {
                Delivery::Taken if Instant::now() + WRITER_POLL < deadline => {
                    sleep(WRITER_POLL).await;
                }
                Delivery::Done => return Ok(()),
                Delivery::Taken | Delivery::Refused(_) | Delivery::NotMade(_) => {
                    self.wake();
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}
