//! Every short life in the rounds: all taps, all ways in which time passes, and every point at which
//! a process may die, breadth first, with the laws of `watch` held on each edge.
//!
//! A process dies in one of three places. Before the commit the step is lost and comes again later,
//! by a timer that is handled late or an update that is delivered again. Between the commit and the
//! answer to Telegram the update comes again too: each is applied twice here, as if nobody had
//! remembered it. After the commit what is owed is kept and sent later: "take it off" must then say
//! that it is late.
//!
//! On each way there are at most [`MOST_TROUBLES`] troubles: a timer that is handled late, a moment
//! just before one, or a step that is lost. States that differ only in when they are, but not in the
//! time of day or in how long ago anything was, are one.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use backtalk::dialogue::{Act, Disposition};
use backtalk::engine::coaching::{Round, standing};
use backtalk::engine::session::{Aside, Begin, RoundWhat, What};
use backtalk::engine::view::render;
use backtalk::engine::{Input, Owed, Pack, Press, Session, Step, Wish, begin, local, meet, rounds};
use backtalk::{answerer, vignettes};
use jiff::{SignedDuration, Timestamp};

use crate::person::{dialogue, press, time};
use crate::watch::Watch;

/// What a person can tap in a round. They also send something: a photo, which is read faster than
/// words and wakes the bot the same.
const TAPS: [Act; 15] = [
    Act::StartIce,
    Act::StartHeat,
    Act::StartPack,
    Act::ItIsOff,
    Act::SkinFine,
    Act::SkinWrong,
    Act::Snooze,
    Act::SnoozeMore,
    Act::SnoozeMost,
    Act::SkipRound,
    Act::StopToday,
    Act::Stop,
    Act::GoOn,
    Act::IceWorse,
    Act::FeelsWorse,
];

/// How late a timer may be handled, in minutes: at once, late enough to say so, too late for an
/// offer, and after a night.
const LATE_MINUTES: [i64; 4] = [0, 6, 31, 9 * 60];

/// How much later an update is delivered again, after the process that had it died.
const AGAIN_AFTER: SignedDuration = SignedDuration::from_secs(90);

/// How many steps each life has.
const DEPTH: usize = 6;

const MOST_TROUBLES: u8 = 1;

/// Where somebody may be.
struct Node {
    watch: Watch,
    now: Timestamp,
    /// How many troubles were on the way here.
    troubles: u8,
}

/// What was walked through.
#[derive(Debug, Default)]
struct Walked {
    nodes: usize,
    edges: usize,
    /// Rounds that were started.
    starts: usize,
    /// "Take it off" that was said.
    told_off: usize,
}

struct Explorer {
    known: HashSet<u64>,
    next: Vec<Node>,
    walked: Walked,
}

impl Explorer {
    fn walk(first: Node, depth: usize) -> Walked {
        let mut explorer = Explorer {
            known: HashSet::from([key(&first)]),
            next: Vec::new(),
            walked: Walked::default(),
        };
        let mut now = vec![first];
        for _ in 0..depth {
            for node in &now {
                explorer.walked.nodes += 1;
                // The questions of a check are not of the rounds.
                if !node.watch.state.open {
                    explorer.taps(node);
                }
                explorer.time_passes(node);
            }
            now = std::mem::take(&mut explorer.next);
        }
        explorer.walked
    }

    /// Arrive where a step leads, unless that is known.
    fn arrive(&mut self, node: Node) {
        if self.known.insert(key(&node)) {
            self.next.push(node);
        }
    }

    fn step(&mut self, watch: &mut Watch, input: &Input, now: Timestamp) -> Step {
        self.walked.edges += 1;
        let before = watch.session.rounds.len();
        let step = watch.step(input, now);
        for event in watch.session.rounds.iter().skip(before) {
            match event.what {
                RoundWhat::Started(_) => self.walked.starts += 1,
                RoundWhat::OffAsked => self.walked.told_off += 1,
                _ => {}
            }
        }
        what_is_sent_late_says_so(watch, &step, now);
        step
    }

