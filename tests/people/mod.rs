//! People whose records are as large as honest ones get, made with real steps of the engine.
//!
//! For any test file, by `#[path = "people/mod.rs"] mod people;`.

// Each test file uses some of it.
#![allow(dead_code)]

use std::sync::{Arc, LazyLock};

use backtalk::assess::is_coached;
use backtalk::dialogue::{Act, Dialogue, Disposition, Knowledge, Known, ScreenKind, load};
use backtalk::engine::coaching::{Round, standing};
use backtalk::engine::rounds;
use backtalk::engine::route::{Place, is_offered, place};
use backtalk::engine::session::{Aside, RoundWhat};
use backtalk::engine::timers;
use backtalk::engine::{
    Input, Owed, Pack, Press, Seen, Session, State, Wish, begin, meet, step, view,
};
use backtalk::store::record::{Body, SEEN};
use backtalk::store::{OwedEntry, Record, Shown};
use backtalk::{answerer, plan, shipped, turn, vignettes};
use jiff::{SignedDuration, Timestamp};

static DIALOGUE: LazyLock<Arc<Dialogue>> = LazyLock::new(|| {
    Arc::new(load::load(&shipped::built_in(), "back_spasm").expect("the shipped dialogue loads"))
});

/// Seven in the morning, not on a whole second.
const START_MS: i64 = 1_772_434_800_421;

/// When somebody is asked again, in days.
const CHECKED_AGAIN_AFTER_DAYS: [i64; 5] = [1, 3, 7, 14, 28];

/// The dialogue of these people.
pub fn dialogue() -> &'static Dialogue {
    &DIALOGUE
}

/// The same, for a bot.
pub fn shared_dialogue() -> Arc<Dialogue> {
    DIALOGUE.clone()
}

/// Somebody in the middle of the dialogue, at the last question before the longest story ends;
/// with two wrong ticks on each list that were taken away again, a message that is owed, and the question shown.
pub fn in_the_middle() -> Record {
    let talk = stories()
        .iter()
        .map(|facts| {
            let mut talk = Talk::new(facts);
            talk.answer_all(facts, 2, true);
            talk
        })
        .max_by_key(|talk| talk.session.log.len())
        .expect("there are vignettes");
    assert!(State::of(&DIALOGUE, &talk.session).told.is_none());
    talk.record()
}

/// Somebody four weeks on, who did as many rounds each day as they may and was checked again five
/// times; with a message that is owed, the plan shown, and their time and quiet hours told.
/// Check-ins that come meanwhile are answered.
pub fn after_four_weeks() -> Record {
    let (mut talk, facts) = stories()
        .into_iter()
        .filter_map(|facts| {
            let mut talk = Talk::new(&facts);
            talk.answer_all(&facts, 1, false);
            // What the plan asks opens its gates.
            talk.press(Wish::Act(Act::Plan));
            talk.answer_all(&facts, 1, false);
            let state = State::of(&DIALOGUE, &talk.session);
            let packs = plan::packs(&DIALOGUE, &talk.session, &state, talk.now);
            let ice_first = packs.ice && !packs.heat;
            (state.disposition().is_some_and(is_coached) && ice_first).then_some((talk, facts))
        })
        .max_by_key(|(talk, _)| talk.session.log.len())
        .expect("somebody may begin with ice");
    for day in 0..=28 {
        talk.facts = aged(&facts, day);
        talk.wait_until(START_MS + day * 24 * 3_600_000);
        if CHECKED_AGAIN_AFTER_DAYS.contains(&day) {
            talk.press(Wish::Act(Act::CheckAgain));
            talk.answer_all(&talk.facts.clone(), 1, false);
        }
        talk.press(Wish::Act(Act::Plan));
        talk.answer_all(&talk.facts.clone(), 1, false);
        talk.rounds_of_a_day();
    }
    let told = State::of(&DIALOGUE, &talk.session).disposition();
    assert!(told.is_some_and(|d| d < Disposition::Urgent), "{told:?}");
    talk.record()
}

/// Somebody coached who puts ice on at this moment.
pub fn on_ice(started: Timestamp) -> Session {
    static STORY: LazyLock<(Knowledge, SignedDuration)> = LazyLock::new(|| {
        let began = time(START_MS);
        let to_ice = |facts: Knowledge| {
            let (_, started) = to_ice(&facts, began)?;
            Some((facts, started.duration_since(began)))
        };
        let mut on = stories().into_iter().filter_map(to_ice);
        on.next().expect("somebody may begin with ice")
    });
    let (facts, takes) = &*STORY;
    let on = to_ice(facts, started - *takes);
    let (session, at) = on.expect("they may at any time");
    assert_eq!(at, started);
    session
}

