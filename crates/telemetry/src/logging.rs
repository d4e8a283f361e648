//! Log lines, as text or JSON, with the identifier of the request. Control characters in values are escaped, so that a value cannot
//! look like another line or another field, or control a terminal.

use std::fmt::{self, Debug};
use std::io::IsTerminal;
use std::iter;
use std::str::FromStr;

use anyhow::{Context, anyhow};
use oauth_http::RequestId;
use serde::Serialize;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Subscriber};
use tracing_serde::fields::{AsMap, SerializeFieldMap};
use tracing_subscriber::Registry;
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::filter::{FilterExt, filter_fn};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, MakeWriter};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

use crate::traces::Traces;
use protocol::escape::{visible, visible_json};

pub use tracing_subscriber::EnvFilter;

/// The library that parses requests. It logs a line of the level `error` for each request that is not HTTP, so callers choose the
/// number of lines. They are logged only if the filter names this library.
const HTTP_LIBRARY: &str = "actix_http";

/// Parses a level or a filter.
///
/// # Errors
/// The rest of a sentence that begins with the name of the setting.
pub fn parse_filter(level: &str) -> anyhow::Result<EnvFilter> {
    let invalid = || {
        anyhow!(
            "must be error, warn, info, debug, trace, off or a filter such as info,store=debug, not {level:?}"
        )
    };
    // EnvFilter takes a single word that is not a level for a module's name, and would switch off all other modules.
    let levels = level
        .split(',')
        .map(str::trim)
        .filter(|part| !part.contains('='));
    if level.trim().is_empty()
        || levels
            .into_iter()
            .any(|part| LevelFilter::from_str(part).is_err())
    {
        return Err(invalid());
    }
    let directives = if level.contains(HTTP_LIBRARY) {
        level.to_owned()
    } else {
        format!("{level},{HTTP_LIBRARY}=off")
    };
    EnvFilter::builder()
        .parse(directives)
        .map_err(|_| invalid())
}

/// Starts logging to standard error, and hands spans to `traces`.
///
/// # Errors
/// When the process has started logging before.
pub fn start(filter: EnvFilter, json: bool, traces: Option<&Traces>) -> anyhow::Result<()> {
    let log = log_layer(
        filter,
        json,
        std::io::stderr().is_terminal(),
        std::io::stderr,
    );
    let layers: Vec<_> = iter::once(log).chain(traces.map(Traces::layer)).collect();
    tracing::subscriber::set_global_default(Registry::default().with(layers))
        .context("logging cannot be started")
}

/// Returns the layer that writes log lines.
fn log_layer<W>(
    filter: EnvFilter,
    json: bool,
    colours: bool,
    output: W,
) -> Box<dyn Layer<Registry> + Send + Sync>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    // A line that cannot be written is lost. Reporting that on the same standard error would panic.
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(output)
        .log_internal_errors(false);
    // Spans of the level info are for traces only. Without traces they are not created.
    let filter = filter.and(filter_fn(|metadata| {
        !metadata.is_span() || *metadata.level() > LevelFilter::INFO
    }));
    match json {
        true => Box::new(layer.event_format(JsonFormat).with_filter(filter)),
        false => Box::new(
            layer
                .with_target(false)
                .with_ansi(colours)
                .fmt_fields(TextFormat)
                .with_filter(filter),
        ),
    }
}

/// The format of JSON lines.
struct JsonFormat;

#[derive(Serialize)]
struct JsonLine<'a> {
    timestamp: &'a str,
    level: &'a str,
    fields: SerializeFieldMap<'a, Event<'a>>,
    target: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
}

impl<S, N> FormatEvent<S, N> for JsonFormat
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut timestamp = String::new();
        SystemTime.format_time(&mut Writer::new(&mut timestamp))?;
        let id = RequestId::current();
        let line = JsonLine {
            timestamp: &timestamp,
            level: event.metadata().level().as_str(),
            fields: event.field_map(),
            target: event.metadata().target(),
            request_id: id.as_ref().map(RequestId::as_str),
        };
        let line = serde_json::to_string(&line).map_err(|_| fmt::Error)?;
        writer.write_str(&visible_json(&line))?;
        writer.write_char('\n')
    }
}

