//! Replay files on disk: run one, or take over what happens now; and go through an export again.

use super::*;

/// Run a replay file as it stands.
pub fn check(d: &Arc<Dialogue>, path: &Path) -> Result<(), String> {
    let text = read(path)?;
    let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
    let open = || store.clone();
    let find = |name: &str| beside(path, name);
    block(mismatches(
        d,
        &path.display().to_string(),
        &text,
        Mode::Straight,
        &open,
        &find,
    ))
}

/// Run the text of a replay, which leads to no other.
pub fn check_text(d: &Arc<Dialogue>, text: &str) -> Result<(), String> {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
    let open = || store.clone();
    let find = |name: &str| Err(format!("there is no replay {name}"));
    block(mismatches(d, "replay", text, Mode::Straight, &open, &find))
}

/// Run a replay file and write what happened into its expectations.
pub fn accept(d: &Arc<Dialogue>, path: &Path) -> Result<(), String> {
    let text = read(path)?;
    let shown = path.display().to_string();
    let replay = parse_draft(&text).map_err(|errors| explain(&shown, &text, &errors))?;
    let find = |name: &str| beside(path, name);
    let done = accepted(d, &replay, Fill::Stated, &find)?;
    std::fs::write(path, done).map_err(|e| format!("{shown} cannot be written: {e}"))
}

/// Whether a file is what `/export` gave somebody, by its name.
pub fn is_export(path: &Path) -> bool {
    path.extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("json"))
}

/// Go through the conversation of an export again. The answer is its lines, and every way in which
/// it does not hold.
pub fn check_export(d: &Dialogue, path: &Path) -> (Vec<String>, Result<(), String>) {
    let retraced = read(path)
        .map_err(|e| vec![e])
        .and_then(|json| retrace(d, &json));
    let (lines, wrong) = match retraced {
        Ok(Retraced { lines, wrong }) => (lines, wrong),
        Err(wrong) => (Vec::new(), wrong),
    };
    let held = if wrong.is_empty() {
        Ok(())
    } else {
        Err(wrong.join("\n"))
    };
    (lines, held)
}

pub(super) fn accepted(
    d: &Arc<Dialogue>,
    replay: &Replay,
    fill: Fill,
    find: FindReplay<'_>,
) -> Result<String, String> {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
    let open = || store.clone();
    let seen = block(run(d, replay, Mode::Straight, &open, find))?;
    rewrite(replay, &seen, fill)
        .map(|r| print(&r))
        .map_err(|e| e.to_string())
}

pub(super) fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|e| format!("{} cannot be read: {e}", path.display()))
}

/// Another replay of the same folder.
pub fn beside(path: &Path, name: &str) -> Result<String, String> {
    read(&path.with_file_name(format!("{name}.replay")))
}

pub(super) fn block<T>(work: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| format!("The program cannot start: {e}"))?
        .block_on(work)
}