/// Somebody with these facts who begins to answer at this moment, and when they have put ice on, if
/// they may.
fn to_ice(facts: &Knowledge, began: Timestamp) -> Option<(Session, Timestamp)> {
    let mut talk = Talk::new(facts);
    talk.now = began;
    talk.answer_all(facts, 1, false);
    let disposition = State::of(&DIALOGUE, &talk.session).disposition();
    if !disposition.is_some_and(is_coached) {
        return None;
    }
    talk.press(Wish::Act(Act::Plan));
    talk.answer_all(facts, 1, false);
    talk.press(Wish::Act(Act::StartIce));
    if matches!(talk.session.aside, Aside::Message(_)) {
        talk.press(Wish::Act(Act::StartPack));
    }
    let round = standing(&talk.session).round;
    matches!(round, Round::On { .. }).then_some((talk.session, talk.now))
}

/// The session after this input.
pub fn after(session: &Session, input: &Input, now: Timestamp) -> Session {
    step(&DIALOGUE, session, input, now)
        .session
        .expect("nobody asks to be forgotten")
}

/// The session after this press.
pub fn pressed(session: &Session, act: Act, now: Timestamp) -> Session {
    let visit = State::of(&DIALOGUE, session).visit;
    let wish = Wish::Act(act);
    after(session, &Input::Press(Press { visit, wish }), now)
}

/// A record with this session while the bot waits: nothing is owed, and all is shown.
pub fn at_rest(session: Session, now: Timestamp) -> Record {
    let shown = view::view(&DIALOGUE, &session, now);
    let mut record = Record {
        version: 40,
        due: timers::next_due(&DIALOGUE, &session, now),
        active: now,
        body: Body {
            shown: shown.map(|view| Shown {
                message: 41_000,
                view: turn::hash(&view),
            }),
            next_owed: 12,
            session: Some(session),
            ..Body::default()
        },
        ..Record::default()
    };
    if let Some(session) = &record.body.session {
        record.lane = turn::lane(&record, &Seen::of(&DIALOGUE, session, now));
    }
    for n in 0..SEEN as i64 {
        record.saw(912_345_678 + n);
    }
    record
}

/// The facts of the vignettes.
fn stories() -> Vec<Knowledge> {
    let text = shipped::built_in()
        .get("back_spasm/vignettes.yaml")
        .expect("the vignettes are shipped")
        .clone();
    let file: vignettes::VignetteFile = serde_saphyr::from_str(&text).expect("they can be read");
    file.vignettes
        .iter()
        .map(|v| vignettes::facts(&DIALOGUE, &v.facts).expect("they fit the dialogue"))
        .collect()
}

/// The facts some days later: the bout has lasted longer.
fn aged(facts: &Knowledge, days: i64) -> Knowledge {
    let mut facts = facts.clone();
    let since = &DIALOGUE.clock.since[0];
    let option = (0..).zip(&since.hours);
    let fits = option.filter(|(_, hours)| hours.is_some_and(|h| i64::from(h) <= 24 * days));
    if let Some((option, _)) = fits.max_by_key(|(_, hours)| **hours) {
        facts.set(since.fact, Known::one(option));
    }
    facts
}

/// Somebody who talks with the bot.
struct Talk {
    session: Session,
    now: Timestamp,
    /// What they answer at check-ins.
    facts: Knowledge,
    /// Counts inputs; times and message numbers follow from it.
    inputs: i64,
}

impl Talk {
    fn new(facts: &Knowledge) -> Talk {
        let mut session = begin(&DIALOGUE);
        meet(&DIALOGUE, &mut session, "en-GB");
        Talk {
            session,
            now: time(START_MS),
            facts: facts.clone(),
            inputs: 0,
        }
    }

    fn input(&mut self, input: &Input) {
        self.session = step(&DIALOGUE, &self.session, input, self.now)
            .session
            .expect("nobody asks to be forgotten");
        self.inputs += 1;
    }

    /// A press, some seconds after whatever was before.
    fn press(&mut self, wish: Wish) {
        let ms = 3_000 + self.inputs * 2_617 % 17_000;
        self.now += SignedDuration::from_millis(ms);
        let visit = State::of(&DIALOGUE, &self.session).visit;
        self.input(&Input::Press(Press { visit, wish }));
    }

    /// Let the next timer happen, a moment late. A check-in is answered at once.
    fn next_timer(&mut self) {
        let due = self.next_due().expect("a timer");
        self.now = self.now.max(due) + SignedDuration::from_millis(self.inputs * 271 % 900);
        self.input(&Input::Due);
        if State::of(&DIALOGUE, &self.session).check_in.is_some() {
            self.answer_all(&self.facts.clone(), 0, false);
        }
    }

    fn next_due(&self) -> Option<Timestamp> {
        timers::next_due(&DIALOGUE, &self.session, self.now)
    }

