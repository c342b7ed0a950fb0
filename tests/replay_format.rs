//! Replay files survive reading and printing: the samples as they stand, and any replay at all.

use std::path::{Path, PathBuf};

use backtalk::replay::{
    Above, Action, At, Buttons, Day, Expect, Given, How, Line, Media, Message, Replay, Reviewed,
    Rules, Said, Seen, Start, Stated, Turn, explain, parse, parse_draft, print,
};
use jiff::civil::{Date, date};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{SignedDuration, Timestamp, Zoned};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use proptest::{collection, option, sample};

/// A replay is the same after it was printed and read, and its text after it was read and printed.
fn check(replay: &Replay) -> Result<(), String> {
    let text = print(replay);
    let again = parse_draft(&text).map_err(|e| explain("printed", &text, &e))?;
    match (again == *replay, print(&again) == text) {
        (true, true) => Ok(()),
        (false, _) => Err(format!(
            "{text}\nwas read as {again:#?}\ninstead of {replay:#?}"
        )),
        (true, false) => Err(format!("{text}\nis not printed as it stands")),
    }
}

fn samples() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/replays/samples");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    paths.sort();
    paths
}

#[test]
fn every_sample_is_printed_as_it_stands() {
    for path in samples() {
        let text = std::fs::read_to_string(&path).unwrap();
        let name = path.display().to_string();
        let replay = parse(&text).unwrap_or_else(|e| panic!("{}", explain(&name, &text, &e)));
        assert_eq!(print(&replay), text, "{name}");
        check(&replay).unwrap();
    }
    assert_eq!(samples().len(), 6);
}

proptest! {
    // The same replays on every run.
    #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn any_replay_survives_printing_and_reading(replay in replay()) {
        if let Err(why) = check(&replay) {
            return Err(TestCaseError::fail(why));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(2), failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn any_text_is_read_or_refused_with_a_place_and_a_cure(text in scraps()) {
        match parse_draft(&text) {
            Ok(replay) => prop_assert_eq!(check(&replay), Ok(())),
            Err(errors) => {
                prop_assert!(!explain("any", &text, &errors).is_empty());
                for e in errors {
                    prop_assert!(e.line >= 1 && e.column >= 1 && !e.cure.is_empty(), "{}", e);
                }
            }
        }
    }
}

/// Lines of a replay, whole and torn, in any order, below a top that is mostly right.
fn scraps() -> impl Strategy<Value = String> {
    let scrap = sample::select(vec![
        "# é",
        "dialogue: x",
        "country: GB",
        "--- 2026-10-25",
        "--- 2026-10-25 Europe/London",
        "given  replay a",
        "given  facts {",
        "       a: [b, c], d: é }",
        "09:00  user   [Yes]",
        "09:00  user   stale [Yes]",
        "09:00",
        "01:30b  restart",
        "09:05:07.5  bot    é",
        "       bot    [A] [B]",
        "       bot    *",
        "       bot",
        "              *",
        "              [*]",
        "              [A\\]] [\\*]",
        "              \\ é",
        "                é é",
        "       sees   (nothing)",
        "       rules  a, *",
        "       due    none",
        "       due    2026-10-25 01:30b",
        "       state  é",
        "\t",
        "",
        "\u{feff}",
        "09:00  user   \"\\\\n\"",
        "é",
        "[",
        "       asks",
    ]);
    let torn = (scrap.clone(), any::<sample::Index>()).prop_map(|(s, at)| {
        let end = at.index(s.chars().count() + 1);
        s.chars().take(end).collect::<String>()
    });
    let line = prop_oneof![9 => scrap.prop_map(str::to_owned), 1 => torn];
    let end = prop_oneof![9 => Just("\n"), 1 => Just("\r\n")];
    collection::vec((line, end), 0..12).prop_map(|lines| {
        let body: String = lines
            .into_iter()
            .flat_map(|(l, e)| [l, e.to_owned()])
            .collect();
        format!("# It holds.\ndialogue: x\n--- 2026-10-24 Europe/London\n09:00\n{body}")
    })
}

// ---- any replay ------------------------------------------------------------------------------

fn word() -> impl Strategy<Value = String> {
    "[a-z][a-z0-9_]{0,12}".prop_filter("taken", |w| w != "none")
}

/// Words as a messenger shows them, with everything that means something in a replay.
fn words() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        6 => "[A-Za-z.,]{1,9}",
        1 => sample::select(vec!["[Yes]", "[", "]", "*", "\\", "(nothing)", "#", "---", "21:40", "bot", "“é”", "•", "\u{a0}"]).prop_map(str::to_owned),
    ];
    let gap = prop_oneof![30 => Just(" "), 2 => Just("  "), 3 => Just("\n"), 1 => Just("\n\n\n"), 1 => Just("\n  ")];
    collection::vec((part, gap), 0..50).prop_map(|parts| {
        parts
            .into_iter()
            .flat_map(|(p, g)| [p, g.to_owned()])
            .collect()
    })
}

