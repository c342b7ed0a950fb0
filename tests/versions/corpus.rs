//! Recorded talks of every version that was released, folded over the dialogue of today.
//!
//! `tests/sessions/<form>/` holds a version's `edition.bin`, packed as a store keeps it; a file of
//! `/export` for each talk; and `expected.txt`, which says what becomes of each. At a release the
//! version of then is added, and where a change is meant, what is expected is rewritten, by
//! `BACKTALK_ACCEPT=1 cargo test --test versions corpus`.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use backtalk::dialogue::{Act, Dialogue, Disposition, Form, Knowledge};
use backtalk::engine::export::{export, import};
use backtalk::engine::moved::{Moved, Way};
use backtalk::engine::route::{Place, place};
use backtalk::engine::session::Aside;
use backtalk::engine::standing::standing;
use backtalk::engine::{Command, Input, Session, State, Wish, step, timers};
use backtalk::{editions, shipped, vignettes};
use jiff::Timestamp;

use crate::{SHIPPED, ann, next, noon, people, press};

const FOLDER: &str = "tests/sessions";

fn accepts() -> bool {
    std::env::var_os("BACKTALK_ACCEPT").is_some()
}

#[test]
fn every_recorded_talk_moves_or_stays_as_expected() {
    let today = &**SHIPPED;
    if accepts() {
        record(today);
    }
    let mut forms: Vec<PathBuf> = fs::read_dir(FOLDER)
        .expect("the recorded talks")
        .map(|e| e.expect("an entry").path())
        .filter(|path| path.is_dir())
        .collect();
    forms.sort();
    assert!(!forms.is_empty(), "no version is recorded");
    for folder in forms {
        let said = folded(&folder, today);
        let file = folder.join("expected.txt");
        if accepts() {
            fs::write(&file, &said).expect("it can be written");
        }
        let expected = fs::read_to_string(&file).unwrap_or_default();
        assert!(
            said == expected,
            "{} says otherwise:\n{said}\nIf that is meant: BACKTALK_ACCEPT=1 cargo test --test versions corpus",
            file.display()
        );
    }
}

/// What becomes of each talk of a version, a line each.
fn folded(folder: &Path, today: &Dialogue) -> String {
    let name = folder.file_name().and_then(|n| n.to_str());
    let form = name
        .and_then(Form::parse)
        .expect("a folder named for a form");
    let packed = fs::read(folder.join("edition.bin")).expect("its edition");
    let then = editions::read(&packed, shipped::built_in(), "back_spasm", form);
    let then = then.unwrap_or_else(|| panic!("the edition {form} cannot be read any more"));
    let mut talks: Vec<PathBuf> = fs::read_dir(folder)
        .expect("its talks")
        .map(|e| e.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|e| e == "json"))
        .collect();
    talks.sort();
    let way = Way::new(&then, today);
    let mut out = String::new();
    for talk in talks {
        let name = talk.file_stem().unwrap_or_default().to_string_lossy();
        let json = fs::read_to_string(&talk).expect("a talk");
        let session = import(&then, &json).unwrap_or_else(|e| panic!("{name}: {e:?}"));
        let told = |d: &Dialogue, s: &Session| State::of(d, s).told;
        let (fate, stands) = match way.moved(&session) {
            Moved::To(to) => {
                assert_eq!(
                    told(&then, &session),
                    told(today, &to),
                    "{name}: what was told"
                );
                (format!("{:?}", way.fate(&session)), standing(today, &to))
            }
            Moved::Pinned(why) => (format!("pinned, {why}"), standing(&then, &session)),
        };
        writeln!(out, "{name}: {fate}; {stands}").expect("writing to memory");
    }
    out
}

/// Record this version, unless it is recorded.
fn record(today: &Dialogue) {
    let folder = Path::new(FOLDER).join(today.form.to_string());
    if folder.exists() {
        return;
    }
    fs::create_dir_all(&folder).expect("a folder");
    let files = editions::own(&shipped::built_in(), "back_spasm");
    fs::write(folder.join("edition.bin"), editions::pack(&files)).expect("written");
    for (name, session) in talks(today) {
        let file = folder.join(format!("{name}.json"));
        fs::write(file, export(today, &session, noon())).expect("written");
    }
}

