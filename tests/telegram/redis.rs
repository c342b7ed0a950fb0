//! The program with its records in Redis: the same conversations, and nothing left once erased.

use std::fs;
use std::path::{Path, PathBuf};

use backtalk::replay::{Action, parse};
use futures_util::future::join_all;

use crate::emulator::Chat;
use crate::redis_server::{Server, new_prefix, shared, wait_until};
use crate::stage::{ANN, PATIENCE, PLAIN, PLAIN_VERDICT, Stage, Talk};

/// Everything but the program, which may send as much as it likes.
async fn fast() -> Stage {
    let mut stage = Stage::empty().await;
    stage
        .settings
        .push(("BACKTALK_PER_SECOND", "1000".to_owned()));
    stage
}

/// Everything, with the records in this Redis, and the program runs.
async fn stage_in(server: &Server) -> Stage {
    let mut stage = fast().await;
    let address = format!("redis://127.0.0.1:{}", server.port);
    stage.settings.push(("BACKTALK_STORE", address));
    stage.settings.push(("BACKTALK_REDIS_PREFIX", new_prefix()));
    stage.start();
    stage
}

/// The replays of the vignettes: whole conversations in which no hour passes.
fn conversations() -> Vec<(String, Vec<Action>)> {
    let folder = Path::new("tests/replays/back_spasm");
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .expect("The replays.")
        .map(|file| file.expect("A file.").path())
        .collect();
    paths.sort();
    let names = |path: &PathBuf| path.file_stem().map(|n| n.to_string_lossy().into_owned());
    paths
        .iter()
        .filter_map(|path| Some((names(path)?, path)))
        .filter(|(name, _)| name.starts_with("dev_"))
        .map(|(name, path)| {
            let text = fs::read_to_string(path).expect("A replay.");
            let replay = parse(&text).unwrap_or_else(|e| panic!("{name}: {e:?}"));
            let actions = replay.turns().map(|turn| turn.action.clone()).collect();
            (name, actions)
        })
        .collect()
}

/// Does what the replay says, as a person with the buttons on the screen would.
async fn play(talk: &Talk, actions: &[Action]) {
    for action in actions {
        match action {
            Action::Say(words) => talk.text(words).await,
            Action::Command(name) => talk.command(name).await,
            Action::Press { label, .. } => talk.press(&full_label(&talk.chat, label)).await,
            other => panic!("A vignette does not do this: {other:?}"),
        };
    }
}

/// The label that a replay cuts short.
fn full_label(chat: &Chat, label: &str) -> String {
    let Some(begins) = label.strip_suffix('\u{2026}') else {
        return label.to_owned();
    };
    let messages = chat.messages();
    let labels = messages.iter().rev().flat_map(|m| m.labels());
    let mut all = labels
        .flatten()
        .filter(|l| l.starts_with(begins.trim_end()));
    all.next().unwrap_or(label).to_owned()
}

/// What stands in a chat: texts and labels.
fn standing(chat: &Chat) -> Vec<(String, Vec<String>)> {
    let labels = |m: &crate::emulator::Message| {
        let labels = m.labels().into_iter().flatten();
        labels.map(str::to_owned).collect()
    };
    chat.messages()
        .iter()
        .map(|m| (m.text.clone(), labels(m)))
        .collect()
}

#[tokio::test]
async fn the_same_conversations_end_the_same_in_a_file_and_in_redis() {
    let all = conversations();
    assert_eq!(all.len(), 40);
    let mut ends = Vec::new();
    let mut in_a_file = fast().await;
    in_a_file.start();
    for mut stage in [in_a_file, stage_in(shared()).await] {
        let talks: Vec<Talk> = (1000..).map(|id| stage.talk(id)).take(all.len()).collect();
        join_all(
            talks
                .iter()
                .zip(&all)
                .map(|(talk, (_, actions))| play(talk, actions)),
        )
        .await;
        stage.telegram.wait_until_idle().await;
        stage.telegram.assert_each_press_answered_once();
        // What is under way is shown before it ends.
        stage.stop(PATIENCE).await;
        ends.push(talks.iter().map(|t| standing(&t.chat)).collect::<Vec<_>>());
    }
    for (n, (name, _)) in all.iter().enumerate() {
        assert_eq!(ends[0][n], ends[1][n], "{name}");
        assert!(ends[0][n].len() > 1, "{name} has no verdict.");
    }
}

/// Whether these bytes are anywhere below a folder.
fn is_below(folder: &Path, bytes: &[u8]) -> bool {
    fs::read_dir(folder).expect("A folder.").any(|entry| {
        let path = entry.expect("An entry.").path();
        if path.is_dir() {
            return is_below(&path, bytes);
        }
        let content = fs::read(&path).unwrap_or_default();
        content.windows(bytes.len()).any(|window| window == bytes)
    })
}

#[tokio::test]
async fn what_was_erased_is_in_no_dump_no_rewritten_log_and_nothing_printed() {
    let canary = "tlh-GBcanary";
    let server = Server::start(&[]);
    let folder: Vec<String> =
        redis::from_redis_value(server.run("CONFIG GET dir")).expect("A folder.");
    let folder = PathBuf::from(&folder[1]);
    let mut stage = stage_in(&server).await;
    let ann = stage.talk_as(ANN, Some(canary), "Zanzibarquux");
    ann.command("start").await;
    let verdict = ann.press_all(PLAIN).await;
    assert!(verdict.text.starts_with(PLAIN_VERDICT), "{}", verdict.text);
    stage.telegram.wait_until_idle().await;
    server.run("SAVE");
    assert!(
        is_below(&folder, canary.as_bytes()),
        "The test looks there."
    );
    assert!(folder.join("dump.rdb").exists());

    ann.command("forget").await;
    let done = ann.press("Yes, delete all").await;
    assert!(done.text.starts_with("Done."), "{}", done.text);
    stage.telegram.wait_until_idle().await;
    server.run("BGREWRITEAOF");
    wait_until("The log is rewritten", || {
        match server.run("INFO persistence") {
            redis::Value::BulkString(said) => {
                let said = String::from_utf8_lossy(&said).into_owned();
                said.contains("aof_rewrite_in_progress:0")
                    && said.contains("aof_rewrite_scheduled:0")
                    && said.contains("aof_last_bgrewrite_status:ok")
            }
            other => panic!("{other:?}"),
        }
    });
    server.run("SAVE");
    stage.kill();
    assert!(!is_below(&folder, canary.as_bytes()));
    for said in [canary, "Zanzibarquux", "Low back"] {
        assert!(!stage.printed().contains(said), "{said}");
    }
}
