//! The processes of the bot: the real program, killed or asked to stop, and started again on the same
//! store, as whoever supervises it would do.

use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tokio::time::Instant;

/// Messages a second, so that 200 people who hardly think are not kept waiting by the budget.
const PER_SECOND: &str = "1000";

/// Where Telegram posts to. The emulator is the balancer there, in front of all processes.
const WEBHOOK: &str = "https://bot.example.org/telegram";

/// How long a process may take to stop when it is asked to.
const STOPPING: Duration = Duration::from_secs(10);

/// How long a process may take to tell whether it is ready.
const TELLING: Duration = Duration::from_secs(1);

/// Where the bot finds Telegram and its store.
pub struct Place {
    pub token: String,
    pub telegram: String,
    pub store: String,
    /// How many replicas of Redis are waited for.
    pub redis_wait: Option<u32>,
    /// The port at which each process takes updates; none where they poll.
    pub ports: Vec<u16>,
}

/// One or more processes of the same bot.
pub struct Bots {
    place: Place,
    running: Vec<Process>,
    folder: TempDir,
    /// How long each process took that was asked to stop.
    pub stops: Vec<Duration>,
    /// Of those, how many did not stop in time, or not with success.
    pub bad_stops: usize,
    /// How many ended without being asked to.
    pub gave_up: usize,
}

struct Process {
    child: Child,
    /// Since when it has been asked to stop.
    stopping: Option<Instant>,
}

impl Bots {
    /// Start so many.
    pub fn start(place: Place, count: usize) -> Bots {
        let folder = tempfile::tempdir().expect("A folder can be made.");
        let mut bots = Bots {
            place,
            running: Vec::new(),
            folder,
            stops: Vec::new(),
            bad_stops: 0,
            gave_up: 0,
        };
        bots.running = (0..count).map(|n| bots.spawn(n)).collect();
        bots
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.running.len()
    }

    /// Whether they ask Telegram for updates.
    pub fn poll(&self) -> bool {
        self.place.ports.is_empty()
    }

    /// End one as `kill -9` does, and start it again at once.
    pub fn kill(&mut self, n: usize) {
        end(&mut self.running[n].child);
        self.running[n] = self.spawn(n);
    }

    /// Ask one to stop. `look` starts it again when it has.
    pub fn stop(&mut self, n: usize) {
        let process = &mut self.running[n];
        let pid = process.child.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &pid]).status();
        assert!(sent.expect("A signal can be sent.").success());
        process.stopping = Some(Instant::now());
    }

    /// Start again whoever ended, and end whoever does not stop; called several times a second.
    pub fn look(&mut self) {
        for n in 0..self.count() {
            let process = &mut self.running[n];
            let ended = process.child.try_wait().expect("It can be looked at.");
            match (ended, process.stopping) {
                (None, None) => continue,
                (None, Some(since)) if since.elapsed() <= STOPPING => continue,
                (None, Some(since)) => {
                    self.stops.push(since.elapsed());
                    self.bad_stops += 1;
                    end(&mut process.child);
                }
                (Some(code), Some(since)) => {
                    self.stops.push(since.elapsed());
                    self.bad_stops += usize::from(!ExitStatus::success(&code));
                }
                (Some(_), None) => self.gave_up += 1,
            }
            self.running[n] = self.spawn(n);
        }
    }

    /// Whether all take updates, as an orchestrator asks before it goes on to the next.
    pub fn are_ready(&self) -> bool {
        let mut stopping = self.running.iter().map(|process| process.stopping);
        let mut ports = self.place.ports.iter();
        stopping.all(|since| since.is_none()) && ports.all(|port| is_ready(*port) == Some(true))
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

    fn spawn(&self, n: usize) -> Process {
        let folder: &Path = self.folder.path();
        let out = File::options()
            .create(true)
            .append(true)
            .open(folder.join(output(n)))
            .expect("A file for its output.");
        let ours = || env!("CARGO_BIN_EXE_backtalk").into();
        let program = std::env::var_os("BACKTALK_SOAK_PROGRAM").unwrap_or_else(ours);
        let mut program = Command::new(program);
        program
            .arg("run")
            .env_clear()
            .env("TELOXIDE_TOKEN", &self.place.token)
            .env("TELOXIDE_API_URL", &self.place.telegram)
            .env("BACKTALK_STORE", &self.place.store)
            .env("BACKTALK_PER_SECOND", PER_SECOND)
            .env("BACKTALK_HEARTBEAT", folder.join(format!("alive{n}")));
        if let Some(replicas) = self.place.redis_wait {
            program.env("BACKTALK_REDIS_WAIT", replicas.to_string());
        }
        if let Some(port) = self.place.ports.get(n) {
            program
                .env("BACKTALK_WEBHOOK_URL", WEBHOOK)
                .env("BACKTALK_LISTEN", format!("127.0.0.1:{port}"));
        }
        let child = program
            .stdin(Stdio::null())
            .stdout(out.try_clone().expect("The file twice."))
            .stderr(out)
            .spawn()
            .expect("The program starts.");
        Process {
            child,
            stopping: None,
        }
    }
}

impl Drop for Bots {
    fn drop(&mut self) {
        for process in &mut self.running {
            end(&mut process.child);
        }
    }
}

/// What `/readyz` says; nothing when nobody listens.
fn is_ready(port: u16) -> Option<bool> {
    let mut wire = TcpStream::connect(("127.0.0.1", port)).ok()?;
    wire.set_read_timeout(Some(TELLING)).ok()?;
    wire.write_all(b"GET /readyz HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")
        .ok()?;
    let mut said = String::new();
    wire.read_to_string(&mut said).ok()?;
    let mut words = said.split(' ');
    Some(words.nth(1) == Some("200"))
}

fn output(n: usize) -> String {
    format!("output{n}")
}

fn end(process: &mut Child) {
    // It may have ended by itself.
    let _ = process.kill();
    process.wait().expect("It ends.");
}
