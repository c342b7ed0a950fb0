//! The dialogue files: from a folder, or the ones built into the program.

use std::path::Path;

use include_dir::{Dir, include_dir};

use crate::dialogue::issue::Sources;

static BUILT_IN: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/dialogues");

/// The files built into the program.
pub fn built_in() -> Sources {
    let mut out = Sources::new();
    collect(&BUILT_IN, &mut out);
    out
}

fn collect(dir: &Dir<'_>, out: &mut Sources) {
    for file in dir.files() {
        if is_read(file.path())
            && let Some(text) = file.contents_utf8()
        {
            out.insert(name(file.path()), text.to_owned());
        }
    }
    dir.dirs().for_each(|d| collect(d, out));
}

/// The files of a folder that holds `common.yaml` and a folder for each dialogue.
pub fn folder(path: &Path) -> std::io::Result<Sources> {
    let mut out = Sources::new();
    let mut folders = vec![path.to_owned()];
    while let Some(dir) = folders.pop() {
        for entry in std::fs::read_dir(&dir)? {
            let at = entry?.path();
            if at.is_dir() {
                folders.push(at);
            } else if is_read(&at) {
                let below = at.strip_prefix(path).unwrap_or(&at);
                out.insert(name(below), std::fs::read_to_string(&at)?);
            }
        }
    }
    Ok(out)
}

/// Dialogues are YAML, and the list of time zones is plain text.
fn is_read(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "yaml" || e == "txt")
}

fn name(path: &Path) -> String {
    path.components()
        .map(|c| c.as_os_str().to_string_lossy())
        .collect::<Vec<_>>()
        .join("/")
}
