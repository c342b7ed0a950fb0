//! A Redis whose power fails: it ends at once, and of its append-only file only that is left which
//! was forced to the disk.
//!
//! With `always` that is all that was answered. With `everysec` the disk is up to a second behind,
//! and since a killed process leaves the page cache of the system as it is, the file is cut to what
//! it was a moment before.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

use tokio::time::Instant;

use crate::redis_server::Server;

/// With `everysec` Redis forces its file to the disk this often.
const BEHIND: Duration = Duration::from_secs(1);

/// When Redis forces what it wrote to the disk.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fsync {
    Always,
    EverySecond,
}

/// Redis and its disk.
pub struct Disk {
    pub server: Server,
    fsync: Fsync,
    folder: PathBuf,
    /// How long the file was, and when.
    sizes: VecDeque<(Instant, u64)>,
}

impl Disk {
    /// Start a Redis on an empty disk.
    pub fn start(fsync: Fsync) -> Disk {
        let place = Mutex::new(String::new());
        let when = match fsync {
            Fsync::Always => "always",
            Fsync::EverySecond => "everysec",
        };
        let server = Server::start_as(|port, folder| {
            folder.clone_into(&mut place.lock().expect("Nobody else holds it."));
            // The file is never rewritten, so that its length only grows.
            format!(
                "--port {port} --bind 127.0.0.1 --dir {folder} --appendonly yes --appendfsync {when} \
                 --auto-aof-rewrite-percentage 0"
            )
            .split_whitespace()
            .map(str::to_owned)
            .chain(["--save".to_owned(), String::new()])
            .collect()
        });
        let folder = PathBuf::from(place.into_inner().expect("Nobody panicked."));
        Disk {
            server,
            fsync,
            folder,
            sizes: VecDeque::new(),
        }
    }

    /// Note how long the file is; called several times a second.
    pub fn look(&mut self) {
        if self.fsync == Fsync::EverySecond {
            let now = Instant::now();
            self.sizes.push_back((now, self.length()));
            while self.sizes.front().is_some_and(|(at, _)| now - *at > BEHIND) {
                self.sizes.pop_front();
            }
        }
    }

    /// Cut the power. The answer is how many bytes did not reach the disk.
    pub fn cut_power(&mut self, part: usize) -> u64 {
        self.server.kill();
        if self.sizes.is_empty() {
            return 0;
        }
        let (_, kept) = self.sizes[part % self.sizes.len()];
        self.sizes.clear();
        let lost = self.length() - kept;
        let file = File::options().write(true).open(self.file());
        file.and_then(|file| file.set_len(kept))
            .expect("The file can be cut.");
        lost
    }

    fn length(&self) -> u64 {
        fs::metadata(self.file()).map_or(0, |file| file.len())
    }

    /// The append-only file: in a folder since Redis 7.
    fn file(&self) -> PathBuf {
        let within = fs::read_dir(self.folder.join("appendonlydir"));
        let files = within.into_iter().flatten().flatten();
        let mut paths = files.map(|file| file.path());
        paths
            .find(|path| path.to_string_lossy().ends_with(".incr.aof"))
            .unwrap_or_else(|| self.folder.join("appendonly.aof"))
    }
}
