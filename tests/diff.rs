//! What `backtalk diff` says of a change: each test edits a dialogue and reads the difference.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use backtalk::dialogue::issue::Sources;
use backtalk::dialogue::load::{load, load_former};
use backtalk::dialogue::{Changed, Dialogue, Disposition, FactKind, Knowledge, Known};
use backtalk::engine::State;
use backtalk::proof::diff::{Difference, Direction, How, Only, diff, refusal, text};
use backtalk::{answerer, shipped};
use jiff::Timestamp;

/// An edit: the file, what stands in it, and what is to stand there.
type Edit<'a> = (&'a str, &'a str, &'a str);

/// The small dialogue of the examples of `check`.
fn sample(edits: &[Edit<'_>]) -> Dialogue {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/check/base");
    let sources = shipped::folder(&folder).expect("the base can be read");
    edited(sources, "sample", edits)
}

fn back_spasm(edits: &[Edit<'_>]) -> Dialogue {
    edited(shipped::built_in(), "back_spasm", edits)
}

fn edited(mut sources: Sources, name: &str, edits: &[Edit<'_>]) -> Dialogue {
    for (file, from, to) in edits {
        let text = sources.get_mut(&format!("{name}/{file}.yaml"));
        let text = text.expect("the file is there");
        assert!(text.contains(from), "{file} has no {from}");
        *text = text.replacen(from, to, 1);
    }
    load(&sources, name).unwrap_or_else(|issues| panic!("{issues:?}"))
}

/// What an edit of the small dialogue does.
fn of(edits: &[Edit<'_>]) -> Difference {
    diff(&sample(&[]), &sample(edits))
}

/// Each move as "soon -> routine: 12".
fn moves(x: &Difference) -> Vec<String> {
    let say = |m: &backtalk::proof::diff::Move| format!("{:?} -> {:?}: {}", m.from, m.to, m.people);
    x.moves.iter().map(say).collect()
}

const LESS: Edit<'_> = ("rules", "pain_now >= 7", "pain_now >= 9");
const MORE: Edit<'_> = ("rules", "pain_now >= 7", "pain_now >= 5");

#[test]
fn the_same_dialogue_differs_in_nothing() {
    let x = of(&[]);
    assert_eq!(x.people, 396.0);
    let json = serde_json::to_value(&x).expect("it can be written");
    for key in [
        "moves", "screens", "gates", "elements", "plan", "settings", "wording",
    ] {
        assert_eq!(json[key], serde_json::json!([]), "{key}");
    }
    assert!(x.unsigned.is_none());
}

#[test]
fn a_weakened_rule_is_refused_with_the_entry_to_add() {
    let narrowed = "when: breathless = mild AND age_band >= age_50_64";
    let (old, new) = (
        back_spasm(&[]),
        back_spasm(&[(
            "rules",
            "when: breathless = mild\n",
            &format!("{narrowed}\n"),
        )]),
    );
    let x = diff(&old, &new);
    assert_eq!(x.raised, 0.0);
    assert!(x.lowered > 0.0);
    for m in &x.moves {
        assert_eq!(m.direction, Direction::Down);
        assert_eq!(m.from, Disposition::Urgent);
        assert_eq!(m.causes.len(), 1, "{:?}", m.causes);
        assert_eq!(m.causes[0].rule, "U09_breathless");
        assert_eq!(m.causes[0].how, How::Narrowed);
        assert_eq!(m.causes[0].people, m.people);
        let example = m.example.as_ref().expect("somebody");
        assert_eq!((example.before, example.after), (Some(m.from), Some(m.to)));
    }
    let said = text(&x);
    let conversation = "  The shortest example of urgent -> self_care
    Next: breath and heart. Any of these as well? [Short of breath]
    Told urgent before, self_care now.\n";
    assert!(said.contains(conversation), "{said}");
    let refused = refusal(&x, "back_spasm").expect("it is refused");
    let entry = format!(
        "  - rule: U09_breathless\n    form: \"{}\"\n    reason: \"\"\n    source: []\n    who: \"\"\n    date: YYYY-MM-DD\n",
        new.form
    );
    assert!(
        refused.contains("dialogues/back_spasm/CHANGES.yaml"),
        "{refused}"
    );
    assert!(refused.ends_with(&entry), "{refused}");
}

#[test]
fn a_signature_counts_for_its_form_and_for_what_it_names() {
    let form = sample(&[LESS]).form.to_string();
    let signed = |of: &str, form: &str| {
        let entry = format!(
            "changes:\n  - {of}\n    form: \"{form}\"\n    reason: R\n    source: [NHS-BP]\n    who: W\n    date: 2026-03-02\n"
        );
        diff(
            &sample(&[]),
            &sample(&[LESS, ("CHANGES", "changes:\n", &entry)]),
        )
    };
    let rule = "rule: S01_injured";
    let x = signed(rule, &form);
    assert!(x.lowered > 0.0);
    assert!(x.unsigned.is_none());
    for (of, form) in [
        (rule, sample(&[]).form.to_string()),
        ("rule: U01_unsure", form.clone()),
        ("screen: danger", form.clone()),
    ] {
        let unsigned = signed(of, &form).unsigned.expect("it is refused");
        assert_eq!(unsigned.people, 16.0, "{of}");
    }
}

#[test]
fn every_rule_that_decided_before_is_to_be_signed() {
    let twice: Edit<'_> = (
        "rules",
        "  - rule: C01_self_care",
        "  - rule: S02_crash\n    when: knock = crash\n    disposition: soon\n    reason: R\n    source: [NHS-BP]\n\n  - rule: C01_self_care",
    );
    let both = (
        "rules",
        "when: knock = crash\n    disposition: soon",
        "when: knock = crash\n    disposition: routine",
    );
    let x = diff(&sample(&[twice]), &sample(&[twice, both, LESS]));
    let missing = x.unsigned.expect("it is refused").missing;
    let named: Vec<&Changed> = missing.iter().map(|s| &s.of).collect();
    let rule = |id: &str| Changed::Rule(id.into());
    assert_eq!(named, [&rule("S01_injured"), &rule("S02_crash")]);
}

#[test]
fn a_rule_that_is_gone_is_to_be_signed_as_gone() {
    let gone: Edit<'_> = (
        "rules",
        "  - rule: S01_injured\n    when: \"@injured AND pain_now >= 7\"\n    disposition: soon\n    reason: \"A knock that hurts should be seen.\"\n    source: [OUR-JUDGEMENT]\n",
        "",
    );
    let x = of(&[gone]);
    assert_eq!(x.moves[0].causes[0].how, How::Removed);
    let unsigned = x.unsigned.expect("it is refused");
    let entry = unsigned.missing[0].entry();
    assert!(
        entry.starts_with("  - rule: S01_injured\n    removed: true\n"),
        "{entry}"
    );
    let filled = entry
        .replace("reason: \"\"", "reason: R")
        .replace("source: []", "source: [NHS-BP]")
        .replace("who: \"\"", "who: W")
        .replace("YYYY-MM-DD", "2026-03-02");
    let filled = format!("changes:\n{filled}");
    assert!(
        of(&[gone, ("CHANGES", "changes:\n", &filled)])
            .unsigned
            .is_none()
    );
}

#[test]
fn an_entry_of_this_form_names_what_is_there_or_says_that_it_is_gone() {
    let form = sample(&[]).form;
    let codes = |entry: &str| -> Vec<&str> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/check/base");
        let mut sources = shipped::folder(&folder).expect("the base can be read");
        let entry = format!(
            "changes:\n  - {entry}\n    form: \"{form}\"\n    reason: R\n    source: [NHS-BP]\n    who: W\n    date: 2026-03-02\n"
        );
        sources.insert("sample/CHANGES.yaml".into(), entry);
        let issues = load(&sources, "sample").err().unwrap_or_default();
        issues.iter().map(|i| i.code.id()).collect()
    };
    assert_eq!(codes("rule: S01_injured"), [""; 0]);
    assert_eq!(codes("rule: S01_injurd"), ["BT010"]);
    assert_eq!(codes("screen: dangr"), ["BT008"]);
    assert_eq!(codes("rule: S09_gone\n    removed: true"), [""; 0]);
    assert_eq!(codes("rule: S01_injured\n    removed: true"), ["BT037"]);
    // A dialogue has no such file until somebody is told less.
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/check/base");
    let mut sources = shipped::folder(&folder).expect("the base can be read");
    sources.remove("sample/CHANGES.yaml");
    assert!(load(&sources, "sample").is_ok());
}

#[test]
fn an_old_dialogue_may_lack_a_message_that_the_program_needs_by_now() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/check/base");
    let mut sources = shipped::folder(&folder).expect("the base can be read");
    let plan = sources.get_mut("sample/plan.yaml").expect("it is there");
    let line = "  - { message: ice_on, text: \"Ice on.\", source: [OUR-JUDGEMENT] }\n";
    assert!(plan.contains(line));
    *plan = plan.replace(line, "");
    assert!(load(&sources, "sample").is_err());
    let old = load_former(&sources, "sample").unwrap_or_else(|issues| panic!("{issues:?}"));
    let x = diff(&old, &sample(&[LESS]));
    assert_eq!(x.lowered, 16.0);
    assert!(x.wording.iter().any(|w| w.before.is_none()));
}

