//! Troubles that clocks make, in every state of a round: a process that stood still for an hour, a
//! clock that is set back or forward. By the clock as it is, no round ends early and none is
//! doubled; `watch` holds it.

use backtalk::dialogue::Act;
use backtalk::engine::coaching::{Round, standing};
use backtalk::engine::{Input, Press, Wish};
use jiff::{SignedDuration, Timestamp};

use crate::person::{PEOPLE, time, told};
use crate::watch::Watch;

const START_MS: i64 = 1_772_442_000_000;

/// What is done until somebody is where the trouble finds them; `None` is the next timer.
const WAYS: &[(&str, &[Option<Act>])] = &[
    ("idle", &[]),
    ("page", &[Some(Act::StartIce)]),
    ("on", &ON),
    ("looked at", &[ON[0], ON[1], None]),
    ("told to come off", &[ON[0], ON[1], None, None]),
    ("told again", &[ON[0], ON[1], None, None, None]),
    ("missed", &[ON[0], ON[1], None, None, None, None]),
    ("given up", &[ON[0], ON[1], None, None, None, None, None]),
    ("off", &[ON[0], ON[1], Some(Act::ItIsOff)]),
    ("offered", &OFFERED),
    (
        "snoozed",
        &[ON[0], ON[1], OFFERED[2], None, Some(Act::Snooze)],
    ),
    (
        "skipped",
        &[ON[0], ON[1], OFFERED[2], None, Some(Act::SkipRound)],
    ),
    (
        "tomorrow",
        &[ON[0], ON[1], OFFERED[2], Some(Act::StopToday)],
    ),
    ("stopped", &[ON[0], ON[1], OFFERED[2], Some(Act::Stop)]),
];

const ON: [Option<Act>; 2] = [Some(Act::StartIce), Some(Act::StartPack)];

const OFFERED: [Option<Act>; 4] = [ON[0], ON[1], Some(Act::ItIsOff), None];

struct Person {
    watch: Watch,
    now: Timestamp,
}

impl Person {
    fn there(way: &[Option<Act>]) -> Person {
        let mut person = Person {
            watch: Watch::new(told("plain", "en-GB", START_MS)),
            now: time(START_MS),
        };
        for does in way {
            match does {
                Some(act) => person.press(*act),
                None => person.due(),
            }
        }
        person
    }

    fn press(&mut self, act: Act) {
        let visit = self.watch.state.visit;
        let wish = Wish::Act(act);
        self.watch
            .step(&Input::Press(Press { visit, wish }), self.now);
    }

    /// The next timer, if there is one.
    fn due(&mut self) {
        if let Some(due) = self.watch.next_due(self.now) {
            self.now = self.now.max(due);
            self.watch.step(&Input::Due, self.now);
        }
    }
}

/// From there on: what is due now, then ten timers, each at its time.
fn goes_on(mut person: Person) {
    let since_ms = |p: &Person| p.watch.on.map(|on| on.since_ms);
    let (began_ms, (told, _)) = (since_ms(&person), person.watch.told_off);
    person.watch.step(&Input::Due, person.now);
    for _ in 0..10 {
        person.due();
        assert!(since_ms(&person).is_none_or(|ms| Some(ms) == began_ms));
    }
    let on = began_ms.is_some() && told == 0;
    let (told_now, again) = person.watch.told_off;
    assert_eq!(told_now, told + usize::from(on));
    // A pack that nobody says is off is asked about once more, and never twice.
    assert!(again <= told_now && (began_ms.is_none() || again == told_now));
}

#[test]
fn the_ways_lead_where_they_say() {
    let round = |name: &str| {
        let (_, way) = WAYS.iter().find(|(n, _)| *n == name).expect("a way");
        standing(&Person::there(way).watch.session).round
    };
    assert!(matches!(
        round("told again"),
        Round::On {
            again: true,
            off_ms: Some(_),
            ..
        }
    ));
    assert!(
        matches!(round("given up"), Round::Waiting { .. }),
        "{:?}",
        round("given up")
    );
    assert!(matches!(round("offered"), Round::Offered { .. }));
    assert!(matches!(round("snoozed"), Round::Resting { .. }));
    assert!(matches!(round("tomorrow"), Round::Tomorrow { .. }));
}

#[test]
fn a_process_that_stood_still_for_an_hour_ends_no_round_twice() {
    for (_, way) in WAYS {
        let mut person = Person::there(way);
        person.now += SignedDuration::from_hours(1);
        goes_on(person);
    }
}

#[test]
fn a_clock_that_is_set_back_or_forward_ends_no_round_early_and_doubles_none() {
    for (_, way) in WAYS {
        for minutes in [-24 * 60, -60, -2, -1, 1, 2, 60, 24 * 60] {
            let mut person = Person::there(way);
            person.watch.clock_was_set();
            person.now += SignedDuration::from_mins(minutes);
            goes_on(person);
        }
    }
}

#[test]
fn a_clock_that_is_set_in_the_middle_of_a_step_of_two_processes_doubles_nothing() {
    for (_, way) in WAYS {
        // The one that is two seconds ahead handles the timer, then the other looks.
        let mut person = Person::there(way);
        let Some(due) = person.watch.next_due(person.now) else {
            continue;
        };
        person.now = person.now.max(due) + SignedDuration::from_secs(2);
        person.watch.step(&Input::Due, person.now);
        person.now -= SignedDuration::from_secs(2);
        goes_on(person);
    }
}

#[test]
fn packs_stay_on_as_long_as_this_person_may_have_them_and_then_they_are_told() {
    for (name, minutes) in [("plain", 20), ("65 or over", 10), ("child", 10)] {
        assert!(PEOPLE.iter().any(|(n, ..)| *n == name));
        let mut person = Person {
            watch: Watch::new(told(name, "en", START_MS)),
            now: time(START_MS),
        };
        person.press(Act::StartIce);
        person.press(Act::StartPack);
        while person.watch.told_off.0 == 0 {
            person.due();
        }
        let passed = person.now.duration_since(time(START_MS)).as_mins();
        assert_eq!(passed, minutes, "{name}");
    }
}