    /// Let all timers happen until this time.
    fn wait_until(&mut self, at_ms: i64) {
        while self.next_due().is_some_and(|due| due <= time(at_ms)) {
            self.next_timer();
        }
        self.now = self.now.max(time(at_ms));
    }

    /// Answer every question. On each list so many items are ticked by mistake and taken away.
    fn answer_all(&mut self, facts: &Knowledge, mistakes: usize, but_the_last: bool) {
        let mut mistaken = Vec::new();
        loop {
            let state = State::of(&DIALOGUE, &self.session);
            let Some(wish) = answerer::next(&DIALOGUE, &self.session, &state, facts) else {
                return;
            };
            if let Place::Asking(screen) = place(&DIALOGUE, &state)
                && self.session.aside == Aside::None
                && DIALOGUE.screens[screen].kind == ScreenKind::Any
                && !mistaken.contains(&screen)
            {
                mistaken.push(screen);
                self.tick_by_mistake(&state, screen, facts, mistakes);
                continue;
            }
            let before = (self.session.clone(), self.now);
            self.press(wish);
            let told = State::of(&DIALOGUE, &self.session).told;
            if but_the_last && told != state.told {
                (self.session, self.now) = before;
                return;
            }
        }
    }

    /// Tick something untrue that is no emergency, and take it away again.
    fn tick_by_mistake(
        &mut self,
        state: &State,
        screen: usize,
        facts: &Knowledge,
        mistakes: usize,
    ) {
        let items = &DIALOGUE.screens[screen].items;
        let untrue = items.iter().enumerate().filter(|(n, item)| {
            let holds = |&(f, o): &(usize, u8)| facts.get(f).on & (1 << o) != 0;
            !item.sets.iter().all(holds)
                && !state.is_ticked(screen, *n as u8)
                && is_offered(&DIALOGUE, state, screen, item)
        });
        let mut made = 0;
        for (n, _) in untrue {
            let before = (self.session.clone(), self.now);
            self.press(Wish::Tick(n as u8));
            if State::of(&DIALOGUE, &self.session).told == state.told {
                self.press(Wish::Untick(n as u8));
                made += 1;
            } else {
                (self.session, self.now) = before;
            }
            if made == mistakes {
                return;
            }
        }
    }

    /// As many rounds as a day has, each to its end.
    fn rounds_of_a_day(&mut self) {
        let d = &*DIALOGUE;
        let state = State::of(d, &self.session);
        let packs = plan::packs(d, &self.session, &state, self.now);
        let (pack, act) = match packs.heat {
            true => (Pack::Heat, Act::StartHeat),
            false => (Pack::Ice, Act::StartIce),
        };
        assert!(packs.allows(pack));
        let most = rounds::times(d, pack).cap_per_day;
        let round = |talk: &Talk| standing(&talk.session).round;
        while rounds::rounds_today(d, &self.session, pack, self.now) < most {
            self.press(Wish::Act(act));
            if matches!(self.session.aside, Aside::Message(_)) {
                self.press(Wish::Act(Act::StartPack));
            }
            if self.session.aside == Aside::Time {
                self.press(Wish::Zone("Europe/London".into()));
                self.press(Wish::Quiet(d.clock.quiet.from, d.clock.quiet.to));
            }
            while let Round::On { again, .. } = round(self) {
                if again {
                    self.press(Wish::Act(Act::ItIsOff));
                    continue;
                }
                self.next_timer();
                if self.session.rounds.last().map(|e| e.what) == Some(RoundWhat::SkinAsked) {
                    self.press(Wish::Act(Act::SkinFine));
                }
            }
            while matches!(round(self), Round::Resting { .. }) {
                self.next_timer();
            }
        }
    }

    /// What is kept of them, with a full header.
    fn record(self) -> Record {
        let message = 41_000 + self.inputs;
        let shown = view::view(&DIALOGUE, &self.session, self.now).expect("something is open");
        let mut record = Record {
            version: 2 * self.inputs as u64,
            due: self.next_due(),
            active: self.now,
            body: Body {
                shown: Some(Shown {
                    message,
                    view: turn::hash(&shown),
                }),
                live: None,
                over: Vec::new(),
                folding: vec![message - 3],
                owed: vec![OwedEntry {
                    number: self.inputs as u32,
                    owed: Owed::Message {
                        id: "skin_check_5".into(),
                        about_ms: Some(self.now.as_millisecond()),
                    },
                    attempts: 1,
                    refused: 0,
                }],
                next_owed: self.inputs as u32 + 1,
                refused: 0,
                invited: false,
                session: Some(self.session),
            },
            ..Record::default()
        };
        for n in 0..SEEN as i64 {
            record.saw(912_345_678 + n);
        }
        record
    }
}

fn time(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).expect("a time")
}