/// The format of the message and the fields of text lines.
struct TextFormat;

impl<'a> FormatFields<'a> for TextFormat {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'a>, fields: R) -> fmt::Result {
        let mut visitor = TextVisitor {
            writer,
            has_text: false,
            outcome: Ok(()),
        };
        fields.record(&mut visitor);
        if let Some(id) = RequestId::current() {
            visitor.write_field("request_id", id.as_str());
        }
        visitor.outcome
    }
}

struct TextVisitor<'a> {
    writer: Writer<'a>,
    has_text: bool,
    outcome: fmt::Result,
}

impl TextVisitor<'_> {
    fn write_field(&mut self, name: &str, text: &str) {
        let space = if self.has_text { " " } else { "" };
        self.has_text = true;
        let text = visible(text);
        self.outcome = self.outcome.and_then(|()| match name {
            "message" => write!(self.writer, "{space}{text}"),
            _ => write!(self.writer, "{space}{name}={text}"),
        });
    }
}

impl Visit for TextVisitor<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.write_field(field.name(), &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            name @ "message" => self.write_field(name, value),
            // In quotes, so that a text cannot look like another field.
            name => self.write_field(name, &format!("{value:?}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct CaptureBuffer(Arc<Mutex<Vec<u8>>>);

    impl Write for CaptureBuffer {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn logged(json: bool, log: impl FnOnce()) -> String {
        let buffer = CaptureBuffer::default();
        let output = buffer.clone();
        let layer = log_layer(parse_filter("info").unwrap(), json, false, move || {
            output.clone()
        });
        tracing::subscriber::with_default(Registry::default().with(layer), log);
        let bytes = buffer.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    const HOSTILE: &str = "x\n2026-01-01T00:00:00Z ERROR forged\r\u{1b}[2J\u{9b}2J\u{202e}\u{2028}\" request_id=forged \"";

    fn log_hostile_values() {
        let id = RequestId::from_bytes(b"own-1").unwrap();
        id.within(|| tracing::info!(account = HOSTILE, shown = %HOSTILE, debug = ?HOSTILE, "said {HOSTILE}"));
        tracing::info!("the next");
    }

    #[test]
    fn hostile_values_stay_on_their_text_line() {
        let text = logged(false, log_hostile_values);
        let lines: Vec<&str> = text.lines().collect();
        let [first, next] = lines.as_slice() else {
            panic!("{text}")
        };
        assert!(
            !first
                .contains(|character: char| character.is_control()
                    || "\u{202e}\u{2028}".contains(character)),
            "{first:?}"
        );
        assert!(
            first.contains(r" INFO said x\u{a}2026-01-01T00:00:00Z ERROR forged\u{d}\u{1b}[2J"),
            "{first}"
        );
        assert!(
            first.contains(r#" account="x\n2026"#) && first.ends_with(" request_id=own-1"),
            "{first}"
        );
        assert!(next.ends_with(" INFO the next"), "{next}");
    }

    #[test]
    fn hostile_values_stay_in_their_json_line() {
        let text = logged(true, log_hostile_values);
        let lines: Vec<&str> = text.lines().collect();
        let [first, next] = lines.as_slice() else {
            panic!("{text}")
        };
        assert!(
            !first
                .contains(|character: char| character.is_control()
                    || "\u{202e}\u{2028}".contains(character)),
            "{first:?}"
        );
        let line: serde_json::Value = serde_json::from_str(first).unwrap();
        assert_eq!(line["fields"]["account"], HOSTILE);
        assert_eq!(line["fields"]["message"], format!("said {HOSTILE}"));
        assert_eq!(line["request_id"], "own-1");
        let next: serde_json::Value = serde_json::from_str(next).unwrap();
        assert_eq!(
            (&next["fields"]["message"], &next["request_id"]),
            (&"the next".into(), &serde_json::Value::Null)
        );
    }
}