#[test]
fn a_widened_rule_is_shown_and_passes() {
    let x = of(&[MORE]);
    // Two scores, two knocks, four sets of risks, and no chest pain.
    assert_eq!(moves(&x), ["SelfCare -> Soon: 16"]);
    assert_eq!((x.raised, x.lowered), (16.0, 0.0));
    assert_eq!(x.moves[0].causes[0].how, How::Widened);
    assert!(x.unsigned.is_none());
    let said = text(&x);
    let conversation = "    How did it start? [With a knock]
    What kind? [A fall]
    How bad is it, 0 to 10? [5]
    Told self_care before, soon now.\n";
    assert!(said.contains(conversation), "{said}");
}

#[test]
fn a_guard_that_hides_a_question_shows_who_no_longer_meets_it() {
    let x = of(&[(
        "dialogue",
        "    when: \"@injured\"\n    ask: \"How bad",
        "    when: \"knock = crash\"\n    ask: \"How bad",
    )]);
    assert_eq!(x.screens.len(), 1);
    let screen = &x.screens[0];
    assert_eq!(screen.id, "pain_now");
    assert!(screen.gained.is_none());
    // Whoever fell and has no chest pain for sure, or is not sure of it.
    assert_eq!(screen.lost.as_ref().expect("some").people, 2.0 * 11.0 * 4.0);
    assert_eq!(moves(&x), ["Soon -> SelfCare: 16"]);
    assert_eq!(x.moves[0].causes[0].how, How::Asked);
    let example = x.moves[0].example.as_ref().expect("somebody");
    let asked = example.answers.last().expect("an answer");
    assert_eq!(
        (asked.screen.as_str(), asked.only),
        ("pain_now", Some(Only::Before))
    );
    let missing = x.unsigned.expect("it is refused").missing;
    assert_eq!(missing.len(), 1);
    assert_eq!(missing[0].of, Changed::Screen("pain_now".into()));
}

