//! The JSON Schemas of the dialogue files, for editors that complete and check as one types.
//!
//! They follow from the types in [`file`], and of files beside a dialogue from those of whoever
//! reads them. `backtalk schema` writes them below `dialogues/`, and `tests/schema.rs` proves that
//! what is written is what the types say.

use schemars::{JsonSchema, schema_for};

use super::file;
use crate::score::published::PublishedFile;
use crate::vignettes::VignetteFile;

/// The schema of each file: the name of the file without its ending, and the schema as JSON.
pub fn all() -> Vec<(&'static str, String)> {
    vec![
        ("dialogue", schema::<file::DialogueFile>()),
        ("facts", schema::<file::FactsFile>()),
        ("rules", schema::<file::RulesFile>()),
        ("verdict", schema::<file::VerdictFile>()),
        ("plan", schema::<file::PlanFile>()),
        ("cards", schema::<file::CardsFile>()),
        ("sources", schema::<file::SourcesFile>()),
        ("rulings", schema::<file::RulingsFile>()),
        ("CHANGES", schema::<file::ChangesFile>()),
        ("common", schema::<file::CommonFile>()),
        ("numbers", schema::<file::NumbersFile>()),
        ("vignettes", schema::<VignetteFile>()),
        ("published", schema::<PublishedFile>()),
    ]
}

/// Where the schema of a file stands, as a path below `dialogues/`.
pub fn path(name: &str) -> String {
    format!("schema/{name}.schema.json")
}

/// The first line of a file below `dialogues/`: it tells editors which schema to use.
pub fn first_line(file: &str) -> String {
    let name = file
        .rsplit('/')
        .next()
        .unwrap_or(file)
        .trim_end_matches(".yaml");
    let up = "../".repeat(file.matches('/').count());
    format!("# yaml-language-server: $schema={up}{}", path(name))
}

fn schema<T: JsonSchema>() -> String {
    let schema = schema_for!(T);
    // A schema is plain data, so it can always be written.
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}
