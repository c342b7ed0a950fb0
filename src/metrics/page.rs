//! The text that Prometheus reads, version 0.0.4 of its exposition format.

use std::fmt::{Display, Write};

use super::instruments::{By, Counter, Gauge, Length, Tens, Timing};
use super::labels::Label;

/// What the page is, for the header of an answer.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The page so far.
#[derive(Debug, Default)]
pub struct Page {
    text: String,
}

/// Something that the page can show.
pub trait Shown {
    /// What Prometheus calls it.
    const KIND: &'static str;

    /// Add its lines. The labels are those of whatever it is one of.
    fn show(&self, page: &mut Page, name: &str, labels: &[(&str, &str)]);
}

impl Page {
    /// Add one of the names with all its lines.
    pub fn add<S: Shown>(&mut self, name: &str, help: &str, shown: &S) {
        self.head(name, help, S::KIND);
        shown.show(self, name, &[]);
    }

    /// Add a number that is known only now.
    pub fn add_number(
        &mut self,
        (name, kind): (&str, &str),
        help: &str,
        labels: &[(&str, &str)],
        value: f64,
    ) {
        self.head(name, help, kind);
        self.line(name, labels, value);
    }

    /// The whole page.
    pub fn text(self) -> String {
        self.text
    }

    fn head(&mut self, name: &str, help: &str, kind: &str) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn line(&mut self, name: impl Display, labels: &[(&str, &str)], value: impl Display) {
        let _ = write!(self.text, "{name}");
        for (n, (label, says)) in labels.iter().enumerate() {
            let before = if n == 0 { '{' } else { ',' };
            let _ = write!(self.text, "{before}{label}=\"{says}\"");
        }
        let after = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(self.text, "{after} {value}");
    }
}

impl Shown for Counter {
    const KIND: &'static str = "counter";

    fn show(&self, page: &mut Page, name: &str, labels: &[(&str, &str)]) {
        page.line(name, labels, self.count());
    }
}

impl Shown for Tens {
    const KIND: &'static str = "counter";

    fn show(&self, page: &mut Page, name: &str, labels: &[(&str, &str)]) {
        page.line(name, labels, self.shown());
    }
}

impl Shown for Gauge {
    const KIND: &'static str = "gauge";

    fn show(&self, page: &mut Page, name: &str, labels: &[(&str, &str)]) {
        page.line(name, labels, self.value());
    }
}

impl Shown for Length {
    const KIND: &'static str = "gauge";

    fn show(&self, page: &mut Page, name: &str, labels: &[(&str, &str)]) {
        page.line(name, labels, self.value().as_secs_f64());
    }
}

impl Shown for Timing {
    const KIND: &'static str = "histogram";

    fn show(&self, page: &mut Page, name: &str, labels: &[(&str, &str)]) {
        let (within, all) = self.counts();
        let bucket = format!("{name}_bucket");
        let mut line = |bound: &str, count: u64| {
            let labels = [labels, &[("le", bound)]].concat();
            page.line(&bucket, &labels, count);
        };
        for (bound, count) in within {
            line(&bound.as_secs_f64().to_string(), count);
        }
        line("+Inf", all);
        page.line(format!("{name}_sum"), labels, self.sum().as_secs_f64());
        page.line(format!("{name}_count"), labels, all);
    }
}

impl<L: Label, T: Shown> Shown for By<L, T> {
    const KIND: &'static str = T::KIND;

    fn show(&self, page: &mut Page, name: &str, labels: &[(&str, &str)]) {
        for (word, one) in self.all() {
            one.show(page, name, &[labels, &[(L::NAME, word)]].concat());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::metrics::labels::{ClaimLane, Reload};

    fn check(shown: &impl Shown, expected: &str) {
        let mut page = Page::default();
        page.add("it", "Helps.", shown);
        let kind = page.text().replacen("# HELP it Helps.\n# TYPE it ", "", 1);
        assert_eq!(kind, expected);
    }

    #[test]
    fn each_is_shown_with_its_kind_and_labels() {
        let counter = Counter::default();
        counter.many(3);
        check(&counter, "counter\nit 3\n");
        let gauge = Gauge::default();
        gauge.set(7);
        check(&gauge, "gauge\nit 7\n");
        let length = Length::default();
        length.set(Duration::from_millis(1500));
        check(&length, "gauge\nit 1.5\n");
        let nested: By<ClaimLane, By<Reload, Counter>> = By::default();
        nested.of(ClaimLane::Other).of(Reload::Loaded).one();
        check(
            &nested,
            "counter\n\
             it{lane=\"first\",outcome=\"loaded\"} 0\n\
             it{lane=\"first\",outcome=\"refused\"} 0\n\
             it{lane=\"other\",outcome=\"loaded\"} 1\n\
             it{lane=\"other\",outcome=\"refused\"} 0\n",
        );
    }

    #[test]
    fn a_histogram_adds_up() {
        const BOUNDS: &[Duration] = &[Duration::from_micros(250), Duration::from_secs(2)];
        let timing: By<ClaimLane, Timing> = By::each(|| Timing::new(BOUNDS));
        timing.of(ClaimLane::First).took(Duration::from_secs(1));
        timing.of(ClaimLane::First).took(Duration::from_secs(3));
        check(
            &timing,
            "histogram\n\
             it_bucket{lane=\"first\",le=\"0.00025\"} 0\n\
             it_bucket{lane=\"first\",le=\"2\"} 1\n\
             it_bucket{lane=\"first\",le=\"+Inf\"} 2\n\
             it_sum{lane=\"first\"} 4\n\
             it_count{lane=\"first\"} 2\n\
             it_bucket{lane=\"other\",le=\"0.00025\"} 0\n\
             it_bucket{lane=\"other\",le=\"2\"} 0\n\
             it_bucket{lane=\"other\",le=\"+Inf\"} 0\n\
             it_sum{lane=\"other\"} 0\n\
             it_count{lane=\"other\"} 0\n",
        );
    }
}
