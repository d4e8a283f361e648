//! `frontdesk provision`: the copies of clients at authorization servers. No running service is needed.

mod check;
mod reconcile;
mod retry;
mod status;
mod targets;

pub use check::check;
pub use reconcile::{ReconcileArguments, reconcile};
pub use retry::{RetryArguments, retry};
pub use status::{ProvisionStatusArguments, status};
