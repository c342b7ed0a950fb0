//! What the bot counts of itself for `/metrics`, and never anything about a person.
//!
//! Whoever does something counts it here, through [`metrics`]; `http` hands out the [`Metrics::page`].
//! A label is one of a closed list of words (`labels`) and cannot be made of text. To count costs a
//! few nanoseconds whether anybody reads it or not (`instruments`), and nothing is kept that grows.

mod instruments;
mod labels;
pub mod names;
mod page;

use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

pub use instruments::{By, Counter, Gauge, Held, Length, Tens, Timing};
pub use labels::{
    ClaimLane, Label, Level, Reload, SendPriority, SentMethod, SentOutcome, StoreCall,
    StoreTrouble, TurnKind, TurnOutcome, WebhookStatus,
};
pub use page::CONTENT_TYPE;

use crate::clock::{self, Clock, SystemClock};
use page::Page;

/// From the receipt of an update to its first reply: most are within a millisecond or two of
/// Telegram's own round trip.
const REPLY_BOUNDS: &[Duration] = &[
    Duration::from_micros(250),
    Duration::from_micros(500),
    Duration::from_millis(1),
    Duration::from_micros(2500),
    Duration::from_millis(5),
    Duration::from_millis(10),
    Duration::from_millis(25),
    Duration::from_millis(50),
    Duration::from_millis(100),
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(5),
    Duration::from_secs(30),
];

/// One call of a store.
const STORE_BOUNDS: &[Duration] = &[
    Duration::from_micros(50),
    Duration::from_micros(100),
    Duration::from_micros(250),
    Duration::from_micros(500),
    Duration::from_millis(1),
    Duration::from_micros(2500),
    Duration::from_millis(5),
    Duration::from_millis(10),
    Duration::from_millis(25),
    Duration::from_millis(50),
    Duration::from_millis(100),
    Duration::from_millis(250),
    Duration::from_secs(1),
    Duration::from_secs(5),
];

/// How long a message waits for its turn: nothing in a quiet hour, minutes when many are due.
const WAIT_BOUNDS: &[Duration] = &[
    Duration::from_millis(1),
    Duration::from_millis(10),
    Duration::from_millis(100),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(5),
    Duration::from_secs(15),
    Duration::from_secs(60),
    Duration::from_secs(300),
];

/// Everything that is counted. [`names`] has the name of each.
#[derive(Debug)]
pub struct Metrics {
    /// Turns.
    pub turns: By<TurnKind, By<TurnOutcome, Counter>>,
    /// From the receipt of an update to the first message sent or edited for it.
    pub first_reply: Timing,
    /// How long the store takes.
    pub store: By<StoreCall, Timing>,
    /// What the store could not do.
    pub store_errors: By<StoreTrouble, Counter>,
    /// Commits that found another version than they expected.
    pub commit_conflicts: Counter,
    /// Messages that were committed as owed.
    pub owed: Counter,
    /// Reminders that said they were late.
    pub late: Counter,
    /// Requests that send something.
    pub sent: By<SentMethod, By<SentOutcome, Counter>>,
    /// How long somebody is overdue.
    pub due_overdue: Length,
    /// People who were due and claimed.
    pub claims: By<ClaimLane, Counter>,
    /// Those whose earlier lease had run out without a commit.
    pub lease_steals: Counter,
    /// Messages that wait for their turn.
    pub send_waiting: Gauge,
    /// How long they waited.
    pub send_wait: By<SendPriority, Timing>,
    /// Credit to send that this process has at hand.
    pub send_budget: Gauge,
    /// Verdicts, in whole tens.
    pub dispositions: By<Level, Tens>,
    /// Updates that were shed.
    pub shed: Counter,
    /// Panics anywhere in the process.
    pub panics: Counter,
    /// Dead letters that were parked.
    pub dead_letters: Counter,
    /// Updates that were taken and are not finished.
    pub in_flight: Gauge,
    /// Whether this process leads: 1 or 0.
    pub leading: Gauge,
    /// Requests to the webhook.
    pub webhook_requests: By<WebhookStatus, Counter>,
    /// Dialogues that were loaded while the bot ran.
    pub reloads: By<Reload, Counter>,
    /// The form of the dialogue.
    form: Mutex<String>,
    began: Timestamp,
}

/// The one that this process counts in.
pub fn metrics() -> &'static Metrics {
    static ALL: LazyLock<Metrics> = LazyLock::new(Metrics::default);
    &ALL
}

impl Default for Metrics {
    /// Nothing was counted yet.
    fn default() -> Metrics {
        Metrics {
            turns: By::default(),
            first_reply: Timing::new(REPLY_BOUNDS),
            store: By::each(|| Timing::new(STORE_BOUNDS)),
            store_errors: By::default(),
            commit_conflicts: Counter::default(),
            owed: Counter::default(),
            late: Counter::default(),
            sent: By::default(),
            due_overdue: Length::default(),
            claims: By::default(),
            lease_steals: Counter::default(),
            send_waiting: Gauge::default(),
            send_wait: By::each(|| Timing::new(WAIT_BOUNDS)),
            send_budget: Gauge::default(),
            dispositions: By::default(),
            shed: Counter::default(),
            panics: Counter::default(),
            dead_letters: Counter::default(),
            in_flight: Gauge::default(),
            leading: Gauge::default(),
            webhook_requests: By::default(),
            reloads: By::default(),
            form: Mutex::default(),
            began: SystemClock.now(),
        }
    }
}