const FEVER: [Edit<'_>; 3] = [
    (
        "facts",
        "  - fact: knock\n",
        "  - fact: fever\n    type: yn\n    phase: 1\n    name: fever\n    default: \"no\"\n    concern: [\"no\", unsure, \"yes\"]\n    question: \"Is there a fever?\"\n    why: \"W\"\n    source: [NHS-BP]\n\n  - fact: knock\n",
    ),
    (
        "dialogue",
        "  - screen: start\n",
        "  - screen: fever\n    phase: safety\n    ask: \"Is there a fever?\"\n    one_of:\n      - { say: \"Yes\", fact: fever = yes }\n      - { say: \"No\", fact: fever = no }\n\n  - screen: start\n",
    ),
    (
        "rules",
        "  - rule: S01_injured\n",
        "  - rule: U02_fever\n    when: fever = yes\n    disposition: urgent\n    reason: R\n    source: [NHS-BP]\n\n  - rule: S01_injured\n",
    ),
];

#[test]
fn a_new_fact_with_its_screen_and_rule_is_free_in_the_old_dialogue() {
    let x = of(&FEVER);
    // There is no way to be unsure of it.
    assert_eq!(x.people, 2.0 * 396.0);
    let soon = 2.0 * 4.0 * 4.0;
    let without_chest_pain = 3.0 * 11.0 * 4.0;
    assert_eq!(
        moves(&x),
        [
            format!("Soon -> Urgent: {soon}"),
            format!("SelfCare -> Urgent: {}", without_chest_pain - soon),
        ]
    );
    assert_eq!(x.moves[0].causes[0].how, How::Added);
    assert_eq!(x.screens[0].id, "fever");
    assert!(x.screens[0].gained.is_some());
    let example = x.moves[1].example.as_ref().expect("somebody");
    let answers: Vec<_> = example
        .answers
        .iter()
        .map(|a| (a.screen.as_str(), a.only))
        .collect();
    assert_eq!(answers, [("fever", Some(Only::Now))]);
    // And back again: the fact is gone, and with it what was told for it.
    let back = diff(&sample(&FEVER), &sample(&[]));
    assert_eq!(back.lowered, without_chest_pain);
    let missing = back.unsigned.expect("it is refused").missing;
    assert_eq!(missing[0].of, Changed::Rule("U02_fever".into()));
    assert!(missing[0].removed);
}

