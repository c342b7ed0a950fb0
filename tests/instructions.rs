//! How many instructions each piece of work of a turn takes, held against `benches/instructions.md`.
//!
//! Counts are the same on a busy machine, where times are not. A process of its own does each piece once
//! under valgrind, which scripts/test installs; only what stands in [`counted_work`] is counted.
//! `BACKTALK_ACCEPT=1 cargo test --test instructions` rewrites the table, and at a release
//! `BACKTALK_ACCEPT=release` makes what is counted now what later counts are held against.

#[path = "people/mod.rs"]
mod people;
#[path = "instructions/table.rs"]
mod table;
#[path = "../benches/work/mod.rs"]
mod work;

use std::path::Path;
use std::process::Command;

use table::Table;
use work::People;

/// Where the people of the counted process are.
const FOLDER: &str = "BACKTALK_COUNTED_PEOPLE";

const TABLE: &str = "benches/instructions.md";

#[test]
fn no_work_takes_more_instructions_than_the_table_says() {
    if cfg!(not(all(
        target_os = "linux",
        target_arch = "x86_64",
        debug_assertions
    ))) {
        println!("The table is for Linux on x86_64 and the dev profile, so nothing is compared.");
        return;
    }
    let counted = Table::new(compiler(), &count());
    let written = std::fs::read_to_string(TABLE).unwrap_or_default();
    let known = Table::read(&written);
    let table = match std::env::var("BACKTALK_ACCEPT").as_deref() {
        Err(_) => known,
        Ok(how) => {
            let new = known.renewed(&counted, how == "release");
            std::fs::write(TABLE, new.to_string()).expect("the table can be written");
            new
        }
    };
    if table.compiler != counted.compiler {
        println!(
            "The table is for {}, this is {}.",
            table.compiler, counted.compiler
        );
        return;
    }
    let changelog = std::fs::read_to_string("CHANGELOG.md").expect("there is a changelog");
    let wrong = table.wrong_with(&counted, &changelog);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// It is run by the test above, which counts. Without that it only sees that all work can be done.
#[test]
#[ignore = "the test above starts it under valgrind"]
fn the_counted_process() {
    let people = match std::env::var_os(FOLDER) {
        Some(folder) => People::read(Path::new(&folder)),
        None => made(),
    };
    let all = work::all(&people);
    assert_eq!(all.len(), work::NAMES.len());
    for work in &all {
        // What is made at its first use is not counted.
        (work.run)();
        counted_work(&*work.run);
    }
}

/// Only what is done in here is counted, by the name of this function.
#[inline(never)]
fn counted_work(run: &dyn Fn()) {
    run();
    // A call in the last place could become a jump, which has no way back to see.
    std::hint::black_box(());
}

fn made() -> People {
    People {
        middle: people::in_the_middle(),
        weeks: people::after_four_weeks(),
    }
}

fn compiler() -> String {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let said = Command::new(rustc).arg("--version").output();
    let said = said.expect("rustc compiled this").stdout;
    let words = String::from_utf8_lossy(&said).into_owned();
    words
        .split_whitespace()
        .take(2)
        .collect::<Vec<_>>()
        .join(" ")
}

/// The instructions of each piece of work.
fn count() -> Vec<(&'static str, u64)> {
    let folder = tempfile::tempdir().expect("a folder");
    made().write(folder.path());
    let out = folder.path().join("count");
    let this = std::env::current_exe().expect("this file");
    let ended = Command::new("valgrind")
        .args(["--tool=callgrind", "--quiet"])
        .args(["--toggle-collect=instructions::counted_work"])
        .args(["--dump-after=instructions::counted_work"])
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(this)
        .args([
            "--ignored",
            "--exact",
            "the_counted_process",
            "--test-threads=1",
        ])
        .env(FOLDER, folder.path())
        .output()
        .expect("valgrind starts; install it, or let scripts/test do it");
    assert!(
        ended.status.success(),
        "{}\n{}",
        String::from_utf8_lossy(&ended.stdout),
        String::from_utf8_lossy(&ended.stderr)
    );
    let names = work::NAMES.into_iter().zip(1..);
    names.map(|(name, n)| (name, total(&out, n))).collect()
}

/// What the dump of this number says in all.
fn total(out: &Path, number: usize) -> u64 {
    let file = format!("{}.{number}", out.display());
    let dump = std::fs::read_to_string(&file).unwrap_or_else(|e| panic!("{file}: {e}"));
    let total = dump.lines().find_map(|line| line.strip_prefix("totals: "));
    total
        .and_then(|n| n.trim().parse().ok())
        .unwrap_or_else(|| panic!("{file} has no total"))
}
