//! The schemas below `dialogues/schema/` are those of the types, and every file names its own.

use std::fs;
use std::path::{Path, PathBuf};

use backtalk::dialogue::schema;

fn dialogues() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("dialogues")
}

#[test]
fn the_schemas_are_fresh() {
    for (name, text) in schema::all() {
        let path = dialogues().join(schema::path(name));
        if std::env::var_os("BACKTALK_ACCEPT").is_some() {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, &text).unwrap();
        }
        let written = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            written == text,
            "{} is not what the types say: run `backtalk schema`",
            path.display()
        );
    }
}

#[test]
fn every_file_names_its_schema_in_its_first_line() {
    for file in files() {
        let text = fs::read_to_string(dialogues().join(&file)).unwrap();
        assert_eq!(
            text.lines().next().unwrap_or(""),
            schema::first_line(&file),
            "dialogues/{file}"
        );
    }
}

/// Every file of a dialogue below `dialogues/`, as a path from there.
fn files() -> Vec<String> {
    let names: Vec<String> = schema::all()
        .iter()
        .map(|(name, _)| format!("{name}.yaml"))
        .collect();
    let mut out = Vec::new();
    for entry in fs::read_dir(dialogues()).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        if entry.path().is_dir() {
            for inner in fs::read_dir(entry.path()).unwrap().map(Result::unwrap) {
                out.push(format!(
                    "{name}/{}",
                    inner.file_name().into_string().unwrap()
                ));
            }
        } else {
            out.push(name);
        }
    }
    out.retain(|f| names.iter().any(|n| f.rsplit('/').next() == Some(n)));
    out.sort();
    assert!(
        out.len() >= 10,
        "files of the dialogue are missing: {out:?}"
    );
    out
}
