//! Logging and traces, started with the settings of a configuration.

use anyhow::{Context, anyhow};
use telemetry::logging::{self, EnvFilter};
use telemetry::traces::{TraceOptions, Traces};

use crate::config::Config;
use crate::random_text;
use crate::serve;
use crate::settings::named;

/// Reads a value of `log.level`.
///
/// # Errors
/// A sentence that names the setting.
pub fn log_filter(level: &str) -> anyhow::Result<EnvFilter> {
    logging::parse_filter(level).map_err(|rest| anyhow!("{} {rest}", named("log.level")))
}

/// Starts logging to standard error, and hands spans to `traces`.
///
/// # Errors
/// A sentence, when the level is wrong or logging was started before.
pub fn start_logging(level: &str, json: bool, traces: Option<&Traces>) -> anyhow::Result<()> {
    logging::start(log_filter(level)?, json, traces)
}

/// Starts the export of traces if the configuration names a collector. Does not connect to it.
///
/// # Errors
/// A sentence, when certificates or randomness are missing.
pub fn start_traces(config: &Config) -> anyhow::Result<Option<Traces>> {
    let Some(endpoint) = &config.traces else {
        return Ok(None);
    };
    let random = serve::random();
    let options = TraceOptions {
        endpoint,
        authorities: config.outbound_authority()?,
        proxies: config.proxies.clone(),
        instance_id: random_text(&random, 12)?,
        random,
    };
    Traces::start(options).with_context(|| format!("{} cannot be used", named("traces.endpoint")))
}