const NO_CRASH: [Edit<'_>; 3] = [
    ("facts", "      - { id: crash, label: \"A crash\" }\n", ""),
    (
        "dialogue",
        "      - { say: \"A crash\", fact: knock = crash }\n",
        "",
    ),
    ("rules", "knock IN (fall, crash)", "knock = fall"),
];

#[test]
fn an_answer_that_can_no_longer_be_given_counts_as_harmless() {
    let mut edits = NO_CRASH.to_vec();
    edits.push((
        "facts",
        "concern: [none, fall, crash]",
        "concern: [none, fall]",
    ));
    let x = of(&edits);
    assert_eq!(x.no_longer_said, 396.0 / 3.0);
    assert_eq!(moves(&x), ["Soon -> SelfCare: 16"]);
    assert!(x.unsigned.is_some());
    // The other way round it is a new answer, which nobody gave before.
    let back = diff(&sample(&edits), &sample(&[]));
    assert_eq!(
        (back.people, back.newly_said),
        (396.0 * 2.0 / 3.0, 396.0 / 3.0)
    );
    assert_eq!(back.lowered, 0.0);
}

#[test]
fn a_gate_that_leaves_out_less_is_shown_with_what_the_plan_gains() {
    let x = of(&[("plan", "HAS_ANY (ulcer, asthma)", "HAS ulcer")]);
    assert_eq!(moves(&x), [""; 0]);
    // Asthma without an ulcer, and no chest pain.
    let people = 3.0 * 11.0;
    let lost = |all: &[backtalk::proof::diff::Changes], id: &str| {
        let c = all.iter().find(|c| c.id.starts_with(id));
        let c = c.expect("it changed");
        c.lost.as_ref().map(|g| g.people)
    };
    let gained = |all: &[backtalk::proof::diff::Changes], id: &str| {
        let c = all.iter().find(|c| c.id.starts_with(id));
        let c = c.expect("it changed");
        c.gained.as_ref().map(|g| g.people)
    };
    assert_eq!(lost(&x.gates, "G02_tablets"), Some(people));
    assert_eq!(gained(&x.elements, "nsaid_advice"), Some(people));
    assert_eq!(gained(&x.plan, "page tablets line 1"), Some(people));
    let example = x.gates[0].lost.as_ref().and_then(|g| g.example.as_ref());
    let answers = &example.expect("somebody").answers;
    assert_eq!(answers.last().expect("an answer").says, ["Asthma"]);
}

