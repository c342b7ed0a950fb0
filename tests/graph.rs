//! What the drawings of the shipped dialogue promise, in both notations.

use std::collections::BTreeSet;

use backtalk::answerer;
use backtalk::dialogue::graph::{self, Detail, interrupt};
use backtalk::dialogue::{
    Dialogue, Disposition, FactKind, Knowledge, Known, ScreenId, issue, load,
};
use backtalk::engine::State;
use jiff::Timestamp;

const FILES: [&str; 11] = [
    "common.yaml",
    "numbers.yaml",
    "zones.txt",
    "back_spasm/facts.yaml",
    "back_spasm/rules.yaml",
    "back_spasm/dialogue.yaml",
    "back_spasm/verdict.yaml",
    "back_spasm/plan.yaml",
    "back_spasm/cards.yaml",
    "back_spasm/sources.yaml",
    "back_spasm/rulings.yaml",
];

/// Load the shipped dialogue and expect no complaint about it.
fn check(complaints: impl Fn(&Dialogue) -> Vec<String>) {
    let mut sources = issue::Sources::new();
    for file in FILES {
        sources.insert(
            file.into(),
            std::fs::read_to_string(format!("dialogues/{file}")).unwrap(),
        );
    }
    let d = load::load(&sources, "back_spasm")
        .map_err(|i| issue::print(&i, &sources, false))
        .unwrap();
    assert_eq!(complaints(&d), Vec::<String>::new());
}

#[test]
fn every_screen_is_one_box_of_the_full_drawing() {
    check(|d| {
        let (dot, mermaid) = (graph::dot(d, Detail::Full), graph::mermaid(d, Detail::Full));
        let boxes = |text: &str, begin: String| {
            text.lines()
                .filter(|l| l.trim_start().starts_with(&begin))
                .count()
        };
        let times = |id: &str| {
            let nodes = [
                boxes(&dot, format!("s_{id} [label=")),
                boxes(&mermaid, format!("s_{id}[")),
            ];
            (nodes != [1, 1]).then(|| format!("{id} is drawn {nodes:?} times"))
        };
        d.screens.iter().filter_map(|s| times(&s.id)).collect()
    });
}

#[test]
fn every_emergency_rule_interrupts_somewhere() {
    check(|d| {
        let emergencies = d
            .rules
            .iter()
            .filter(|r| r.disposition == Disposition::Emergency);
        let (dot, mermaid) = (graph::dot(d, Detail::Full), graph::mermaid(d, Detail::Full));
        let shown = |text: &str, id: &str| {
            text.lines()
                .any(|l| l.contains("EMERGENCY") && l.contains(id))
        };
        emergencies
            .filter(|r| !shown(&dot, &r.id) || !shown(&mermaid, &r.id))
            .map(|r| r.id.clone())
            .collect()
    });
}

#[test]
fn every_guard_and_every_tick_that_acts_alone_is_shown() {
    check(|d| {
        let dot = graph::dot(d, Detail::Full);
        let line = |id: &str| {
            dot.lines()
                .find(|l| l.trim_start().starts_with(&format!("s_{id} [")))
                .unwrap_or("")
        };
        let mut wrong = Vec::new();
        for (id, s) in d.screens.iter().enumerate() {
            let line = line(&s.id);
            let alone = interrupt::alone(d, id);
            let guarded = s.when != backtalk::dialogue::Condition::Always;
            if line.contains("dashed") != guarded || line.contains(">when ") != guarded {
                wrong.push(format!("{}: guard", s.id));
            }
            if line.contains(&format!("⚡ {alone}")) != (alone > 0) {
                wrong.push(format!("{}: ticks that act alone", s.id));
            }
        }
        wrong
    });
}

#[test]
fn the_text_is_balanced() {
    check(|d| {
        let mut wrong = Vec::new();
        for detail in [Detail::Overview, Detail::Full] {
            wrong
                .extend(unbalanced(&graph::dot(d, detail)).map(|w| format!("dot {detail:?}: {w}")));
            wrong.extend(graph::mermaid(d, detail).lines().filter_map(|l| {
                unbalanced(&l.replace("==>", "").replace("-.->", "").replace("-->", ""))
                    .map(|w| format!("Mermaid {detail:?}: {w}: {l}"))
            }));
        }
        wrong
    });
}

