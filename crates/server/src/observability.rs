//! Logging and traces, started with the settings of a configuration.

use telemetry::logging::{self, EnvFilter};
use telemetry::traces::{TraceOptions, Traces};

use crate::config::Config;
use crate::random_text;
use crate::serve;
use crate::settings::named;

/// Reads a value of `log.level`.
///
/// # Errors
/// One sentence that names the setting.
pub fn log_filter(level: &str) -> Result<EnvFilter, String> {
    logging::parse_filter(level).map_err(|rest| format!("{} {rest}", named("log.level")))
}

/// Starts logging to standard error, and hands spans to `traces`.
///
/// # Errors
/// One sentence, when the level is wrong or logging was started before.
pub fn start_logging(level: &str, json: bool, traces: Option<&Traces>) -> Result<(), String> {
    logging::start(log_filter(level)?, json, traces).map_err(|error| format!("{error:#}"))
}

/// Starts the export of traces if the configuration names a collector. Does not connect to it.
///
/// # Errors
/// One sentence, when certificates or randomness are missing.
pub fn start_traces(config: &Config) -> Result<Option<Traces>, String> {
    let Some(endpoint) = &config.traces else {
        return Ok(None);
    };
    let random = serve::random();
    let options = TraceOptions {
        endpoint,
        authorities: config
            .outbound_authority()
            .map_err(|error| error.to_string())?,
        proxies: config.proxies.clone(),
        instance_id: random_text(&random, 12).map_err(|error| error.to_string())?,
        random,
    };
    Traces::start(options)
        .map_err(|error| format!("{} cannot be used: {error:#}", named("traces.endpoint")))
}
