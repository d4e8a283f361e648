//! `traces`: where spans of requests go.

use anyhow::{anyhow, bail};
use url::Url;

use crate::settings::{TracesSettings, named};
use telemetry::traces::Destination;

/// Where a collector listens for OTLP/HTTP, below an address that is no more than its host.
const PATH: &str = "/v1/traces";

/// Where spans go, unless nobody asked for any.
pub(super) fn destination(settings: TracesSettings) -> anyhow::Result<Option<Destination>> {
    let percent = settings.percent;
    if percent > 100 {
        bail!(
            "{} must be from 0 to 100, not {percent}",
            named("traces.percent")
        );
    }
    let Some(text) = settings.endpoint else {
        return Ok(None);
    };
    let key = named("traces.endpoint");
    if !cfg!(feature = "otel") {
        bail!("{key} requires a build with the cargo feature otel");
    }
    let mut endpoint = Url::parse(&text)
        .map_err(|error| anyhow!("{key} must be an http or https URL: {error}"))?;
    let plain = endpoint.username().is_empty()
        && endpoint.password().is_none()
        && endpoint.query().is_none()
        && endpoint.fragment().is_none();
    if !matches!(endpoint.scheme(), "http" | "https") || !plain {
        bail!("{key} must be an http or https URL without a user, a query and a fragment");
    }
    if endpoint.path() == "/" {
        endpoint.set_path(PATH);
    }
    Ok(Some(Destination { endpoint, percent }))
}