    fn taps(&mut self, node: &Node) {
        let visit = node.watch.state.visit;
        let presses = TAPS.map(|act| {
            Input::Press(Press {
                visit,
                wish: Wish::Act(act),
            })
        });
        for input in presses.into_iter().chain([Input::Media]) {
            let mut watch = node.watch.clone();
            self.step(&mut watch, &input, node.now);
            if watch.session == node.watch.session {
                continue;
            }
            // The same update once more begins no round and takes nothing off.
            let mut twice = watch.clone();
            self.step(&mut twice, &input, node.now);
            let round = |w: &Watch| standing(&w.session).round;
            assert_eq!(round(&twice), round(&watch), "{input:?} twice");
            self.arrive(Node {
                watch,
                now: node.now,
                troubles: node.troubles,
            });
            if node.troubles < MOST_TROUBLES {
                let mut later = node.watch.clone();
                let now = node.now + AGAIN_AFTER;
                self.step(&mut later, &input, now);
                self.arrive(Node {
                    watch: later,
                    now,
                    troubles: node.troubles + 1,
                });
            }
        }
    }

    fn time_passes(&mut self, node: &Node) {
        let Some(due) = node.watch.next_due(node.now).map(|due| due.max(node.now)) else {
            return;
        };
        for minutes in LATE_MINUTES {
            let troubles = node.troubles + u8::from(minutes > 0);
            if troubles > MOST_TROUBLES {
                continue;
            }
            let now = due + SignedDuration::from_mins(minutes);
            let mut watch = node.watch.clone();
            self.step(&mut watch, &Input::Due, now);
            // Who claims the person again finds nothing to do; `watch` holds it.
            self.step(&mut watch.clone(), &Input::Due, now);
            self.arrive(Node {
                watch,
                now,
                troubles,
            });
        }
        let before = due - SignedDuration::from_secs(1);
        if before > node.now && node.troubles < MOST_TROUBLES {
            self.step(&mut node.watch.clone(), &Input::Due, before);
            self.arrive(Node {
                watch: node.watch.clone(),
                now: before,
                troubles: node.troubles + 1,
            });
        }
    }
}

/// "Take it off" that was stored and is sent by another process ten minutes later says that it is
/// late, and never that anything may go on.
fn what_is_sent_late_says_so(watch: &Watch, step: &Step, now: Timestamp) {
    let d = dialogue();
    let late = d.messages["pack_late"].text.source();
    for owed in &step.owed {
        let Owed::Reminder { id, .. } = owed else {
            continue;
        };
        if matches!(id.as_str(), "ice_off" | "heat_off" | "off_again") {
            let sent = render(d, &watch.session, owed, now + SignedDuration::from_mins(10));
            assert_eq!(sent.text, late, "{id}");
        }
    }
}

/// What tells one state from another.
fn key(node: &Node) -> u64 {
    let d = dialogue();
    let session = &node.watch.session;
    let now_ms = node.now.as_millisecond();
    let ago = |at_ms: i64| (now_ms - at_ms) / 1000;
    let state = &node.watch.state;
    let mut s = standing(session);
    let round = match s.round {
        Round::On {
            pack,
            since_ms,
            skin,
            may_stop,
            off_ms,
            again,
        } => format!(
            "on {pack:?} {} {skin} {may_stop} {:?} {again}",
            ago(since_ms),
            off_ms.map(ago)
        ),
        Round::Resting {
            pack,
            since_ms,
            rest,
        } => format!("resting {pack:?} {} {rest:?}", ago(since_ms)),
        Round::Offered { pack, since_ms } => format!("offered {pack:?} {}", ago(since_ms)),
        Round::Tomorrow { pack, since_ms } => format!("tomorrow {pack:?} {}", ago(since_ms)),
        other => format!("{other:?}"),
    };
    // How long ago a pack came off matters only until the next may go on.
    let rests = rounds::rests_until(d, &s).map(|until| until.duration_since(node.now).as_secs());
    let open = state.check_in.map(|c| c.number);
    let asked = s.repeated.map(|(at_ms, n)| (ago(at_ms), n));
    let followed_up: Vec<u8> = s.followed_up.iter().map(|(_, n)| *n).collect();
    s.round = Round::Idle;
    let zone = local::hours(d, session).map(|h| h.zone);
    let quarter = zone.map(|zone| {
        let clock = zone.to_datetime(node.now);
        (clock.date(), clock.hour(), clock.minute() / 15)
    });
    let rounds_today =
        [Pack::Ice, Pack::Heat].map(|p| rounds::rounds_today(d, session, p, node.now));
    let packs = backtalk::plan::packs(d, session, state, node.now);
    let mut hasher = DefaultHasher::new();
    format!(
        "{round} {:?} {:?} {open:?} {asked:?} {followed_up:?} {:?} {:?} {quarter:?} \
         {rounds_today:?} {packs:?} {} {} {} {}",
        rests.filter(|seconds| *seconds > 0),
        (
            s.last_pack,
            s.snoozes,
            s.missed,
            s.unconfirmed,
            s.skin_wrong_ms.is_some()
        ),
        (s.silenced, s.closed, s.ice_worse_ms.is_some(), s.drill),
        (state.open, state.planned, state.told.map(|t| t.disposition)),
        matches!(&session.aside, Aside::Message(id) if id.starts_with("pack_safety")),
        s.came_off.is_some(),
        node.troubles,
        session.waiting.len(),
    )
    .hash(&mut hasher);
    hasher.finish()
}

