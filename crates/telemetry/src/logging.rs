//! Log lines: text for people, JSON for programs.

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

/// The library that reads requests. It writes a line of the level `error` for each one that is no HTTP, so strangers choose how
/// many there are: they are shown only where the filter asks for them.
const HTTP_LIBRARY: &str = "actix_http";

/// Reads a level or a filter.
///
/// # Errors
/// The rest of a sentence that begins with the name of the setting.
pub fn filter(level: &str) -> anyhow::Result<EnvFilter> {
    let wrong = || {
        anyhow!(
            "must be error, warn, info, debug, trace, off or a filter such as info,store=debug, not {level:?}"
        )
    };
    // A lone word that is no level would be read as the name of a module, and everything else would fall silent.
    let lone = level
        .split(',')
        .map(str::trim)
        .filter(|part| !part.contains('='));
    if level.trim().is_empty()
        || lone
            .into_iter()
            .any(|part| LevelFilter::from_str(part).is_err())
    {
        return Err(wrong());
    }
    let asked = if level.contains(HTTP_LIBRARY) {
        level.to_owned()
    } else {
        format!("{level},{HTTP_LIBRARY}=off")
    };
    EnvFilter::builder().parse(asked).map_err(|_| wrong())
}

/// Starts logging to standard error, at a level or with a filter; and traces beside it, if there are any.
///
/// # Errors
/// When the process has started logging before.
pub fn start(filter: EnvFilter, json: bool, traces: Option<&Traces>) -> anyhow::Result<()> {
    let lines = lines(
        filter,
        json,
        std::io::stderr().is_terminal(),
        std::io::stderr,
    );
    let both: Vec<_> = iter::once(lines).chain(traces.map(Traces::layer)).collect();
    tracing::subscriber::set_global_default(Registry::default().with(both))
        .context("logging cannot be started")
}

/// What writes the lines.
fn lines<W>(
    filter: EnvFilter,
    json: bool,
    colours: bool,
    to: W,
) -> Box<dyn Layer<Registry> + Send + Sync>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    // A line that cannot be written is lost; telling so on the same standard error would end the program.
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(to)
        .log_internal_errors(false);
    // Our own spans are for traces alone: a line has the identifier of its request. While nobody traces, they are not even made.
    let filter = filter.and(filter_fn(|metadata| {
        !metadata.is_span() || *metadata.level() > LevelFilter::INFO
    }));
    match json {
        true => Box::new(lines.event_format(Objects).with_filter(filter)),
        false => Box::new(
            lines
                .with_target(false)
                .with_ansi(colours)
                .fmt_fields(Texts)
                .with_filter(filter),
        ),
    }
}

/// JSON lines with the identifier of the request, and nothing in them that a terminal would obey.
struct Objects;

/// What is in a JSON line.
#[derive(Serialize)]
struct Line<'a> {
    timestamp: &'a str,
    level: &'a str,
    fields: SerializeFieldMap<'a, Event<'a>>,
    target: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
}

impl<S, N> FormatEvent<S, N> for Objects
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
        let line = Line {
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

/// The message and fields of a line of text, with the identifier of the request, each on that line whatever is in it.
struct Texts;

impl<'a> FormatFields<'a> for Texts {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'a>, fields: R) -> fmt::Result {
        let mut words = Words {
            writer,
            begun: false,
            outcome: Ok(()),
        };
        fields.record(&mut words);
        if let Some(id) = RequestId::current() {
            words.word("request_id", id.as_str());
        }
        words.outcome
    }
}

struct Words<'a> {
    writer: Writer<'a>,
    begun: bool,
    outcome: fmt::Result,
}

impl Words<'_> {
    fn word(&mut self, name: &str, text: &str) {
        let space = if self.begun { " " } else { "" };
        self.begun = true;
        let text = visible(text);
        self.outcome = self.outcome.and_then(|()| match name {
            "message" => write!(self.writer, "{space}{text}"),
            _ => write!(self.writer, "{space}{name}={text}"),
        });
    }
}

impl Visit for Words<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.word(field.name(), &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            name @ "message" => self.word(name, value),
            // In quotes, so that no text looks like another field.
            name => self.word(name, &format!("{value:?}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn logged(json: bool, log: impl FnOnce()) -> String {
        let kept = Kept::default();
        let to = kept.clone();
        let lines = lines(filter("info").unwrap(), json, false, move || to.clone());
        tracing::subscriber::with_default(Registry::default().with(lines), log);
        let bytes = kept.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    const HOSTILE: &str = "x\n2026-01-01T00:00:00Z ERROR forged\r\u{1b}[2J\u{9b}2J\u{202e}\u{2028}\" request_id=forged \"";

    fn hostile() {
        let id = RequestId::from_bytes(b"own-1").unwrap();
        id.within(|| tracing::info!(account = HOSTILE, shown = %HOSTILE, debug = ?HOSTILE, "said {HOSTILE}"));
        tracing::info!("the next");
    }

    #[test]
    fn nothing_a_stranger_says_is_a_line_of_text() {
        let text = logged(false, hostile);
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
    fn nothing_a_stranger_says_is_a_line_of_json() {
        let text = logged(true, hostile);
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