/// Talks of all kinds: in each phase, after each verdict, in coaching, with something over the
/// question.
fn talks(d: &Dialogue) -> Vec<(String, Session)> {
    let text = &shipped::built_in()["back_spasm/vignettes.yaml"];
    let file: vignettes::VignetteFile = serde_saphyr::from_str(text).expect("the vignettes");
    let mut out: Vec<(String, Session)> = Vec::new();
    let mut add = |name: String, session: &Session| {
        if out.iter().all(|(n, _)| *n != name) {
            out.push((name, session.clone()));
        }
    };
    for v in &file.vignettes {
        let facts = vignettes::facts(d, &v.facts).expect("they fit");
        let mut session = ann(d);
        while let Some(input) = next(d, &session, &facts) {
            session = after(d, &session, &input, noon());
            let state = State::of(d, &session);
            if let (Place::Asking(screen), None) = (place(d, &state), state.told) {
                let s = &d.screens[screen];
                let phase = &d.phases[s.phase].id;
                if state.has_ticks(screen) {
                    add(format!("ticks_in_{phase}"), &session);
                } else if state.done.len() > 4 {
                    add(format!("in_{phase}"), &session);
                }
            }
        }
        let state = State::of(d, &session);
        let Some(told) = state.disposition() else {
            continue;
        };
        add(format!("told_{}", level(told)), &session);
        let plan = after(
            d,
            &session,
            &press(d, &session, Wish::Act(Act::Plan)),
            noon(),
        );
        if told == Disposition::SelfCare {
            add("plan_is_asked".into(), &plan);
            add("check_in_is_open".into(), &checked_in(d, plan, &facts));
            let again = press(d, &session, Wish::Act(Act::CheckAgain));
            add("danger_again".into(), &after(d, &session, &again, noon()));
        }
    }
    add("on_ice".into(), &people::on_ice(noon()));
    for (name, record) in [
        ("after_four_weeks", people::after_four_weeks()),
        ("longest_story", people::in_the_middle()),
    ] {
        add(name.into(), &record.body.session.expect("a session"));
    }
    let asked = out
        .iter()
        .find(|(name, _)| name == "in_safety")
        .expect("one is asked")
        .1
        .clone();
    for (name, input) in [
        ("danger_words", Input::Text("numb between my legs".into())),
        ("crisis_words", Input::Text("I want to kill myself".into())),
        ("took_back", Input::Command(Command::Undo)),
        ("zone_is_asked", Input::Command(Command::Timezone)),
    ] {
        let session = after(d, &asked, &input, noon());
        let wanted = match name {
            "danger_words" => matches!(session.aside, Aside::Words { .. }),
            "crisis_words" => session.aside == Aside::Crisis,
            _ => true,
        };
        assert!(wanted, "{name}: {:?}", session.aside);
        out.push((name.into(), session));
    }
    out
}

fn level(disposition: Disposition) -> &'static str {
    backtalk::engine::verdict::name_of(disposition)
}

fn after(d: &Dialogue, session: &Session, input: &Input, now: Timestamp) -> Session {
    step(d, session, input, now)
        .session
        .expect("nobody asks to be forgotten")
}

/// The first check-in that asks is open.
fn checked_in(d: &Dialogue, mut session: Session, facts: &Knowledge) -> Session {
    while let Some(input) = next(d, &session, facts) {
        session = after(d, &session, &input, noon());
    }
    let mut now = noon();
    for _ in 0..40 {
        if State::of(d, &session).check_in.is_some() {
            return session;
        }
        let Some(due) = timers::next_due(d, &session, now) else {
            break;
        };
        now = now.max(due);
        session = after(d, &session, &Input::Due, now);
    }
    panic!("no check-in was opened")
}