fn label() -> impl Strategy<Value = String> {
    prop_oneof![4 => "[A-Z][a-z?' ]{0,20}[a-z]", 1 => "[\\[\\]*\\\\@a]{0,5}x", 1 => Just("*".to_owned())]
}

fn seen() -> impl Strategy<Value = Seen> {
    (
        words(),
        collection::vec(collection::vec(label(), 1..4), 0..4),
    )
        .prop_map(|(text, rows)| Seen::new(&text, rows))
}

fn exact() -> impl Strategy<Value = Message> {
    seen().prop_map(|seen| Message::exactly(&seen))
}

fn message() -> impl Strategy<Value = Message> {
    let starred =
        (exact(), any::<sample::Index>(), any::<bool>()).prop_map(|(mut m, at, any_buttons)| {
            m.lines.insert(at.index(m.lines.len() + 1), Line::Any);
            // A blank line at either end cannot be told from the end.
            while m.lines.first() == Some(&Line::Is(String::new())) {
                m.lines.remove(0);
            }
            if any_buttons {
                m.buttons = Buttons::Any;
            }
            m
        });
    let any = Just(Message {
        lines: vec![Line::Any],
        buttons: Buttons::Any,
    });
    let none = Just(Message {
        lines: vec![Line::Any],
        buttons: Buttons::Rows(Vec::new()),
    });
    let empty = Message {
        lines: Vec::new(),
        buttons: Buttons::Rows(Vec::new()),
    };
    prop_oneof![4 => exact(), 2 => starred, 1 => any, 1 => none]
        .prop_filter("empty", move |m| *m != empty)
}

fn above() -> impl Strategy<Value = Above> {
    let line = prop_oneof![3 => Just(String::new()), 1 => "# [A-Za-z ]{0,20}[a-z]"];
    collection::vec(line, 0..4).prop_map(|mut lines| {
        lines.dedup_by(|a, b| a.is_empty() && b.is_empty());
        lines
    })
}

fn stated<T: std::fmt::Debug + Clone>(
    is: impl Strategy<Value = T>,
) -> impl Strategy<Value = Stated<T>> {
    (above(), is).prop_map(|(above, is)| Stated {
        above,
        line: At(0),
        is,
    })
}

fn rules() -> impl Strategy<Value = Rules> {
    (collection::vec(word(), 0..3), any::<bool>()).prop_map(|(ids, others)| Rules { ids, others })
}

fn action() -> impl Strategy<Value = Action> {
    let how = prop_oneof![
        Just(How::Newest),
        (1_usize..4).prop_map(How::Older),
        Just(How::Twice),
        Just(How::Stale)
    ];
    prop_oneof![
        words().prop_map(Action::Say),
        "[ -~\\n\\t]{0,20}".prop_map(Action::Say),
        word().prop_map(Action::Command),
        (label(), how).prop_map(|(label, how)| Action::Press { label, how }),
        sample::select(Media::ALL).prop_map(Action::Media),
        Just(Action::Block),
        Just(Action::Restart),
        Just(Action::Wait),
    ]
}

