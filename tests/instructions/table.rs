//! The table of counts, and what is wrong with new counts beside it.

use std::collections::BTreeMap;
use std::fmt;

/// How much more a count may be, in percent.
const MOST_PERCENT: u64 = 10;

const HEAD: &str = "\
# Instructions

How many instructions each piece of work takes in the dev profile, counted under valgrind by
`cargo test --test instructions`. They are for comparing one change with the next: a release build takes a
fraction of them. `before` is the count at the last release. A count that is more than 10 % above `before` needs a
line in CHANGELOG.md, under Unreleased, that names the work.

Compiler: ";

const COLUMNS: &str = "| work | instructions | before |\n|---|---:|---:|\n";

/// What each piece of work takes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    /// The compiler that it was counted with.
    pub compiler: String,
    rows: BTreeMap<String, Row>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Row {
    instructions: u64,
    before: u64,
}

impl Table {
    /// The table of these counts.
    pub fn new(compiler: String, counts: &[(&str, u64)]) -> Table {
        let row = |count| Row {
            instructions: count,
            before: count,
        };
        let rows = counts.iter().map(|(name, n)| ((*name).to_owned(), row(*n)));
        Table {
            compiler,
            rows: rows.collect(),
        }
    }

    /// A table as it was written. What is no row is passed over.
    pub fn read(text: &str) -> Table {
        let compiler = text.lines().find_map(|l| l.strip_prefix("Compiler: "));
        let row = |line: &str| {
            let mut cells = line.split('|').skip(1).map(str::trim);
            let name = cells.next()?.to_owned();
            let instructions = cells.next()?.parse().ok()?;
            let before = cells.next()?.parse().ok()?;
            Some((
                name,
                Row {
                    instructions,
                    before,
                },
            ))
        };
        Table {
            compiler: compiler.unwrap_or_default().to_owned(),
            rows: text.lines().filter_map(row).collect(),
        }
    }

    /// This table with new counts. With another compiler, or at a release, they are what later ones
    /// are held against.
    pub fn renewed(&self, counted: &Table, release: bool) -> Table {
        let mut new = counted.clone();
        if !release && self.compiler == counted.compiler {
            for (name, row) in &mut new.rows {
                row.before = self.rows.get(name).map_or(row.before, |old| old.before);
            }
        }
        new
    }

    /// What is wrong with new counts, and with what the changelog says of those in the table.
    pub fn wrong_with(&self, counted: &Table, changelog: &str) -> Vec<String> {
        let unreleased = changelog.split("\n## ").nth(1).unwrap_or_default();
        let mut wrong = Vec::new();
        for (name, new) in &counted.rows {
            let Some(row) = self.rows.get(name) else {
                wrong.push(format!("{name}: not in the table. {CURE}"));
                continue;
            };
            if grew(row.instructions, new.instructions) {
                wrong.push(format!(
                    "{name}: {} instructions, {} in the table. {CURE}, and say why in CHANGELOG.md",
                    new.instructions, row.instructions
                ));
            } else if grew(row.before, row.instructions) && !unreleased.contains(name) {
                wrong.push(format!(
                    "{name}: {} instructions, {} at the last release, and no line in CHANGELOG.md under \
                     Unreleased names {name}",
                    row.instructions, row.before
                ));
            }
        }
        let gone = self.rows.keys().filter(|n| !counted.rows.contains_key(*n));
        wrong.extend(
            gone.map(|name| format!("{name}: in the table, but there is no such work. {CURE}")),
        );
        wrong
    }
}

const CURE: &str = "If this is meant, run: BACKTALK_ACCEPT=1 cargo test --test instructions";

fn grew(before: u64, now: u64) -> bool {
    now * 100 > before * (100 + MOST_PERCENT)
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{HEAD}{}\n\n{COLUMNS}", self.compiler)?;
        for (name, row) in &self.rows {
            writeln!(f, "| {name} | {} | {} |", row.instructions, row.before)?;
        }
        Ok(())
    }
}

fn counts(step: u64, fold: u64) -> Table {
    Table::new("rustc 1".into(), &[("step", step), ("fold", fold)])
}

/// Names that are complained about when these are counted beside a table of 1000 each, whose rows may have
/// been renewed once.
#[track_caller]
fn check(renewed: Option<(u64, u64)>, counted: (u64, u64), changelog: &str, complaints: &[&str]) {
    let mut table = counts(1000, 1000);
    if let Some((step, fold)) = renewed {
        table = table.renewed(&counts(step, fold), false);
    }
    assert_eq!(Table::read(&table.to_string()), table);
    let wrong = table.wrong_with(&counts(counted.0, counted.1), changelog);
    let names: Vec<&str> = wrong.iter().filter_map(|w| w.split(':').next()).collect();
    assert_eq!(names, complaints, "{wrong:?}");
}

const SAID: &str =
    "# Changelog\n\n## Unreleased\n\n- `step` looks twice.\n\n## 0.1\n\n- `fold` is here.\n";

#[test]
fn a_count_may_grow_by_a_tenth() {
    check(None, (1100, 200), SAID, &[]);
    check(None, (1101, 1000), SAID, &["step"]);
    check(None, (1000, 1200), SAID, &["fold"]);
}

#[test]
fn a_renewed_count_that_grew_needs_a_line_among_what_is_not_released() {
    check(Some((1500, 1000)), (1500, 1000), SAID, &[]);
    check(Some((1000, 1500)), (1000, 1500), SAID, &["fold"]);
    check(
        Some((1500, 1500)),
        (1500, 1500),
        "# Changelog\n",
        &["fold", "step"],
    );
}

#[test]
fn a_release_and_another_compiler_begin_anew() {
    let (old, new) = (counts(1000, 1000), counts(2000, 1000));
    assert_eq!(old.renewed(&new, true), new);
    let other = Table {
        compiler: "rustc 2".into(),
        ..new
    };
    assert_eq!(old.renewed(&other, false), other);
}

#[test]
fn new_and_lost_work_is_complained_about() {
    let table = Table::new("rustc 1".into(), &[("fold", 1), ("view", 1)]);
    let wrong = table.wrong_with(&counts(1, 1), SAID);
    assert_eq!(wrong.len(), 2, "{wrong:?}");
    assert!(
        wrong[0].starts_with("step") && wrong[1].starts_with("view"),
        "{wrong:?}"
    );
}
