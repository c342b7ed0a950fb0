//! The real program on an emulated Telegram: starts it, kills it, talks to it, reads its store.
//!
//! Used by every file of `tests/telegram`. What the emulator does is in `tests/emulator`.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use backtalk::store::seal::Keyring;
use backtalk::store::sqlite::SqliteStore;
use backtalk::store::{Record, Store};
use tempfile::TempDir;

use crate::emulator::{Chat, Emulator, Message, Person};

pub const ANN: i64 = 7;
pub const BEN: i64 = 8;

/// A bound on hanging for a machine that is busy with other things.
const PATIENCE: Duration = Duration::from_secs(60);

/// From consent to the verdict of a plain strain.
pub const PLAIN: &[&str] = &[
    "Yes, let's start",
    "I'm 18 to 49",
    "None of these",
    "None of these",
    "None of these",
    "Very hard to move, for pain",
    "Done",
    "None of these",
    "Lifting or twisting",
    "OK",
    "Under 1 day",
    "The same",
    "8",
    "Yes, something eases it",
    "Low back",
    "No, first time",
    "None of these",
    "None of these",
    "None of these",
];

/// Begins every verdict of a plain strain.
pub const PLAIN_VERDICT: &str = "Your answers fit a simple back spasm.";

/// From consent to the first list of danger signs.
pub const TO_DANGER: &[&str] = &["Yes, let's start", "I'm 18 to 49"];

/// A sign on that list which is an emergency by itself.
pub const DANGER: &str = "Chest pain or tightness";

/// Begins every emergency verdict of somebody in Great Britain.
pub const EMERGENCY: &str = "This needs help now. Call 999";

/// Telegram, a store, and the program when it runs.
pub struct Stage {
    pub telegram: Emulator,
    /// More settings of the program, by their names in its environment.
    pub settings: Vec<(&'static str, String)>,
    folder: TempDir,
    program: Option<Child>,
}

impl Stage {
    /// Everything but the program.
    pub async fn empty() -> Stage {
        let telegram = Emulator::start().await;
        telegram.set_patience(PATIENCE);
        let folder = tempfile::tempdir().expect("A folder can be made.");
        Stage {
            telegram,
            settings: Vec::new(),
            folder,
            program: None,
        }
    }

    /// Everything, and the program runs.
    pub async fn begin() -> Stage {
        let mut stage = Stage::empty().await;
        stage.start();
        stage
    }

    /// The file of the store.
    pub fn store(&self) -> PathBuf {
        self.folder.path().join("store/backtalk.sqlite")
    }

    /// Starts the program, which logs all it can.
    pub fn start(&mut self) {
        assert!(self.program.is_none(), "The program runs already.");
        let out = File::options()
            .create(true)
            .append(true)
            .open(self.output())
            .expect("A file for its output.");
        let mut command = program();
        command
            .env("TELOXIDE_TOKEN", self.telegram.token())
            .env("TELOXIDE_API_URL", self.telegram.url())
            .env("BACKTALK_STORE", self.store())
            .env("BACKTALK_LOG", "trace")
            .env("BACKTALK_HEARTBEAT", self.folder.path().join("alive"))
            .envs(self.settings.iter().cloned())
            .stdout(out.try_clone().expect("The file twice."))
            .stderr(out);
        self.program = Some(command.spawn().expect("The program starts."));
    }

    /// Ends the program as `kill -9` does.
    pub fn kill(&mut self) {
        if let Some(mut program) = self.program.take() {
            program.kill().expect("The program still ran.");
            program.wait().expect("It ends.");
        }
    }

    /// Kills the program and starts it again on the same store.
    pub fn restart(&mut self) {
        self.kill();
        self.start();
    }

