//! The export: a bounded queue and a thread that empties it. A request never waits for either.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use oauth_http::peer::Proxies;
use opentelemetry::trace::TracerProvider;
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{
    Protocol, SpanExporter as OtlpExporter, WithExportConfig, WithHttpConfig,
};
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

use super::collector::{Collector, EXPORT_TIMEOUT};
use super::identifiers::RandomIdGenerator;
use super::options::{RESULTS, TraceEndpoint, TraceOptions};
use super::request;
use super::span_counts::{QUEUE_CAPACITY, SpanCounts};

/// The maximum number of spans in an export.
const BATCH_SIZE: usize = 512;

/// The interval between two exports, unless a batch is full before.
const BATCH_DELAY: Duration = Duration::from_secs(1);

/// The time after which the last spans are given up when the process ends.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(3);

/// The exporter of spans. Clones share it.
#[derive(Debug, Clone)]
pub struct Traces {
    provider: SdkTracerProvider,
    span_counts: Arc<SpanCounts>,
    pub(super) proxies: Arc<Proxies>,
}

impl Traces {
    /// Starts exporting. Does not connect to the collector.
    ///
    /// # Errors
    /// When the certificates or the address cannot be used.
    pub fn start(options: TraceOptions<'_>) -> anyhow::Result<Option<Self>> {
        let TraceEndpoint { endpoint, percent } = options.endpoint;
        let span_counts = Arc::new(SpanCounts::default());
        let collector = Collector::new(
            endpoint,
            options.authorities.as_deref(),
            Arc::clone(&span_counts),
        )?;
        let otlp = OtlpExporter::builder()
            .with_http()
            .with_http_client(collector)
            .with_endpoint(endpoint.as_str())
            .with_protocol(Protocol::HttpBinary)
            .with_timeout(EXPORT_TIMEOUT)
            .build()
            .context("the exporter cannot be created")?;
        let sizes = BatchConfigBuilder::default()
            .with_max_queue_size(QUEUE_CAPACITY)
            .with_max_export_batch_size(BATCH_SIZE)
            .with_scheduled_delay(BATCH_DELAY)
            .build();
        let exporter = CountingExporter {
            otlp,
            span_counts: Arc::clone(&span_counts),
        };
        let batches = BatchSpanProcessor::builder(exporter)
            .with_batch_config(sizes)
            .build();
        let service = Resource::builder_empty().with_attributes([
            KeyValue::new("service.name", "frontdesk"),
            KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
            KeyValue::new("service.instance.id", options.instance_id),
        ]);
        // The proxy that starts a trace decides whether it is sampled. The percentage applies to traces that start here.
        let sampler = Sampler::TraceIdRatioBased(f64::from(*percent) / 100.0);
        let provider = SdkTracerProvider::builder()
            .with_resource(service.build())
            .with_sampler(Sampler::ParentBased(Box::new(sampler)))
            .with_id_generator(RandomIdGenerator(options.random))
            .with_span_processor(BoundedProcessor {
                batches,
                span_counts: Arc::clone(&span_counts),
            })
            .build();
        Ok(Some(Self {
            provider,
            span_counts,
            proxies: Arc::new(options.proxies),
        }))
    }

    /// Returns the layer that collects the spans of requests and the spans within them.
    pub fn layer(&self) -> Box<dyn Layer<Registry> + Send + Sync> {
        let in_request = |metadata: &Metadata<'_>, context: &LayerContext<'_, Registry>| {
            is_exported(metadata)
                && (metadata.name() == request::NAME || context.lookup_current().is_some())
        };
        let callsite = |metadata: &'static Metadata<'static>| match is_exported(metadata) {
            true => Interest::sometimes(),
            false => Interest::never(),
        };
        let filter = DynFilterFn::new(in_request)
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

    /// Returns the number of spans for each of [`RESULTS`].
    pub fn counts(&self) -> [u64; RESULTS.len()] {
        self.span_counts.counts()
    }

    /// Exports the queued spans, and stops.
    pub fn end(&self) {
        // A failure needs no handling: close() counts and logs the spans that are lost.
        drop(self.provider.shutdown_with_timeout(SHUTDOWN_TIMEOUT));
        self.span_counts.close();
    }
}

/// Returns true for our own spans, which have the level info. Spans of libraries have lower levels, and log lines are not exported.
fn is_exported(metadata: &Metadata<'_>) -> bool {
    metadata.is_span() && *metadata.level() <= LevelFilter::INFO
}

/// The library's queue, which drops spans silently when it is full. So spans are counted before they are queued.
#[derive(Debug)]
struct BoundedProcessor {
    batches: BatchSpanProcessor,
    span_counts: Arc<SpanCounts>,
}

impl SpanProcessor for BoundedProcessor {
    fn on_start(&self, span: &mut Span, context: &Context) {
        self.batches.on_start(span, context);
    }

    fn on_end(&self, span: SpanData) {
        if self.span_counts.reserve() {
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

/// The library's exporter. Counts the spans of each export.
#[derive(Debug)]
struct CountingExporter {
    otlp: OtlpExporter,
    span_counts: Arc<SpanCounts>,
}

impl SpanExporter for CountingExporter {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len();
        let outcome = self.otlp.export(batch).await;
        self.span_counts.record_export(spans, outcome.is_ok());
        outcome
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.otlp.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.otlp.set_resource(resource);
    }
}