/// Walk, and show that much was walked through.
fn explored(what: &str, first: Node, least: (usize, usize)) {
    let walked = Explorer::walk(first, DEPTH);
    println!("{what}, to a depth of {DEPTH}: {walked:?}");
    assert!(
        walked.nodes >= least.0 && walked.edges >= least.1,
        "{walked:?}"
    );
    assert!(walked.starts > 0 && walked.told_off > 0, "{walked:?}");
}

fn at(moment: &str) -> i64 {
    let at: Timestamp = moment.parse().expect("a time");
    at.as_millisecond()
}

/// Somebody who was told to look after themselves, with the shortest log that says so: every step
/// folds it many times.
fn told_shortly(duration: &str, language: &str, at_ms: i64) -> Session {
    let d = dialogue();
    let fact = d.fact("duration").expect("a fact");
    let option = d.facts[fact].option(duration).expect("an option");
    let mut session = begin(d);
    meet(d, &mut session, language);
    for what in [
        What::Began(Begin::Fresh),
        What::Asked {
            fact: fact as u8,
            option,
        },
        What::Told {
            disposition: Disposition::SelfCare,
        },
        What::Planned,
    ] {
        session.say(time(at_ms), what);
    }
    // What the plan asks is answered too: no pack is started before.
    let facts = format!("{{duration: {duration}}}");
    let facts: vignettes::FactMap = serde_saphyr::from_str(&facts).expect("facts");
    let facts = vignettes::facts(d, &facts).expect("they fit the dialogue");
    answerer::hold_from(d, session, &facts, time(at_ms)).session
}

fn node(session: Session, at_ms: i64) -> Node {
    Node {
        watch: Watch::new(session),
        now: time(at_ms),
        troubles: 0,
    }
}

#[test]
fn no_short_life_on_the_first_day_breaks_a_law() {
    let at_ms = at("2026-03-02T09:00:00Z");
    let first = node(told_shortly("h0_24", "en", at_ms), at_ms);
    explored("first day", first, (500, 15_000));
}

#[test]
fn no_short_life_on_the_third_day_breaks_a_law() {
    let at_ms = at("2026-03-02T09:00:00Z");
    let first = node(told_shortly("h48_72", "en", at_ms), at_ms);
    explored("third day", first, (500, 15_000));
}

/// Ice is on when quiet hours begin, in the night in which the clocks are set forward.
#[test]
fn no_short_life_near_quiet_hours_breaks_a_law() {
    let at_ms = at("2026-03-28T21:35:00Z");
    let mut session = told_shortly("h0_24", "en-GB", at_ms);
    session.zone = Some("Europe/London".into());
    session.quiet = Some(dialogue().clock.quiet);
    for act in [Act::StartIce, Act::StartPack] {
        session = press(&session, Wish::Act(act), at_ms);
    }
    let first = Node {
        watch: Watch::with_a_pack(session, Pack::Ice, at_ms),
        ..node(begin(dialogue()), at_ms)
    };
    explored("near quiet hours", first, (500, 15_000));
}