#[test]
fn where_only_words_changed_only_words_are_reported() {
    let x = of(&[(
        "dialogue",
        "How did it start?",
        "How did the pain in the back begin?",
    )]);
    assert_eq!(x.old_form, x.new_form);
    assert_eq!(moves(&x), [""; 0]);
    assert!(x.screens.is_empty() && x.gates.is_empty() && x.plan.is_empty());
    assert!(x.settings.is_empty());
    assert_eq!(x.wording.len(), 1);
    let w = &x.wording[0];
    assert_eq!(w.what, "the question of `start`");
    let lengths = [&w.before, &w.after].map(|w| w.as_ref().map(|w| w.length));
    assert_eq!(lengths, [Some(17), Some(35)]);
    let said = text(&x);
    assert!(said.contains("17 -> 35 characters, grade "), "{said}");
}

#[test]
fn hours_and_stored_answers_are_reported_too() {
    let x = of(&[
        ("plan", "ice_until_hours: 48", "ice_until_hours: 36"),
        (
            "dialogue",
            "tick: \"Asthma\", fact: risks + asthma",
            "tick: \"Asthma\", fact: risks + ulcer",
        ),
    ]);
    let ids: Vec<&str> = x.settings.iter().map(|s| s.id.as_str()).collect();
    assert_eq!(
        ids,
        ["answers of the screen risks", "clock ice_until_hours"]
    );
    assert_eq!(
        (x.settings[1].before.as_str(), x.settings[1].after.as_str()),
        ("48", "36")
    );
}

#[test]
fn typed_words_that_are_gone_are_named() {
    let mut sources = shipped::built_in();
    let common = sources.get_mut("common.yaml").expect("it is there");
    assert!(common.contains("[\"chest pain\", "));
    *common = common.replace("[\"chest pain\", ", "[\"chest xpain\", ");
    let new = load(&sources, "back_spasm").unwrap_or_else(|issues| panic!("{issues:?}"));
    let x = diff(&back_spasm(&[]), &new);
    assert!(x.moves.is_empty() && x.wording.is_empty());
    assert_eq!(x.settings.len(), 1);
    let s = &x.settings[0];
    assert_eq!(s.id, "typed words that ask for `chest_pain`");
    assert_eq!(
        (s.before.as_str(), s.after.as_str()),
        ("chest pain", "chest xpain")
    );
}

#[test]
fn a_screen_excuses_no_change_of_a_rule() {
    let hides: Edit<'_> = (
        "dialogue",
        "    when: \"@injured\"\n    ask: \"How bad",
        "    when: \"knock = crash\"\n    ask: \"How bad",
    );
    let form = sample(&[hides, LESS]).form;
    let entry = format!(
        "changes:\n  - screen: pain_now\n    form: \"{form}\"\n    reason: R\n    source: [NHS-BP]\n    who: W\n    date: 2026-03-02\n"
    );
    let x = of(&[hides, LESS, ("CHANGES", "changes:\n", &entry)]);
    let missing = x.unsigned.expect("it is refused").missing;
    let named: Vec<&Changed> = missing.iter().map(|s| &s.of).collect();
    assert_eq!(named, [&Changed::Rule("S01_injured".into())]);
}

#[test]
fn the_counts_are_those_of_holding_every_conversation() {
    let edits = [
        MORE,
        (
            "rules",
            "when: chest_pain = unsure\n    disposition: urgent",
            "when: chest_pain = unsure\n    disposition: routine",
        ),
    ];
    let (old, new) = (sample(&[]), sample(&edits));
    let told = |d: &Dialogue, person: &Knowledge| {
        let held = answerer::hold(d, person, Timestamp::UNIX_EPOCH);
        State::of(d, &held.session).disposition().expect("it ends")
    };
    let mut counts: BTreeMap<(Disposition, Disposition), f64> = BTreeMap::new();
    let all = everybody(&old);
    for person in &all {
        *counts
            .entry((told(&old, person), told(&new, person)))
            .or_default() += 1.0;
    }
    counts.retain(|(from, to), _| from != to);
    let x = diff(&old, &new);
    let found = x.moves.iter().map(|m| ((m.from, m.to), m.people)).collect();
    assert_eq!(counts, found);
    assert_eq!(x.people, all.len() as f64);
    assert!(counts.len() >= 3, "{counts:?}");
}