    /// Asks the program to stop, as a service manager does, and waits until it has.
    pub async fn stop(&mut self, within: Duration) -> ExitStatus {
        let mut program = self.program.take().expect("The program runs.");
        let asked = Command::new("kill")
            .arg("-TERM")
            .arg(program.id().to_string())
            .status();
        assert!(asked.expect("There is a `kill`.").success());
        let id = program.id();
        let ended = tokio::task::spawn_blocking(move || program.wait().expect("It ends."));
        match tokio::time::timeout(within, ended).await {
            Ok(status) => status.expect("Waiting does not fail."),
            Err(_) => {
                let _ = Command::new("kill")
                    .arg("-KILL")
                    .arg(id.to_string())
                    .status();
                panic!("It did not stop within {within:?}.\n{}", self.printed());
            }
        }
    }

    /// All that the program printed so far, in all its runs.
    pub fn printed(&self) -> String {
        let bytes = fs::read(self.output()).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The record of a person. The program must not run.
    pub async fn record(&self, id: i64) -> Option<Record> {
        assert!(self.program.is_none(), "The store belongs to the program.");
        let store = SqliteStore::open(&self.store(), Keyring::none()).expect("The store opens.");
        store
            .load(backtalk::store::Person(id))
            .await
            .expect("The record is readable.")
    }

    /// Whether these bytes are anywhere in the files of the store.
    pub fn is_stored(&self, bytes: &[u8]) -> bool {
        let folder = self.store();
        let folder = folder.parent().unwrap_or(Path::new("."));
        fs::read_dir(folder)
            .expect("The folder of the store.")
            .any(|file| {
                let content = fs::read(file.expect("A file.").path()).expect("A readable file.");
                content.windows(bytes.len()).any(|window| window == bytes)
            })
    }

    /// Somebody in Great Britain who talks to the bot.
    pub fn talk(&self, id: i64) -> Talk {
        self.talk_as(id, Some("en-GB"), "Ann")
    }

    /// Somebody with this language code and first name.
    pub fn talk_as(&self, id: i64, language: Option<&str>, name: &str) -> Talk {
        Talk {
            person: self.telegram.person_with(id, language, name),
            chat: self.telegram.chat(id),
        }
    }

    fn output(&self) -> PathBuf {
        self.folder.path().join("output")
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Some(mut program) = self.program.take() {
            let _ = program.kill();
            let _ = program.wait();
        }
        if std::thread::panicking() {
            let _ = write!(
                std::io::stderr(),
                "--- printed by the program\n{}",
                self.printed()
            );
        }
    }
}

/// The program with `run`, and nothing of this machine's environment.
pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_backtalk"));
    command.arg("run").env_clear().stdin(Stdio::null());
    command
}

/// A person and their chat with the bot.
pub struct Talk {
    pub person: Person,
    pub chat: Chat,
}

impl Talk {
    /// Sends a command and waits for what the bot says to it.
    pub async fn command(&self, command: &str) -> Message {
        self.text(&format!("/{command}")).await
    }

    /// Writes and waits for what the bot says to it.
    pub async fn text(&self, text: &str) -> Message {
        let before = self.lowest();
        self.person.text(text);
        self.news_since(before).await
    }

    /// Presses the button with this label, on the latest message that has it, and waits for what
    /// the bot says to it.
    pub async fn press(&self, label: &str) -> Message {
        let before = self.lowest();
        self.person.press_on(&self.latest_with(label), label);
        self.news_since(before).await
    }

    /// Presses one after the other.
    pub async fn press_all(&self, labels: &[&str]) -> Message {
        for label in labels {
            self.press(label).await;
        }
        self.chat.last()
    }

    /// The latest message with a button of this label.
    pub fn latest_with(&self, label: &str) -> Message {
        let mut messages = self.chat.messages().into_iter();
        let found = messages.rfind(|message| message.button(label).is_some());
        found.unwrap_or_else(|| panic!("Nothing offers {label:?}:\n{}", self.chat.visible()))
    }

    /// The message at the bottom of the chat.
    pub fn lowest(&self) -> Option<Message> {
        self.chat.messages().pop()
    }

    /// Waits until another message is at the bottom, or that one was edited. What is folded above
    /// it may still be under way.
    pub async fn news_since(&self, before: Option<Message>) -> Message {
        self.chat
            .wait_for_last(|last| before.as_ref() != Some(last))
            .await
    }
}
