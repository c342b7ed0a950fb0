//! Conversations for proofs: the one that breaks a law, and what all replays reach.

use super::files::{beside, block, read};
use super::write::talk;
use super::*;
use crate::dialogue::{Act, Disposition, Knowledge};
use crate::engine::step;
use crate::proof::Exercised;
use crate::proof::laws::reached;

/// The conversation of this person as a replay file, which holds once they are told `lawful`.
/// Without it the file says what happens now, for a reader to compare with what is wrong.
pub fn of_person(
    d: &Arc<Dialogue>,
    person: &Knowledge,
    says: &str,
    lawful: Option<Disposition>,
) -> Result<String, String> {
    let vignette = Vignette {
        id: "law".into(),
        title: says.to_owned(),
        story: String::new(),
        source: String::new(),
        facts: vignettes::facts_of(d, person),
        expected: lawful.unwrap_or(Disposition::SelfCare),
        acceptable: Vec::new(),
        must_mention: Vec::new(),
        must_not: Vec::new(),
    };
    let text = talk(d, &vignette, false)?;
    let mut replay = parse(&text).map_err(|errors| explain("replay", &text, &errors))?;
    replay.comment = vec![format!("# {}", says.replace('\n', " "))];
    let last = replay.turns_mut().last();
    if let (Some(level), Some(turn)) = (lawful, last)
        && let Some(state) = &mut turn.expect.state
    {
        state.is = format!("verdict.{}", name_of(level));
    }
    Ok(print(&replay))
}

/// What the replay files of a folder reach.
pub fn exercised(d: &Arc<Dialogue>, folder: &Path) -> Result<Exercised, String> {
    let mut out = Exercised::default();
    for path in replays(folder)? {
        let text = read(&path)?;
        let shown = path.display().to_string();
        let replay = parse(&text).map_err(|errors| explain(&shown, &text, &errors))?;
        let find = |name: &str| beside(&path, name);
        let own = block(reach(d, &replay, &find)).map_err(|e| format!("{shown}: {e}"))?;
        out.elements.extend(own.elements);
    }
    Ok(out)
}

/// What a case reaches on the screens, to the end of the plan.
pub fn exercised_by(d: &Dialogue, v: &Vignette) -> Result<Exercised, String> {
    let now = Timestamp::UNIX_EPOCH;
    let person = vignettes::facts(d, &v.facts).map_err(|w| w.join("; "))?;
    let mut session = answerer::hold(d, &person, now).session;
    let plan = Input::Press(Press {
        visit: State::of(d, &session).visit,
        wish: Wish::Act(Act::Plan),
    });
    session = step(d, &session, &plan, now).session.unwrap_or(session);
    if State::of(d, &session).planned {
        session = answerer::hold_from(d, session, &person, now).session;
    }
    Ok(reached(d, &session, 0, now))
}

/// The replay files of a folder, in order of their names.
pub fn replays(folder: &Path) -> Result<Vec<std::path::PathBuf>, String> {
    let said = |e: std::io::Error| format!("{} cannot be read: {e}", folder.display());
    let mut out = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(said)? {
        let path = entry.map_err(said)?.path();
        if path.extension().is_some_and(|e| e == "replay") {
            out.push(path);
        }
    }
    out.sort();
    Ok(out)
}

async fn reach(
    d: &Arc<Dialogue>,
    replay: &Replay,
    find: FindReplay<'_>,
) -> Result<Exercised, String> {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
    let open = || store.clone();
    let mut runner = Runner::new(d, Mode::Straight, &open, language(replay));
    runner.start_from(replay, find, 0).await?;
    let mut out = Exercised::default();
    let mut looked = 0;
    for turn in replay.turns() {
        runner.turn(turn).await?;
        if let Some(session) = runner.session().await? {
            // A new check may clear the log.
            if session.log.len() < looked {
                looked = 0;
            }
            let own = reached(d, &session, looked, turn.at.timestamp());
            out.elements.extend(own.elements);
            looked = session.log.len();
        }
    }
    Ok(out)
}
