//! The comparison of the copies at the server with the clients here. It writes nothing.

use std::collections::HashSet;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use protocol::{ClientId, Timestamp};
use store::{
    DesiredRecord, ProvisioningFilter, ProvisioningRow, ProvisioningState, Store, StoreError,
};

use crate::connector::{Connector, ConnectorError, CopyHandle, ListedCopy, Listing};
use crate::provisioner::Provisioner;

/// The number of rows that are read at a time.
const PAGE_SIZE: i64 = 500;

/// The pause between two reads of single copies, so that a server without a list is asked slowly.
const READ_PAUSE: Duration = Duration::from_millis(50);

/// The result of a comparison.
#[derive(Default)]
pub(crate) struct Comparison {
    /// The number of listed copies with our mark.
    pub(crate) marked: usize,
    pub(crate) unchanged: usize,
    pub(crate) rejected: usize,
    /// The copies to write.
    pub(crate) repairs: Vec<Repair>,
    /// The marked copies that have neither client nor row.
    pub(crate) orphans: Vec<CopyHandle>,
    /// The clients with a listed copy.
    seen: HashSet<ClientId>,
}

/// A copy to write.
pub(crate) struct Repair {
    pub(crate) client_id: ClientId,
    /// The place at which the copy was found; `None` for a copy that is missing.
    pub(crate) found: Option<CopyHandle>,
}

impl Comparison {
    /// Returns the number of copies that are missing.
    pub(crate) fn missing(&self) -> usize {
        self.repairs
            .iter()
            .filter(|repair| repair.found.is_none())
            .count()
    }
}

