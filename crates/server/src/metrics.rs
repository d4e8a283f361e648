//! The values of `/metrics` that come from other crates. They count with plain integers and do not use Prometheus.

mod background;
pub mod client_documents;
pub mod distribution;
pub mod provisioning;
pub mod sources;
pub mod store_health;

pub use sources::MetricSources;
pub use store_health::{NO_ANSWER, StoreHealth, unready_reason};
