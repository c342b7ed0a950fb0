//! The processes of the bot: the real program, killed and started again on the same store.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// Messages a second, so that 200 people who hardly think are not kept waiting by the budget.
const PER_SECOND: &str = "1000";

/// Where the bot finds Telegram and its store.
pub struct Place {
    pub token: String,
    pub telegram: String,
    pub store: String,
}

/// One or more processes of the same bot.
pub struct Bots {
    place: Place,
    running: Vec<Child>,
    folder: TempDir,
}

impl Bots {
    /// Start so many.
    pub fn start(place: Place, count: usize) -> Bots {
        let folder = tempfile::tempdir().expect("A folder can be made.");
        let mut bots = Bots {
            place,
            running: Vec::new(),
            folder,
        };
        bots.running = (0..count).map(|n| bots.spawn(n)).collect();
        bots
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.running.len()
    }

    /// End one as `kill -9` does, and start it again at once.
    pub fn kill(&mut self, n: usize) {
        end(&mut self.running[n]);
        self.running[n] = self.spawn(n);
    }

    /// The last lines that each process printed, in all its runs.
    pub fn printed(&self) -> String {
        let mut all = String::new();
        for n in 0..self.count() {
            let bytes = std::fs::read(self.folder.path().join(output(n))).unwrap_or_default();
            let text = String::from_utf8_lossy(&bytes);
            let lines: Vec<&str> = text.lines().collect();
            all += &format!("--- process {n}\n");
            all += &lines[lines.len().saturating_sub(60)..].join("\n");
            all.push('\n');
        }
        all
    }

    fn spawn(&self, n: usize) -> Child {
        let folder: &Path = self.folder.path();
        let out = File::options()
            .create(true)
            .append(true)
            .open(folder.join(output(n)))
            .expect("A file for its output.");
        Command::new(env!("CARGO_BIN_EXE_backtalk"))
            .arg("run")
            .env_clear()
            .env("TELOXIDE_TOKEN", &self.place.token)
            .env("TELOXIDE_API_URL", &self.place.telegram)
            .env("BACKTALK_STORE", &self.place.store)
            .env("BACKTALK_PER_SECOND", PER_SECOND)
            .env("BACKTALK_HEARTBEAT", folder.join(format!("alive{n}")))
            .stdin(Stdio::null())
            .stdout(out.try_clone().expect("The file twice."))
            .stderr(out)
            .spawn()
            .expect("The program starts.")
    }
}

impl Drop for Bots {
    fn drop(&mut self) {
        self.running.iter_mut().for_each(end);
    }
}

fn output(n: usize) -> String {
    format!("output{n}")
}

fn end(process: &mut Child) {
    process.kill().expect("The program still ran.");
    process.wait().expect("It ends.");
}