fn expect() -> impl Strategy<Value = Expect> {
    let id = || word().prop_map(|w| w + " x");
    let due = option::of(
        (0_i64..100_000).prop_map(|s| Timestamp::from_second(1_793_000_000 + s).unwrap()),
    );
    (
        collection::vec(stated(message()), 0..3),
        option::of(stated(option::of(message()))),
        option::of(stated(option::of(word()))),
        option::of(stated(id())),
        option::of(stated(rules())),
        option::of(stated(due)),
    )
        .prop_map(|(bot, sees, asks, state, rules, due)| Expect {
            bot,
            sees,
            asks,
            state,
            rules,
            due,
        })
}

/// Each turn some seconds after the one before, round the night on which the clock goes back.
fn turns() -> impl Strategy<Value = Vec<(Above, i64, Action, Expect)>> {
    let pause = prop_oneof![Just(0_i64), (1_i64..200).prop_map(|m| m * 60), 1_i64..9_000];
    collection::vec((above(), pause, action(), expect()), 1..8)
}

fn days(turns: Vec<(Above, i64, Action, Expect)>, zone: &TimeZone) -> Vec<Day> {
    let mut now: Zoned = date(2026, 10, 24)
        .at(23, 0, 0, 0)
        .to_zoned(zone.clone())
        .unwrap();
    let mut days: Vec<Day> = Vec::new();
    for (above, pause, action, mut expect) in turns {
        now = &now + SignedDuration::from_secs(pause);
        if days.last().is_none_or(|d| d.date != now.date()) {
            days.push(Day {
                above: vec![String::new()],
                date: now.date(),
                zone: zone.clone(),
                turns: Vec::new(),
            });
        }
        if action == Action::Wait {
            bare_first(&mut expect);
        }
        let turn = Turn {
            above,
            line: At(0),
            at: now.clone(),
            action,
            expect,
        };
        days.last_mut().unwrap().turns.push(turn);
    }
    days
}

/// The first thing beside a time has its lines above the turn.
fn bare_first(e: &mut Expect) {
    for s in &mut e.bot {
        s.above.clear();
    }
    for above in [
        e.sees.as_mut().map(|s| &mut s.above),
        e.asks.as_mut().map(|s| &mut s.above),
        e.state.as_mut().map(|s| &mut s.above),
        e.rules.as_mut().map(|s| &mut s.above),
        e.due.as_mut().map(|s| &mut s.above),
    ]
    .into_iter()
    .flatten()
    {
        above.clear();
    }
}

fn given() -> impl Strategy<Value = Given> {
    let said = prop_oneof![
        word().prop_map(Said::One),
        collection::vec(word(), 0..3).prop_map(Said::Many)
    ];
    let facts = collection::btree_map(word(), said, 0..20)
        .prop_map(|m| Start::Facts(m.into_iter().collect()));
    let from = prop_oneof![word().prop_map(Start::Replay), facts];
    (above(), from).prop_map(|(above, from)| Given {
        above,
        line: At(0),
        from,
    })
}

fn reviewed() -> impl Strategy<Value = Reviewed> {
    ("[A-Z][a-z, ]{0,9}[a-z]", 1_i16..28).prop_map(|(by, d)| Reviewed {
        by,
        on: Date::new(2026, 3, d as i8).unwrap(),
    })
}

fn replay() -> impl Strategy<Value = Replay> {
    let zones = ["Europe/London", "America/St_Johns", "UTC", "Asia/Kolkata"];
    let zone =
        sample::select(zones.to_vec()).prop_map(|z| TimeZoneDatabase::bundled().get(z).unwrap());
    let header = (
        option::of(reviewed()),
        option::of("[A-Z]{2}"),
        option::of("[a-z]{2}-[A-Z]{2}"),
    );
    (
        "# [A-Z][a-z]{1,20}",
        above(),
        word(),
        header,
        option::of(given()),
        turns(),
        zone,
        above(),
    )
        .prop_map(
            |(
                first,
                more,
                dialogue,
                (reviewed, country, language),
                given,
                turns,
                zone,
                mut below,
            )| {
                while below.last().is_some_and(String::is_empty) {
                    below.pop();
                }
                let comment = std::iter::once(first).chain(more).collect();
                let days = days(turns, &zone);
                Replay {
                    comment,
                    dialogue,
                    reviewed,
                    country,
                    language,
                    given,
                    days,
                    below,
                }
            },
        )
}
