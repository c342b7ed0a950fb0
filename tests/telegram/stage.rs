//! The real program on an emulated Telegram: starts it, kills it, talks to it, reads its store.
//!
//! Used by every file of `tests/telegram`. What the emulator does is in `tests/emulator`.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use backtalk::store::redis::Address;
use backtalk::store::seal::Keyring;
use backtalk::store::sqlite::SqliteStore;
use backtalk::store::{Record, Store};
use tempfile::TempDir;

use crate::emulator::{Chat, Emulator, Message, Person};
use crate::redis_server;

pub const ANN: i64 = 7;
pub const BEN: i64 = 8;

/// A bound on hanging for a machine that is busy with other things.
pub const PATIENCE: Duration = Duration::from_secs(60);

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
    /// The store, when it is no file.
    redis: Option<Address>,
    program: Option<Child>,
}

/// One more process of the same bot. It is killed when it is dropped.
pub struct Another(Child);

impl Another {
    /// Ends it as `kill -9` does.
    pub fn kill(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }

    /// Asks it to stop.
    pub fn ask_to_stop(&self) {
        ask_to_stop(self.0.id());
    }
}

impl Drop for Another {
    fn drop(&mut self) {
        self.kill();
    }
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
            redis: None,
            program: None,
        }
    }

    /// Everything but the program, with a store in this Redis.
    pub async fn on_redis(address: Address) -> Stage {
        let mut stage = Stage::empty().await;
        stage.redis = Some(address);
        stage
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
        self.start_with(&[]);
    }

    /// Starts it with these settings besides.
    pub fn start_with(&mut self, more: &[(&str, &str)]) {
        assert!(self.program.is_none(), "The program runs already.");
        self.program = Some(self.spawn(more));
    }

    /// Starts one more process on the same store.
    pub fn another(&self) -> Another {
        Another(self.spawn(&[]))
    }

    /// Runs a command of an operator on the same store, and gives what it printed. While the store
    /// is a file, the program must not run.
    pub fn operate(&self, command: &[&str]) -> String {
        let done = Command::new(env!("CARGO_BIN_EXE_backtalk"))
            .args(command)
            .env_clear()
            .env("BACKTALK_STORE", self.place())
            .envs(self.settings.iter().cloned())
            .stdin(Stdio::null())
            .output()
            .expect("The command runs.");
        let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(done.status.success(), "{}", said(&done.stderr));
        said(&done.stdout)
    }

    /// Where the records are, as the settings say it.
    fn place(&self) -> OsString {
        match &self.redis {
            Some(address) => format!("{address}").into(),
            None => self.store().into_os_string(),
        }
    }

    fn spawn(&self, more: &[(&str, &str)]) -> Child {
        let out = File::options()
            .create(true)
            .append(true)
            .open(self.output())
            .expect("A file for its output.");
        let mut command = program();
        command
            .env("TELOXIDE_TOKEN", self.telegram.token())
            .env("TELOXIDE_API_URL", self.telegram.url())
            .env("BACKTALK_STORE", self.place())
            .env("BACKTALK_LOG", "trace")
            .env("BACKTALK_HEARTBEAT", self.folder.path().join("alive"))
            .envs(self.settings.iter().cloned())
            .envs(more.iter().copied())
            .stdout(out.try_clone().expect("The file twice."))
            .stderr(out);
        command.spawn().expect("The program starts.")
    }

    /// Waits until the program dies by itself, as it was asked to with `BACKTALK_DIE_AT`.
    pub async fn death(&mut self) {
        let program = self.program.take().expect("The program runs.");
        let status = ended(program, PATIENCE, || self.printed()).await;
        assert_eq!(status.signal(), Some(ABORTED), "{}", self.printed());
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
        let program = self.program.take().expect("The program runs.");
        ask_to_stop(program.id());
        ended(program, within, || self.printed()).await
    }

    /// All that the program printed so far, in all its runs.
    pub fn printed(&self) -> String {
        let bytes = fs::read(self.output()).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The record of a person. The program must not run.
    pub async fn record(&self, id: i64) -> Option<Record> {
        let store = self.open().await;
        let record = store.load(backtalk::store::Person(id)).await;
        record.expect("The record is readable.")
    }

    /// The store. While it is a file, the program must not run.
    pub async fn open(&self) -> Arc<dyn Store> {
        if let Some(address) = &self.redis {
            return Arc::new(redis_server::store_at(address, "backtalk").await);
        }
        assert!(self.program.is_none(), "The store belongs to the program.");
        let path = self.store();
        let open = || SqliteStore::open(&path, Keyring::none());
        let mut opened = open();
        // A process that another test starts just now holds our lock until it is itself.
        for _ in 0..500 {
            if opened.is_ok() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
            opened = open();
        }
        Arc::new(opened.expect("The store opens."))
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

/// The signal of a process that aborted.
const ABORTED: i32 = 6;

fn ask_to_stop(id: u32) {
    let asked = Command::new("kill")
        .arg("-TERM")
        .arg(id.to_string())
        .status();
    assert!(asked.expect("There is a `kill`.").success());
}

/// Waits until a process has ended, and kills it when that takes too long.
async fn ended(mut program: Child, within: Duration, printed: impl Fn() -> String) -> ExitStatus {
    let id = program.id();
    let ended = tokio::task::spawn_blocking(move || program.wait().expect("It ends."));
    match tokio::time::timeout(within, ended).await {
        Ok(status) => status.expect("Waiting does not fail."),
        Err(_) => {
            let _ = Command::new("kill")
                .arg("-KILL")
                .arg(id.to_string())
                .status();
            panic!("It did not end within {within:?}.\n{}", printed());
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