/// What is wrong with the brackets, quotes and tags of a text.
fn unbalanced(text: &str) -> Option<String> {
    let mut open = Vec::new();
    let mut quoted = false;
    let text = text.replace("->", "");
    for c in text.chars() {
        let tag = open.contains(&'<');
        match c {
            '"' => quoted = !quoted,
            '<' => open.push(c),
            '>' => match open.pop() {
                Some('<') => {}
                other => return Some(format!("`>` after {other:?}")),
            },
            _ if quoted || tag => {}
            '{' | '[' | '(' => open.push(c),
            '}' | ']' | ')' => {
                let begin = open.pop();
                if !matches!(
                    (begin, c),
                    (Some('{'), '}') | (Some('['), ']') | (Some('('), ')')
                ) {
                    return Some(format!("`{c}` after {begin:?}"));
                }
            }
            _ => {}
        }
    }
    (quoted || !open.is_empty()).then(|| format!("left open: {open:?}, in quotes: {quoted}"))
}

#[test]
fn every_arrow_ends_at_boxes() {
    check(|d| {
        let mut wrong = Vec::new();
        for detail in [Detail::Overview, Detail::Full] {
            let dot = graph::dot(d, detail);
            let boxes: BTreeSet<&str> = dot
                .lines()
                .filter_map(|l| l.trim().split_once(" [label=<<b>"))
                .map(|(id, _)| id)
                .collect();
            let arrows = dot
                .lines()
                .filter_map(|l| l.trim().split_once(" -> "))
                .filter(|(from, _)| !from.contains(' '));
            for (from, rest) in arrows {
                let to = rest.split(' ').next().unwrap_or("");
                wrong.extend(
                    [from, to]
                        .into_iter()
                        .filter(|x| !boxes.contains(x))
                        .map(|x| format!("{detail:?}: {x}")),
                );
            }
        }
        wrong
    });
}

#[test]
fn an_emergency_fires_only_where_it_is_drawn() {
    check(|d| {
        let drawn: BTreeSet<(ScreenId, usize)> = interrupt::interrupts(d)
            .into_iter()
            .flat_map(|i| i.rules.into_iter().map(move |r| (i.screen, r)))
            .collect();
        let mut fired = BTreeSet::new();
        for seed in 0..PEOPLE {
            let held = answerer::hold(d, &person(d, seed), Timestamp::UNIX_EPOCH);
            let state = State::of(d, &held.session);
            let rules = (0..d.rules.len()).filter(|&r| {
                d.rules[r].disposition == Disposition::Emergency
                    && d.holds(&d.rules[r].when, &state.known, None)
            });
            if let Some(&last) = held.screens.last() {
                fired.extend(rules.map(|r| (last, r)));
            }
        }
        fired
            .difference(&drawn)
            .map(|(s, r)| format!("{} on {}", d.rules[*r].id, d.screens[*s].id))
            .collect()
    });
}

/// How many people are made up; the same on every run.
const PEOPLE: u64 = 400;

/// Somebody made up from a number: anything goes for most facts of one emergency rule, and for a
/// few others; the rest is harmless.
fn person(d: &Dialogue, seed: u64) -> Knowledge {
    let mut state = seed;
    let mut below = |n: u64| {
        // SplitMix64.
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    };
    let mut known = d.completed(&d.nothing_known());
    let rules: Vec<_> = d
        .rules
        .iter()
        .filter(|r| r.disposition == Disposition::Emergency)
        .collect();
    let read = rules[seed as usize % rules.len()].when.facts();
    let oddness = 4 + below(40);
    for (f, fact) in d.facts.iter().enumerate().filter(|(_, f)| f.id != "intent") {
        if below(if read.contains(&f) { 2 } else { oddness }) != 0 {
            continue;
        }
        let several = fact.kind == FactKind::Multi && below(2) == 0;
        let mut pick = || 1u32 << below(fact.options.len() as u64);
        let on = if several { pick() | pick() } else { pick() };
        let all = fact.all();
        known.set(
            f,
            if fact.kind == FactKind::Multi {
                Known::exactly(on, all)
            } else {
                Known { on, off: 0 }
            },
        );
    }
    known
}

#[test]
fn the_overview_in_the_documents_is_fresh() {
    check(|d| {
        let written = std::fs::read_to_string("docs/dialogue.mmd").unwrap_or_default();
        let fresh = written == graph::mermaid(d, Detail::Overview);
        let cure =
            "docs/dialogue.mmd is stale: run `backtalk graph --overview > docs/dialogue.mmd`";
        if fresh {
            Vec::new()
        } else {
            vec![cure.to_owned()]
        }
    });
}
