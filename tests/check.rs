//! What `check` says of broken dialogues: each example below `check/` breaks a small clean
//! dialogue in one way, and what is printed stands beside it.
//!
//! The first line of an example says which file it replaces (or removes). `BACKTALK_ACCEPT=1`
//! rewrites what is printed.

use std::fs;
use std::path::{Path, PathBuf};

use backtalk::dialogue::check::{check, grades, sources_matrix};
use backtalk::dialogue::issue::{self, Code, Issue, Sources};
use backtalk::dialogue::load::load;
use rstest::rstest;

#[rstest]
fn an_example_gives_its_code(#[files("tests/check/BT*.yaml")] example: PathBuf) {
    let text = fs::read_to_string(&example).unwrap();
    let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
    let mut sources = folder("tests/check/base");
    if let Some(file) = first.strip_prefix("# replaces: ") {
        assert!(
            sources.insert(file.to_owned(), rest.to_owned()).is_some(),
            "there is no {file}"
        );
    } else if let Some(file) = first.strip_prefix("# removes: ") {
        assert!(sources.remove(file).is_some(), "there is no {file}");
    } else {
        panic!("the first line says `# replaces: FILE` or `# removes: FILE`");
    }
    let issues = issues(&sources, "sample");
    let printed = issue::print(&issues, &sources, false);
    let code = &example.file_name().unwrap().to_str().unwrap()[..5];
    assert!(
        issues.iter().any(|i| i.code.id() == code),
        "no {code}:\n{printed}"
    );

    is_written(&example.with_extension("txt"), &printed);
}

#[test]
fn every_code_has_an_example() {
    let names: Vec<String> = fs::read_dir("tests/check")
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .filter(|n| n.ends_with(".yaml"))
        .collect();
    let without: Vec<&str> = Code::ALL
        .iter()
        .map(|c| c.id())
        .filter(|c| !names.iter().any(|n| n.starts_with(c)))
        .collect();
    assert!(without.is_empty(), "no example for {without:?}");
}

#[rstest]
#[case::the_base_of_the_examples("tests/check/base", "sample")]
#[case::the_shipped_dialogue("dialogues", "back_spasm")]
fn nothing_is_wrong_with(#[case] path: &str, #[case] name: &str) {
    let sources = folder(path);
    let issues = issues(&sources, name);
    assert!(
        issues.is_empty(),
        "{}",
        issue::print(&issues, &sources, false)
    );
}

#[test]
fn the_matrix_shows_who_uses_each_source() {
    let d = load(&folder("tests/check/base"), "sample").unwrap();
    is_written(Path::new("tests/check/sources.txt"), &sources_matrix(&d));
}

#[test]
fn the_hardest_texts_are_listed_first() {
    let d = load(&folder("tests/check/base"), "sample").unwrap();
    let list = grades(&d);
    let years: Vec<f64> = list
        .lines()
        .filter_map(|l| l.trim_start().split_once("  ")?.0.parse().ok())
        .collect();
    assert_eq!(years.len(), 3, "{list}");
    assert!(years.is_sorted_by(|a, b| a >= b), "{list}");
}

/// Compare with the file, or rewrite it when asked to.
fn is_written(file: &Path, printed: &str) {
    if std::env::var_os("BACKTALK_ACCEPT").is_some() {
        fs::write(file, printed).unwrap();
    }
    let expected = fs::read_to_string(file).unwrap_or_default();
    assert!(
        printed == expected,
        "{} says otherwise:\n{printed}",
        file.display()
    );
}

/// What `load` says, or else what `check` says.
fn issues(sources: &Sources, name: &str) -> Vec<Issue> {
    load(sources, name).map_or_else(|issues| issues, |d| check(&d, sources))
}

/// The YAML files of a folder and of the folders in it.
fn folder(path: &str) -> Sources {
    let mut out = Sources::new();
    let mut open = vec![PathBuf::from(path)];
    while let Some(dir) = open.pop() {
        for at in fs::read_dir(&dir).unwrap().map(|e| e.unwrap().path()) {
            if at.is_dir() {
                open.push(at);
            } else if at.extension().is_some_and(|e| e == "yaml" || e == "txt") {
                out.insert(below(&at, path), fs::read_to_string(&at).unwrap());
            }
        }
    }
    out
}

fn below(path: &Path, folder: &str) -> String {
    path.strip_prefix(folder)
        .unwrap()
        .to_str()
        .unwrap()
        .replace('\\', "/")
}