impl Metrics {
    /// The dialogue has this form from now on.
    pub fn set_form(&self, form: impl ToString) {
        *self.form.lock().unwrap_or_else(PoisonError::into_inner) = form.to_string();
    }

    /// Everything as Prometheus reads it.
    pub fn page(&self) -> String {
        let mut page = Page::default();
        let p = &mut page;
        p.add(
            names::TURNS,
            "Turns, by what they were about and what came of them.",
            &self.turns,
        );
        p.add(
            names::FIRST_REPLY,
            "From the receipt of an update to the first message sent or edited for it.",
            &self.first_reply,
        );
        p.add(
            names::STORE_SECONDS,
            "How long the store takes, below any memory of it.",
            &self.store,
        );
        p.add(
            names::STORE_ERRORS,
            "What the store could not do.",
            &self.store_errors,
        );
        p.add(
            names::COMMIT_CONFLICTS,
            "Commits that found another version than they expected.",
            &self.commit_conflicts,
        );
        p.add(
            names::OWED,
            "Messages that were committed as owed.",
            &self.owed,
        );
        p.add(
            names::LATE,
            "Reminders that came so late that they said so.",
            &self.late,
        );
        p.add(
            names::SENT,
            "Requests that send something, by what came of them.",
            &self.sent,
        );
        p.add(
            names::DUE_OVERDUE,
            "How long the soonest of those who are due is overdue, at the last look.",
            &self.due_overdue,
        );
        p.add(
            names::CLAIMS,
            "People who were due and claimed by this process.",
            &self.claims,
        );
        p.add(
            names::LEASE_STEALS,
            "Claims of people whose earlier lease had run out without a commit.",
            &self.lease_steals,
        );
        p.add(
            names::SEND_WAITING,
            "Messages that wait for their turn to go out.",
            &self.send_waiting,
        );
        p.add(
            names::SEND_WAIT,
            "How long messages waited for their turn to go out.",
            &self.send_wait,
        );
        p.add(
            names::SEND_BUDGET,
            "Messages that this process may send without asking for more.",
            &self.send_budget,
        );
        p.add(
            names::DISPOSITIONS,
            "Verdicts by level, in whole tens only.",
            &self.dispositions,
        );
        p.add(
            names::SHED,
            "Updates that were shed because a chat sent too many.",
            &self.shed,
        );
        p.add(
            names::PANICS,
            "Panics anywhere in the process.",
            &self.panics,
        );
        p.add(
            names::DEAD_LETTERS,
            "Updates and messages that were given up and parked.",
            &self.dead_letters,
        );
        p.add(
            names::IN_FLIGHT,
            "Updates that were taken and are not finished.",
            &self.in_flight,
        );
        p.add(
            names::LEADING,
            "Whether this process leads: 1 or 0.",
            &self.leading,
        );
        p.add(
            names::WEBHOOK_REQUESTS,
            "Requests to the webhook, by the status of the answer.",
            &self.webhook_requests,
        );
        p.add(
            names::RELOADS,
            "Dialogues that were loaded while the bot ran, or refused.",
            &self.reloads,
        );
        self.add_process(p);
        page.text()
    }

    /// What is known of the process as a whole.
    fn add_process(&self, page: &mut Page) {
        let form = self.form.lock().unwrap_or_else(PoisonError::into_inner);
        let build = [("version", env!("CARGO_PKG_VERSION")), ("form", &form)];
        page.add_number(
            (names::BUILD_INFO, "gauge"),
            "The version of the program and the form of its dialogue.",
            &build,
            1.0,
        );
        if let Some(bytes) = resident_bytes() {
            page.add_number(
                (names::MEMORY, "gauge"),
                "Resident memory in bytes.",
                &[],
                bytes as f64,
            );
        }
        if let Some(cpu) = clock::cpu_time() {
            page.add_number(
                (names::CPU, "counter"),
                "Processor time in seconds.",
                &[],
                cpu.as_secs_f64(),
            );
        }
        let began = self.began.as_millisecond() as f64 / 1000.0;
        page.add_number(
            (names::STARTED, "gauge"),
            "When the process began, in seconds since 1970.",
            &[],
            began,
        );
    }
}

/// The memory that this process has, where the system says it.
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_every_name_once_and_in_order() {
        let page = Metrics::default().page();
        let heads = page.lines().filter_map(|l| l.strip_prefix("# TYPE "));
        let named: Vec<_> = heads.filter_map(|l| l.split(' ').next()).collect();
        assert_eq!(named, names::ALL);
    }

    #[test]
    fn verdicts_are_shown_in_whole_tens() {
        let all = Metrics::default();
        let shown = |n| format!("backtalk_dispositions_total{{level=\"urgent\"}} {n}\n");
        (0..9).for_each(|_| all.dispositions.of(Level::Urgent).one());
        assert!(all.page().contains(&shown(0)));
        all.dispositions.of(Level::Urgent).one();
        assert!(all.page().contains(&shown(10)));
    }

    #[test]
    fn the_process_tells_of_itself() {
        let all = Metrics::default();
        all.set_form("00ff");
        let page = all.page();
        assert!(page.contains("form=\"00ff\"} 1\n"), "{page}");
        let value = |name: &str| {
            let line = page.lines().find(|l| l.starts_with(&format!("{name} ")));
            let value = line
                .and_then(|l| l.split(' ').nth(1))
                .map(str::parse::<f64>);
            value
                .unwrap_or_else(|| panic!("{name} is missing"))
                .unwrap()
        };
        assert!(value(names::MEMORY) > 1e6);
        assert!(value(names::CPU) > 0.0);
        assert!(value(names::STARTED) > 1.7e9);
    }
}
