//! The way out: a bounded queue, a thread that empties it, and never anybody who waits for either.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use oauth_http::peer::Proxies;
use opentelemetry::trace::TracerProvider;
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{Protocol, SpanExporter as Otlp, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracerProvider, Span, SpanData,
    SpanExporter, SpanProcessor,
};
use tracing::Metadata;
use tracing::level_filters::LevelFilter;
use tracing::subscriber::Interest;
use tracing_subscriber::Registry;
use tracing_subscriber::filter::DynFilterFn;
use tracing_subscriber::layer::{Context as LayerContext, Layer};

use super::collector::{Collector, PATIENCE};
use super::identifiers::Identifiers;
use super::ledger::{Ledger, QUEUE};
use super::{RESULTS, TraceOptions, request};

/// How many spans go at once.
const BATCH: usize = 512;

/// How long a span waits for others.
const DELAY: Duration = Duration::from_secs(1);

/// How long the end of the process waits for the last spans.
const LAST: Duration = Duration::from_secs(3);

/// Spans of requests on their way to a collector. Clones share it.
#[derive(Debug, Clone)]
pub struct Traces {
    provider: SdkTracerProvider,
    ledger: Arc<Ledger>,
    pub(super) proxies: Arc<Proxies>,
}

impl Traces {
    /// Starts exporting. Does not connect to the collector.
    ///
    /// # Errors
    /// When the certificates or the address cannot be used.
    pub fn start(options: TraceOptions<'_>) -> anyhow::Result<Option<Self>> {
        let traces = options.destination;
        let ledger = Arc::new(Ledger::default());
        let collector = Collector::new(
            &traces.endpoint,
            options.authorities.as_deref(),
            Arc::clone(&ledger),
        )?;
        let otlp = Otlp::builder()
            .with_http()
            .with_http_client(collector)
            .with_endpoint(traces.endpoint.as_str())
            .with_protocol(Protocol::HttpBinary)
            .with_timeout(PATIENCE)
            .build()
            .context("the exporter cannot be made")?;
        let sizes = BatchConfigBuilder::default()
            .with_max_queue_size(QUEUE)
            .with_max_export_batch_size(BATCH)
            .with_scheduled_delay(DELAY)
            .build();
        let exporter = Booked {
            otlp,
            ledger: Arc::clone(&ledger),
        };
        let batches = BatchSpanProcessor::builder(exporter)
            .with_batch_config(sizes)
            .build();
        let service = Resource::builder_empty().with_attributes([
            KeyValue::new("service.name", "frontdesk"),
            KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
            KeyValue::new("service.instance.id", options.instance_id),
        ]);
        // Whoever begins a trace decides for all of it; only of those that begin here a share is taken.
        let share = Sampler::TraceIdRatioBased(f64::from(traces.percent) / 100.0);
        let provider = SdkTracerProvider::builder()
            .with_resource(service.build())
            .with_sampler(Sampler::ParentBased(Box::new(share)))
            .with_id_generator(Identifiers(options.random))
            .with_span_processor(Bounded {
                batches,
                ledger: Arc::clone(&ledger),
            })
            .build();
        Ok(Some(Self {
            provider,
            ledger,
            proxies: Arc::new(options.proxies),
        }))
    }

    /// What takes the spans that are made: those of requests, and within them.
    pub fn layer(&self) -> Box<dyn Layer<Registry> + Send + Sync> {
        let within = |metadata: &Metadata<'_>, context: &LayerContext<'_, Registry>| {
            exported(metadata)
                && (metadata.name() == request::NAME || context.lookup_current().is_some())
        };
        let callsite = |metadata: &'static Metadata<'static>| match exported(metadata) {
            true => Interest::sometimes(),
            false => Interest::never(),
        };
        let filter = DynFilterFn::new(within)
            .with_callsite_filter(callsite)
            .with_max_level_hint(LevelFilter::INFO);
        let layer = tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer("frontdesk"))
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_tracked_inactivity(false)
            .with_context_activation(false);
        Box::new(layer.with_filter(filter))
    }

    /// How many spans became what, in the order of [`RESULTS`].
    pub fn counts(&self) -> [u64; RESULTS.len()] {
        self.ledger.counts()
    }

    /// Sends what is left, if the collector takes it soon.
    pub fn end(&self) {
        // Whatever it says, what is still waiting is lost, and told of.
        drop(self.provider.shutdown_with_timeout(LAST));
        self.ledger.close();
    }
}

/// Ours are of the level info, those of libraries below. What is logged is none of a collector's business.
fn exported(metadata: &Metadata<'_>) -> bool {
    metadata.is_span() && *metadata.level() <= LevelFilter::INFO
}

/// The library's queue, in front of which is counted: a full one would drop spans without a word.
#[derive(Debug)]
struct Bounded {
    batches: BatchSpanProcessor,
    ledger: Arc<Ledger>,
}

impl SpanProcessor for Bounded {
    fn on_start(&self, span: &mut Span, context: &Context) {
        self.batches.on_start(span, context);
    }

    fn on_end(&self, span: SpanData) {
        if self.ledger.admit() {
            self.batches.on_end(span);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.batches.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.batches.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.batches.set_resource(resource);
    }
}

/// The library's exporter, behind which is counted.
#[derive(Debug)]
struct Booked {
    otlp: Otlp,
    ledger: Arc<Ledger>,
}

impl SpanExporter for Booked {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len();
        let outcome = self.otlp.export(batch).await;
        self.ledger.settle(spans, outcome.is_ok());
        outcome
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.otlp.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.otlp.set_resource(resource);
    }
}
