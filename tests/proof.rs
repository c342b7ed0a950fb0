//! The proofs: that the laws hold, that they can fail, that what they go by is the conversation as
//! it is held, and that mistakes in the files are noticed.

#[path = "proof/broken.rs"]
mod broken;
#[path = "proof/hold.rs"]
mod hold;
#[path = "proof/mutants.rs"]
mod mutants;
#[path = "proof/real.rs"]
mod real;

use std::path::Path;
use std::sync::{Arc, LazyLock};

use backtalk::dialogue::{Dialogue, load};
use backtalk::shipped;
use backtalk::vignettes::VignetteFile;

static DIALOGUE: LazyLock<Arc<Dialogue>> = LazyLock::new(|| {
    let d = load::load(&shipped::built_in(), "back_spasm").expect("the shipped dialogue loads");
    Arc::new(d)
});

/// The folder of the replays.
fn replays() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/replays/back_spasm")
}

/// The cases of the dialogue, and those on the edges of its rules.
fn cases() -> Vec<(String, VignetteFile)> {
    [
        "dialogues/back_spasm/vignettes.yaml",
        "tests/edges/back_spasm.yaml",
    ]
    .into_iter()
    .map(|name| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
        let text = std::fs::read_to_string(path).expect("the file is there");
        let file = serde_saphyr::from_str(&text).expect("cases");
        (name.to_owned(), file)
    })
    .collect()
}
