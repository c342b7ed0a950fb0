//! Redis servers for tests: real ones, each in a folder of its own, that end with the test process
//! however that ends.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use backtalk::store::redis::{Address, RedisStore, Settings};
use backtalk::store::seal::Keyring;
use redis::{Connection, ConnectionLike};
use redis_test::utils::get_random_available_port;

/// Runs a server until the test process closes its end of the pipe. Told `kill` it kills the server
/// at once, told `start` it starts it anew; after each it prints a line.
const GUARD: &str = r#"
folder=$1; shift
trap '' INT
while :; do
  redis-server "$@" >/dev/null 2>&1 &
  server=$!
  echo "$server"
  read -r order; kill -9 "$server"; wait "$server" 2>/dev/null
  [ "$order" = kill ] && echo killed && read -r order
  [ "$order" = start ] || { rm -rf "$folder"; exit; }
done
"#;

/// How often it is looked whether something has come about, and how long in between.
const LOOKS: (u32, Duration) = (600, Duration::from_millis(50));

/// A running server.
pub struct Server {
    pub port: u16,
    guard: Child,
    orders: Option<ChildStdin>,
    said: BufReader<ChildStdout>,
    pid: String,
}

/// The server that most tests share, each with a prefix of its own.
pub fn shared() -> &'static Server {
    static SHARED: LazyLock<Server> = LazyLock::new(|| Server::start(&[]));
    &SHARED
}

/// A prefix that no other test uses.
pub fn new_prefix() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("test{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Wait until this holds, for half a minute.
pub fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..LOOKS.0 {
        if holds() {
            return;
        }
        std::thread::sleep(LOOKS.1);
    }
    panic!("{what} did not come about.");
}

/// A store there with this prefix.
pub async fn store_at(address: &Address, prefix: &str) -> RedisStore {
    let settings = Settings {
        prefix: prefix.to_owned(),
        ..Settings::default()
    };
    RedisStore::connect(address, settings, Keyring::none())
        .await
        .unwrap()
}

/// Put `body` where the body of a record stands.
pub fn damage(control: &mut impl ConnectionLike, key: &str, body: &[u8]) {
    let found: Option<Vec<u8>> = redis::cmd("GET").arg(key).query(control).unwrap();
    if let Some(mut record) = found {
        let (count, width) = (usize::from(record[26]), usize::from(record[27]));
        record.truncate(36 - width + count * width);
        record.extend(body);
        redis::cmd("SET")
            .arg(key)
            .arg(record)
            .exec(control)
            .unwrap();
    }
}

impl Server {
    /// Start a server that writes to its disk before it answers, with more settings.
    pub fn start(more: &[&str]) -> Server {
        Server::start_as(|port, folder| {
            let durable = [
                "--save",
                "",
                "--appendonly",
                "yes",
                "--appendfsync",
                "always",
            ];
            let place = format!("--port {port} --bind 127.0.0.1 --dir {folder}");
            let words = place.split(' ').chain(durable).chain(more.iter().copied());
            words.map(str::to_owned).collect()
        })
    }

    /// Start a server with the words of its command line, which are told the port and the folder.
    pub fn start_as(words: impl Fn(u16, &str) -> Vec<String>) -> Server {
        let found = Command::new("redis-server").arg("--version").output();
        assert!(
            found.is_ok(),
            "redis-server is not installed. scripts/test installs it, or: apt-get install redis-server"
        );
        for _ in 0..5 {
            if let Some(server) = Server::try_start(&words) {
                return server;
            }
        }
        panic!("redis-server does not start; try it by hand");
    }

    fn try_start(words: impl Fn(u16, &str) -> Vec<String>) -> Option<Server> {
        let port = get_random_available_port();
        let folder = tempfile::tempdir().unwrap().keep();
        let folder = folder.to_str().unwrap();
        let mut guard = Command::new("sh")
            .args(["-c", GUARD, "sh", folder])
            .args(words(port, folder))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut server = Server {
            port,
            orders: guard.stdin.take(),
            said: BufReader::new(guard.stdout.take().unwrap()),
            guard,
            pid: String::new(),
        };
        server.pid = server.hear();
        server.is_up().then_some(server)
    }

    /// Kill the server as a power failure would, without a last word.
    pub fn kill(&mut self) {
        self.order("kill");
        assert_eq!(self.hear(), "killed");
    }

    /// Start it again after it was killed.
    pub fn restart(&mut self) {
        self.order("start");
        self.pid = self.hear();
        assert!(self.is_up());
    }

    /// Send the process a signal.
    pub fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.pid]).status();
        assert!(sent.unwrap().success());
    }

    /// Where it is, as the program is told.
    pub fn address(&self) -> Address {
        format!("redis://127.0.0.1:{}", self.port).parse().unwrap()
    }

    /// A store on it with this prefix.
    pub async fn store(&self, prefix: &str) -> RedisStore {
        store_at(&self.address(), prefix).await
    }

    /// A connection to look at it and to spoil it.
    pub fn control(&self) -> Connection {
        redis::Client::open(("127.0.0.1", self.port))
            .and_then(|client| client.get_connection())
            .unwrap()
    }

    /// Run a command that is written as one line.
    pub fn run(&self, command: &str) -> redis::Value {
        self.try_run(command).unwrap()
    }

    /// The same, of a command that may be refused.
    pub fn try_run(&self, command: &str) -> redis::RedisResult<redis::Value> {
        let mut words = command.split(' ');
        let mut whole = redis::cmd(words.next().unwrap());
        words.for_each(|word| {
            whole.arg(word);
        });
        whole.query(&mut self.control())
    }

    /// Wait until it answers, and make sure that nobody else answers in its place.
    fn is_up(&self) -> bool {
        let pid = format!("process_id:{}\r", self.pid);
        for _ in 0..LOOKS.0 {
            let client = redis::Client::open(("127.0.0.1", self.port)).unwrap();
            let said = client
                .get_connection_with_timeout(Duration::from_secs(5))
                .and_then(|mut c| redis::cmd("INFO").arg("server").query::<String>(&mut c));
            if let Ok(said) = said {
                return said.contains(&pid);
            }
            std::thread::sleep(LOOKS.1);
        }
        false
    }

    fn order(&mut self, order: &str) {
        writeln!(self.orders.as_ref().unwrap(), "{order}").unwrap();
    }

    fn hear(&mut self) -> String {
        let mut line = String::new();
        self.said.read_line(&mut line).unwrap();
        line.trim().to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.orders.take());
        let _ = self.guard.wait();
    }
}
