//! How a line looks.

use std::fmt::{self, Debug};

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::{self, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use super::Mark;
use crate::clock::{Clock, SystemClock};

/// A line for people: as `tracing` writes it, then the update and the id.
pub struct Text;

impl<S, N> FormatEvent<S, N> for Text
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let Some(mark) = Mark::here() else {
            return format::Format::default().format_event(context, writer, event);
        };
        let mut line = String::new();
        format::Format::default()
            .with_ansi(writer.has_ansi_escapes())
            .format_event(context, Writer::new(&mut line), event)?;
        write!(writer, "{}", line.trim_end())?;
        if let Some(update) = mark.update {
            write!(writer, " update={update}")?;
        }
        writeln!(writer, " id={:08x}", mark.id)
    }
}

/// An object on a line, for programs: `timestamp`, `level`, `target`, `message`, `update`, `id`, and
/// the fields of the event beside them.
pub struct Json;

impl<S, N> FormatEvent<S, N> for Json
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
        let mut line = Fields(Map::new());
        event.record(&mut line);
        let Fields(mut line) = line;
        let about = event.metadata();
        line.insert("timestamp".into(), SystemClock.now().to_string().into());
        line.insert("level".into(), about.level().as_str().into());
        line.insert("target".into(), about.target().into());
        if let Some(mark) = Mark::here() {
            if let Some(update) = mark.update {
                line.insert("update".into(), update.into());
            }
            line.insert("id".into(), format!("{:08x}", mark.id).into());
        }
        writeln!(writer, "{}", Value::Object(line))
    }
}

/// The fields of an event.
struct Fields(Map<String, Value>);

impl Fields {
    fn has(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.has(field, format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.has(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.has(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.has(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.has(field, value);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// What two lines look like: one of an update, one of no matter.
    async fn lines<F>(format: F) -> (Mark, Vec<String>)
    where
        F: FormatEvent<tracing_subscriber::Registry, format::DefaultFields> + Send + Sync + 'static,
    {
        let written = Written::default();
        let to = written.clone();
        let layer = tracing_subscriber::fmt::layer()
            .with_ansi(false)
            .with_writer(move || to.clone())
            .event_format(format);
        let subscriber = tracing_subscriber::registry().with(layer);
        let _until_the_end = tracing::subscriber::set_default(subscriber);
        let mark = Mark::new(Some(41));
        mark.on(async { tracing::warn!(attempt = 2, why = "a \"b\"", "it failed") })
            .await;
        tracing::info!("ready");
        let bytes = written.0.lock().unwrap().clone();
        let text = String::from_utf8(bytes).unwrap();
        (mark, text.lines().map(str::to_owned).collect())
    }

    #[tokio::test]
    async fn a_line_of_text_ends_with_the_update_and_the_id() {
        let (mark, lines) = lines(Text).await;
        let [of_update, other] = &lines[..] else {
            panic!("{lines:?}")
        };
        let end = format!(
            "it failed attempt=2 why=\"a \\\"b\\\"\" update=41 id={:08x}",
            mark.id
        );
        assert!(of_update.ends_with(&end), "{of_update}");
        assert!(other.ends_with("ready"), "{other}");
    }

    #[tokio::test]
    async fn a_line_of_json_is_one_object() {
        let (mark, lines) = lines(Json).await;
        let read = |line: &String| serde_json::from_str::<Value>(line).unwrap();
        let [of_update, other] = &lines.iter().map(read).collect::<Vec<_>>()[..] else {
            panic!("{lines:?}")
        };
        let expected = [
            ("level", "WARN".into()),
            ("target", module_path!().into()),
            ("message", "it failed".into()),
            ("attempt", 2.into()),
            ("why", "a \"b\"".into()),
            ("update", 41.into()),
            ("id", Value::from(format!("{:08x}", mark.id))),
        ];
        for (field, value) in expected {
            assert_eq!(of_update[field], value, "{field}");
        }
        let at = of_update["timestamp"].as_str().unwrap();
        assert!(at.parse::<jiff::Timestamp>().is_ok(), "{at}");
        assert_eq!(
            (&other["message"], other.get("id")),
            (&"ready".into(), None)
        );
    }
}