/// The reason for which a comparison was not finished.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CompareError {
    #[error(transparent)]
    Server(#[from] ConnectorError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The objects of a comparison.
pub(crate) struct CopyComparer {
    pub(crate) store: Store,
    pub(crate) target: Arc<Provisioner>,
    pub(crate) started: Timestamp,
}

impl CopyComparer {
    /// Compares every copy.
    ///
    /// # Errors
    /// The list fails or ends early, or the store fails. Nothing that was found then counts.
    pub(crate) fn compare(
        &self,
        connector: &dyn Connector,
        deadline: Instant,
    ) -> Result<Comparison, CompareError> {
        let mut comparison = Comparison::default();
        let mut failure = None;
        let issuer = &self.target.settings.issuer;
        let listing = connector.list(issuer, deadline, &mut |copy| {
            if failure.is_none() {
                failure = self.judge(connector, &mut comparison, copy).err();
            }
        })?;
        if let Some(error) = failure {
            return Err(error.into());
        }
        let has_list = listing == Listing::Complete;
        self.visit_rows(connector, &mut comparison, has_list, deadline)?;
        if has_list {
            self.add_clients_without_row(&mut comparison)?;
        }
        Ok(comparison)
    }

    /// Compares a listed copy with its client.
    fn judge(
        &self,
        connector: &dyn Connector,
        comparison: &mut Comparison,
        copy: ListedCopy,
    ) -> Result<(), StoreError> {
        comparison.marked += usize::from(copy.has_mark);
        let id = copy.place.client_id.clone();
        let (store, issuer) = (&self.store, &self.target.settings.issuer);
        let row = store.provisioning_row(issuer, &id);
        let stored = readable(row.and_then(|row| Ok((row, store.desired(issuer, &id)?))))?;
        match stored {
            None => {
                comparison.seen.insert(id);
            }
            Some((None, None)) => {
                if copy.has_mark {
                    comparison.orphans.push(copy.place);
                }
            }
            Some((None, Some(_))) => {
                comparison.seen.insert(id.clone());
                comparison.repairs.push(Repair {
                    client_id: id,
                    found: Some(copy.place),
                });
            }
            Some((Some(row), record)) => {
                comparison.seen.insert(id);
                self.judge_row(connector, comparison, &row, record, &copy);
            }
        }
        Ok(())
    }

    /// Compares a copy that has a row. A row that waits, is being written or changed since the start is left alone.
    fn judge_row(
        &self,
        connector: &dyn Connector,
        comparison: &mut Comparison,
        row: &ProvisioningRow,
        record: Option<DesiredRecord>,
        copy: &ListedCopy,
    ) {
        let (Some(record), true) = (record, self.is_at_rest(row)) else {
            return;
        };
        let id = &copy.place.client_id;
        let wanted = self.target.wanted(record, id, self.started);
        let is_present = wanted.is_enabled || connector.can_disable();
        let is_in_place = row.handle.is_none() || row.handle == copy.place.handle;
        let is_right = copy.has_mark
            && is_present
            && is_in_place
            && connector.is_current(&wanted.borrowed(), copy, &row.dropped_members);
        if is_right {
            comparison.unchanged += 1;
        } else {
            comparison.repairs.push(Repair {
                client_id: id.clone(),
                found: Some(copy.place.clone()),
            });
        }
    }

    /// Finds the rows whose copy was not listed. Where there is no list, each copy is read.
    fn visit_rows(
        &self,
        connector: &dyn Connector,
        comparison: &mut Comparison,
        has_list: bool,
        deadline: Instant,
    ) -> Result<(), CompareError> {
        let filter = ProvisioningFilter {
            provider: Some(self.target.settings.issuer.clone()),
            client_id: None,
            states: vec![ProvisioningState::Synced, ProvisioningState::Rejected],
        };
        let mut after: Option<String> = None;
        loop {
            let page = self
                .store
                .provisioning_rows(&filter, after.as_deref(), PAGE_SIZE)?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            after = Some(last.id.clone());
            for listed in page {
                // A damaged row is named by `frontdesk check`, and stops no other.
                let Ok(row) = listed.row else { continue };
                if row.state == ProvisioningState::Rejected {
                    comparison.rejected += 1;
                } else {
                    self.visit_row(connector, comparison, &row, has_list, deadline)?;
                }
            }
        }
    }

    fn visit_row(
        &self,
        connector: &dyn Connector,
        comparison: &mut Comparison,
        row: &ProvisioningRow,
        has_list: bool,
        deadline: Instant,
    ) -> Result<(), CompareError> {
        let Some(id) = &row.client_id else {
            return Ok(());
        };
        if comparison.seen.contains(id) || !self.is_at_rest(row) {
            return Ok(());
        }
        let record = self.store.desired(&self.target.settings.issuer, id);
        let Some(Some(record)) = readable(record)? else {
            return Ok(());
        };
        if !has_list {
            thread::sleep(READ_PAUSE);
            let place = self.target.place_of(row, id);
            if let Some(copy) = connector.read(&place, deadline)? {
                self.judge_row(connector, comparison, row, Some(record), &copy);
                return Ok(());
            }
        }
        let wanted = self.target.wanted(record, id, self.started);
        if wanted.is_enabled || connector.can_disable() {
            comparison.repairs.push(Repair {
                client_id: id.clone(),
                found: None,
            });
        } else {
            comparison.unchanged += 1;
        }
        Ok(())
    }

    fn add_clients_without_row(&self, comparison: &mut Comparison) -> Result<(), StoreError> {
        let issuer = &self.target.settings.issuer;
        let mut after: Option<ClientId> = None;
        loop {
            let (store, started) = (&self.store, self.started);
            let page = store.clients_without_row(issuer, after.as_ref(), PAGE_SIZE, started)?;
            let Some((last, _)) = page.last() else {
                return Ok(());
            };
            after = Some(last.clone());
            for (client_id, _) in page {
                if !comparison.seen.contains(&client_id) {
                    let found = None;
                    comparison.repairs.push(Repair { client_id, found });
                }
            }
        }
    }

    /// Returns true for a row that the server confirmed before the comparison, and that no writer has now.
    fn is_at_rest(&self, row: &ProvisioningRow) -> bool {
        row.state == ProvisioningState::Synced && !row.is_in_flight && row.since < self.started
    }
}

/// Turns the error about a damaged row into `None`: other rows are compared all the same.
fn readable<T>(read: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(error @ StoreError::Corrupt { .. }) => {
            tracing::error!("{error}");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
