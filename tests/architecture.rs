//! The arrows between modules, read from `use` lines, and the crates that may not come in.

use std::path::{Path, PathBuf};

/// Files below `src` whose path starts with one of the prefixes.
fn files(prefixes: &[&str]) -> Vec<PathBuf> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut out = Vec::new();
    let mut folders = vec![src.clone()];
    while let Some(dir) = folders.pop() {
        for entry in std::fs::read_dir(dir).expect("src can be read") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let below = path
                    .strip_prefix(&src)
                    .expect("below src")
                    .to_string_lossy()
                    .replace('\\', "/");
                if prefixes.iter().any(|p| below.starts_with(p)) {
                    out.push(path);
                }
            }
        }
    }
    out.sort();
    out
}

/// No file of these may mention any of the words (outside comments).
fn check(prefixes: &[&str], words: &[&str]) {
    let files = files(prefixes);
    assert!(!files.is_empty(), "no file below {prefixes:?}");
    let mut found = Vec::new();
    for path in files {
        let text = std::fs::read_to_string(&path).expect("a source file");
        for (n, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or("");
            for word in words {
                if code.contains(word) {
                    found.push(format!("{}:{}: {}", path.display(), n + 1, line.trim()));
                }
            }
        }
    }
    assert!(
        found.is_empty(),
        "these lines break an arrow of ARCHITECTURE.md:\n{}",
        found.join("\n")
    );
}

const CORE: &[&str] = &[
    "dialogue",
    "assess.rs",
    "engine",
    "plan.rs",
    "replay.rs",
    "replay/",
    "answerer.rs",
    "vignettes.rs",
    "score.rs",
    "score/",
    "what_if.rs",
    "proof.rs",
    "proof/",
    "picture.rs",
    "picture/",
];

#[test]
fn the_core_knows_no_runtime_network_store_file_or_clock() {
    check(
        CORE,
        &[
            "tokio",
            "teloxide",
            "redis",
            "rusqlite",
            "std::fs",
            "std::net",
            "SystemTime",
            "Timestamp::now",
            "Zoned::now",
            "Instant",
            "rand::",
            "crate::store",
            "crate::turn",
            "crate::telegram",
            "crate::clock",
            "crate::metrics",
            "crate::logs",
        ],
    );
}

#[test]
fn what_is_counted_knows_nobody() {
    check(
        &["metrics"],
        &[
            "crate::store",
            "crate::engine",
            "crate::dialogue",
            "crate::turn",
            "crate::telegram",
            "Person",
        ],
    );
}

#[test]
fn the_dialogue_knows_nothing_of_the_conversation_but_the_checks_that_hold_one() {
    check(
        &[
            "dialogue/condition.rs",
            "dialogue/knowledge.rs",
            "dialogue/load.rs",
            "dialogue/file.rs",
            "dialogue/template.rs",
            "dialogue/form.rs",
        ],
        &["crate::engine", "crate::plan", "crate::assess"],
    );
}

#[test]
fn stores_know_nothing_of_telegram_or_turns() {
    check(
        &["store"],
        &[
            "teloxide",
            "crate::telegram",
            "crate::turn",
            "crate::dialogue",
        ],
    );
}

#[test]
fn telegram_and_reminder_do_not_know_each_other() {
    check(&["telegram"], &["crate::reminder"]);
    check(&["reminder.rs"], &["crate::telegram", "teloxide"]);
}

#[test]
fn only_one_way_of_tls_comes_in() {
    let lock = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock"))
        .expect("Cargo.lock");
    for banned in ["openssl-sys", "native-tls", "aws-lc-sys"] {
        assert!(
            !lock.contains(&format!("name = \"{banned}\"")),
            "{banned} is in Cargo.lock"
        );
    }
}
