//! The pieces of work that a turn is made of, for the micro-benchmarks and the counts of instructions.
//!
//! The people are those of the vignettes, who went through the real screens: `tests/people`.

// The benchmarks make the people, the counted process reads them.
#![allow(dead_code)]

mod updates;

use std::hint::black_box;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use backtalk::assess::{assess, is_emergency};
use backtalk::dialogue::{Dialogue, load};
use backtalk::engine::{Command, Input, Press, Seen, Session, State, begin, step, view};
use backtalk::store::record::Body;
use backtalk::store::seal::Keyring;
use backtalk::store::{Person, Record, Stored};
use backtalk::{shipped, turn};
use jiff::{SignedDuration, Timestamp};

/// Whoever it is.
const SOMEBODY: Person = Person(1_234_567_890);

/// A fixed key, so that every run does the same.
const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// The names of all pieces of work, in the order of [`all`].
pub const NAMES: [&str; 19] = [
    "step_twelve",
    "step_back_spasm",
    "step_after_four_weeks",
    "fold_twelve",
    "fold_back_spasm",
    "fold_after_four_weeks",
    "rules_all_known",
    "rules_some_known",
    "view_twelve",
    "view_back_spasm",
    "look_twelve",
    "look_after_four_weeks",
    "hash_of_a_view",
    "encode_plain",
    "encode_sealed",
    "decode_plain",
    "decode_sealed",
    "update_press",
    "update_start",
];

/// One piece of work, ready to be done any number of times.
pub struct Work {
    /// Its name in [`NAMES`].
    pub name: &'static str,
    /// Does it once.
    pub run: Box<dyn Fn()>,
}

/// Two people of the back spasm dialogue, whose records take long to make.
pub struct People {
    /// At the last question of the longest story, with ticks taken back.
    pub middle: Record,
    /// Four weeks on, with rounds on every day and five check-ins.
    pub weeks: Record,
}

impl People {
    /// Two people as they were written; see [`People::write`].
    pub fn read(folder: &Path) -> People {
        let one = |name: &str| {
            let bytes = std::fs::read(folder.join(name)).expect("the file was written");
            let (active, body) = bytes.split_at(8);
            let ms = i64::from_le_bytes(active.try_into().expect("eight bytes"));
            Record {
                active: Timestamp::from_millisecond(ms).expect("a time"),
                body: Body::read(body).expect("this program wrote it"),
                ..Record::default()
            }
        };
        People {
            middle: one("middle"),
            weeks: one("weeks"),
        }
    }

    /// Write what the work needs of them into this folder.
    pub fn write(&self, folder: &Path) {
        for (name, record) in [("middle", &self.middle), ("weeks", &self.weeks)] {
            let mut bytes = record.active.as_millisecond().to_le_bytes().to_vec();
            bytes.extend(record.body.bytes());
            std::fs::write(folder.join(name), bytes).expect("the folder takes files");
        }
    }
}

static BACK_SPASM: LazyLock<Dialogue> = LazyLock::new(|| {
    load::load(&shipped::built_in(), "back_spasm").expect("the shipped dialogue loads")
});

/// The dialogue of twelve questions.
pub static TWELVE: LazyLock<Dialogue> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/twelve");
    let files = shipped::folder(&folder).expect("the folder is there");
    load::load(&files, "twelve").expect("it loads")
});

/// Somebody's next turn.
#[derive(Clone)]
pub struct Next {
    /// The dialogue they are in.
    pub d: &'static Dialogue,
    /// What they said so far.
    pub session: Session,
    /// What they say now.
    pub input: Input,
    /// When.
    pub now: Timestamp,
}

impl Next {
    /// The first answer of the question that is shown, some seconds after the last.
    pub fn answer(d: &'static Dialogue, session: Session, last: Timestamp) -> Next {
        let now = last + SignedDuration::from_secs(7);
        let shown = view::view(d, &session, now).expect("a question is open");
        let press = Press::read(&shown.rows[0][0].data).expect("a press of our own");
        Next {
            d,
            session,
            input: Input::Press(press),
            now,
        }
    }
}

fn session(record: &Record) -> Session {
    record.body.session.clone().expect("they said something")
}

/// Somebody who began at this moment and has answered six of the twelve questions.
pub fn after_six(began: Timestamp) -> Next {
    let d: &Dialogue = &TWELVE;
    let mut now = began;
    let start = Input::Start { language: None };
    let mut session = step(d, &begin(d), &start, now)
        .session
        .expect("nobody is forgotten");
    for _ in 0..6 {
        let next = Next::answer(d, session, now);
        now = next.now;
        let after = step(d, &next.session, &next.input, now).session;
        session = after.expect("nobody is forgotten");
    }
    Next::answer(d, session, now)
}

/// All pieces of work, in the order of [`NAMES`].
pub fn all(people: &People) -> Vec<Work> {
    let d: &'static Dialogue = &BACK_SPASM;
    let six = after_six(Timestamp::from_second(1_772_434_800).expect("a time"));
    let middle = Next::answer(d, session(&people.middle), people.middle.active);
    let weeks = Next {
        d,
        session: session(&people.weeks),
        input: Input::Command(Command::Plan),
        now: people.weeks.active + SignedDuration::from_secs(7),
    };
    let known = State::of(d, &middle.session).known;
    let full = d.completed(&known);
    let shown = view::view(d, &middle.session, middle.now).expect("a question is open");
    let plain = Keyring::none();
    let sealed = Keyring::parse(1, KEY).expect("a key");

    let mut names = NAMES.into_iter();
    let mut all = Vec::new();
    let mut work = |run: Box<dyn Fn()>| {
        let name = names.next().expect("every work has a name");
        all.push(Work { name, run });
    };
    for next in [&six, &middle, &weeks].map(Next::clone) {
        work(Box::new(move || {
            black_box(step(
                next.d,
                black_box(&next.session),
                &next.input,
                next.now,
            ));
        }));
    }
    for next in [&six, &middle, &weeks].map(Next::clone) {
        work(Box::new(move || {
            black_box(State::of(next.d, black_box(&next.session)));
        }));
    }
    work(Box::new(move || {
        black_box(assess(d, black_box(&full)));
    }));
    work(Box::new(move || {
        black_box(is_emergency(d, black_box(&known)));
    }));
    for next in [&six, &middle].map(Next::clone) {
        work(Box::new(move || {
            black_box(view::view(next.d, black_box(&next.session), next.now));
        }));
    }
    for next in [six, weeks] {
        work(Box::new(move || {
            black_box(Seen::of(next.d, black_box(&next.session), next.now));
        }));
    }
    work(Box::new(move || {
        black_box(turn::hash(black_box(&shown)));
    }));
    let record = &people.middle;
    for keys in [&plain, &sealed].map(Keyring::clone) {
        let record = record.clone();
        work(Box::new(move || {
            black_box(Stored::after(SOMEBODY, 41, black_box(&record), &keys));
        }));
    }
    for keys in [plain, sealed] {
        let stored = Stored::after(SOMEBODY, 41, record, &keys);
        work(Box::new(move || {
            let read = black_box(&stored).read(SOMEBODY, &keys);
            black_box(read.expect("it was just written"));
        }));
    }
    let reader = Arc::new(updates::Reader::new());
    for update in [updates::PRESS, updates::START] {
        let reader = reader.clone();
        work(Box::new(move || {
            black_box(reader.read(black_box(update)));
        }));
    }
    assert_eq!(names.next(), None, "every name has its work");
    all
}
