//! The shipped dialogue as a later version might be.
//!
//! For any test file, by `#[path = "changed/mod.rs"] mod changed;`.

// Each test file uses some of it.
#![allow(dead_code)]

use backtalk::dialogue::issue::Sources;
use backtalk::dialogue::{Dialogue, load};
use backtalk::shipped;

/// The question that [`one_more_question`] adds.
pub const QUESTION: &str = "Is there a new rash over the sore spot?";

/// The files as they are shipped.
pub fn shipped_files() -> Sources {
    shipped::built_in()
}

/// The dialogue of these files.
pub fn loaded(files: &Sources) -> Dialogue {
    load::load(files, "back_spasm").unwrap_or_else(|issues| {
        panic!(
            "{}",
            backtalk::dialogue::issue::print(&issues, files, false)
        )
    })
}

fn edit(files: &mut Sources, file: &str, from: &str, to: &str) {
    let text = files.get_mut(&format!("back_spasm/{file}.yaml"));
    let text = text.expect("the file is shipped");
    assert!(text.contains(from), "{file} has no {from:?}");
    *text = text.replacen(from, to, 1);
}

fn add(files: &mut Sources, file: &str, more: &str) {
    let text = files.get_mut(&format!("back_spasm/{file}.yaml"));
    text.expect("the file is shipped").push_str(more);
}

/// One more safety question, after the first list of danger signs.
pub fn one_more_question() -> Sources {
    let mut files = shipped_files();
    add(
        &mut files,
        "facts",
        "\n  - fact: new_rash\n    type: yn\n    phase: 1\n    name: new rash\n    default: \"no\"\n    concern: [\"no\", unsure, \"yes\"]\n    question: \"Is there a new rash?\"\n    why: \"It can be an infection.\"\n    source: [OUR-JUDGEMENT]\n",
    );
    edit(
        &mut files,
        "dialogue",
        "- screen: danger_nerves\n",
        &format!(
            "- screen: rash\n  phase: safety\n  ask: \"{QUESTION}\"\n  one_of:\n  - {{ say: \"Yes, a rash\", fact: new_rash = yes }}\n  - {{ say: \"No rash\", fact: new_rash = no }}\n  source: [OUR-JUDGEMENT]\n\n- screen: danger_nerves\n"
        ),
    );
    add(
        &mut files,
        "rules",
        "\n  - rule: S99_rash\n    when: new_rash = yes\n    disposition: soon\n    reason: \"A new rash should be seen.\"\n    source: [OUR-JUDGEMENT]\n",
    );
    files
}

/// Every kind of id under another name, which says what it was.
pub fn renamed() -> Sources {
    let mut files = shipped_files();
    let words = [
        ("hard_due_to_pain", "hard_for_pain"),
        ("tearing_pain", "ripping_pain"),
        ("danger_now", "danger_first"),
    ];
    for (file, text) in &mut files {
        if file.starts_with("back_spasm/") || file == "common.yaml" {
            // A page has a name that looks like it.
            *text = text.replace("in_danger_now", "in_danger-now");
            for (from, to) in words {
                *text = text.replace(from, to);
            }
            *text = text.replace("in_danger-now", "in_danger_now");
        }
    }
    edit(
        &mut files,
        "facts",
        "- { id: hard_for_pain,",
        "- { id: hard_for_pain, was: [hard_due_to_pain],",
    );
    edit(
        &mut files,
        "facts",
        "- fact: ripping_pain\n",
        "- fact: ripping_pain\n    was: [torn, tearing_pain]\n",
    );
    edit(
        &mut files,
        "dialogue",
        "- screen: danger_first\n",
        "- screen: danger_first\n  was: [danger_now]\n",
    );
    files
}

/// An answer that a plain strain gives is not there any more.
pub fn without_an_answer() -> Sources {
    let mut files = shipped_files();
    edit(
        &mut files,
        "dialogue",
        "  - { tick: \"Very hard to move, for pain\", fact: mobility = hard_due_to_pain }\n",
        "",
    );
    files
}

/// One more sign on a list that most have answered with *None of these*.
pub fn one_more_sign() -> Sources {
    let mut files = one_more_question();
    edit(
        &mut files,
        "dialogue",
        "  - { tick: \"Passed out\", fact: faint_dizzy = fainted }\n",
        "  - { tick: \"Passed out\", fact: faint_dizzy = fainted }\n  - { tick: \"A rash\", fact: new_rash = yes }\n",
    );
    edit(
        &mut files,
        "dialogue",
        "  none: [chest_pain, tearing_pain, very_unwell]\n",
        "  none: [chest_pain, tearing_pain, very_unwell, new_rash]\n",
    );
    files
}

/// By a new rule, whoever finds it very hard to move has this disposition.
pub fn more_urgent(disposition: &str) -> Sources {
    let mut files = shipped_files();
    let rule = format!(
        "\n  - rule: X99_hard_to_move\n    when: mobility = hard_due_to_pain\n    disposition: {disposition}\n    reason: \"It is very hard to move.\"\n    source: [OUR-JUDGEMENT]\n"
    );
    add(&mut files, "rules", &rule);
    files
}