/// Every combination of answers.
fn everybody(d: &Dialogue) -> Vec<Knowledge> {
    let mut out = vec![d.completed(&d.nothing_known())];
    for (fact, f) in d.facts.iter().enumerate() {
        let values: Vec<Known> = match f.kind {
            FactKind::Multi => (0..=f.all())
                .map(|on| Known::exactly(on, f.all()))
                .collect(),
            _ => (0..f.options.len() as u8).map(Known::one).collect(),
        };
        out = out
            .iter()
            .flat_map(|person| {
                values.iter().map(|v| {
                    let mut person = person.clone();
                    person.set(fact, *v);
                    person
                })
            })
            .collect();
    }
    out
}

/// A repository with the small dialogue in its first commit.
fn repository() -> tempfile::TempDir {
    let at = tempfile::tempdir().expect("a folder");
    copy(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/check/base"),
        &at.path().join("dialogues"),
    );
    for args in [
        &["init", "--quiet"][..],
        &["add", "."],
        &[
            "-c",
            "user.name=t",
            "-c",
            "user.email=t@example.org",
            "commit",
            "--quiet",
            "-m",
            "c",
        ],
    ] {
        let done = Command::new("git")
            .args(args)
            .current_dir(at.path())
            .status();
        assert!(done.expect("git").success());
    }
    at
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from)
        .expect("a folder")
        .map(|e| e.expect("an entry").path())
    {
        let to: PathBuf = to.join(entry.file_name().expect("a name"));
        match entry.is_dir() {
            true => copy(&entry, &to),
            false => drop(std::fs::copy(&entry, &to).expect("a copy")),
        }
    }
}

fn backtalk(at: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_backtalk"))
        .args(["--dialogue", "sample", "diff"])
        .args(args)
        .current_dir(at)
        .output()
        .expect("it runs")
}

#[test]
fn the_command_compares_a_revision_with_a_folder_and_refuses_by_its_exit_code() {
    let repository = repository();
    let at = repository.path();
    assert_eq!(backtalk(at, &["HEAD", "dialogues"]).status.code(), Some(0));
    let rules = at.join("dialogues/sample/rules.yaml");
    let edit = |from: &str, to: &str| {
        let text = std::fs::read_to_string(&rules).expect("the rules");
        assert!(text.contains(from));
        std::fs::write(&rules, text.replacen(from, to, 1)).expect("it is written");
    };
    edit("pain_now >= 7", "pain_now >= 9");
    let done = backtalk(at, &["HEAD", "."]);
    let said = String::from_utf8_lossy(&done.stdout);
    assert_eq!(done.status.code(), Some(1), "{said}");
    assert!(said.contains("  - rule: S01_injured\n"), "{said}");
    let done = backtalk(at, &["HEAD", ".", "--json"]);
    assert_eq!(done.status.code(), Some(1));
    let json: serde_json::Value = serde_json::from_slice(&done.stdout).expect("JSON");
    assert_eq!(json["difference"]["lowered"], 16.0);
    assert_eq!(
        json["difference"]["unsigned"]["missing"][0]["of"]["rule"],
        "S01_injured"
    );
    edit("pain_now >= 9", "pain_now >= 5");
    assert_eq!(backtalk(at, &["HEAD", "dialogues"]).status.code(), Some(0));
}

#[test]
fn what_cannot_be_compared_says_why_and_the_way_out() {
    let repository = repository();
    let at = repository.path();
    let refused = |args: &[&str]| {
        let done = backtalk(at, args);
        assert_eq!(done.status.code(), Some(2));
        String::from_utf8_lossy(&done.stderr).into_owned()
    };
    let said = refused(&["no-such-revision", "dialogues"]);
    assert!(said.contains("`git log --oneline -- dialogues`"), "{said}");
    let said = refused(&["HEAD", ".git"]);
    assert!(said.contains("no common.yaml"), "{said}");
    std::fs::remove_file(at.join("dialogues/sample/rules.yaml")).expect("it is removed");
    let said = refused(&["HEAD", "dialogues"]);
    assert!(
        said.contains("BT001") && said.contains("of dialogues"),
        "{said}"
    );
}
