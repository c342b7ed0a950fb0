//! Every replay, run three ways: straight; over a file that is opened anew before every turn; and
//! with every update delivered twice.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use backtalk::dialogue::{Dialogue, load};
use backtalk::replay_run::{Mode, beside, mismatches};
use backtalk::shipped;
use backtalk::store::Store;
use backtalk::store::memory::MemoryStore;
use backtalk::store::seal::Keyring;
use backtalk::store::sqlite::SqliteStore;
use rstest::rstest;

static DIALOGUE: LazyLock<Arc<Dialogue>> = LazyLock::new(|| {
    Arc::new(load::load(&shipped::built_in(), "back_spasm").expect("the shipped dialogue loads"))
});

fn check(path: &Path, mode: Mode) {
    let text = std::fs::read_to_string(path).expect("a replay");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("records.sqlite");
    let memory: Arc<dyn Store> = Arc::new(MemoryStore::default());
    let open = || -> Arc<dyn Store> {
        match mode {
            Mode::Reloaded => {
                Arc::new(SqliteStore::open(&file, Keyring::none()).expect("the file opens"))
            }
            _ => memory.clone(),
        }
    };
    let find = |name: &str| beside(path, name);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if let Err(said) = runtime.block_on(mismatches(&DIALOGUE, &name, &text, mode, &open, &find)) {
        panic!("{mode:?}\n{said}\nTo take over what happens now: backtalk replay --accept FILE");
    }
}

#[rstest]
fn a_replay_holds(#[files("tests/replays/back_spasm/*.replay")] path: PathBuf) {
    for mode in [Mode::Straight, Mode::Reloaded, Mode::Twice] {
        check(&path, mode);
    }
}
