//! The sign of life of a running bot: a small file with the time when it last reached both Telegram
//! and its store. The poll loop writes it ([`beat`]), `backtalk health` reads it ([`read`]).
//!
//! It says nothing about anybody who writes to the bot. A bot that cannot write it goes on.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::{SignedDuration, Timestamp};
use tracing::warn;

/// The setting that names the file.
pub const SETTING: &str = "BACKTALK_HEARTBEAT";

/// How old the last beat of a bot that is alive can be: longer than one long poll, its deadline and
/// the longest wait before the next try.
pub const ALIVE_FOR: SignedDuration = SignedDuration::from_secs(90);

/// The file: the one that the setting names, or `backtalk.alive` where temporary files are.
pub fn file(setting: Option<PathBuf>) -> PathBuf {
    setting
        .filter(|path| !path.as_os_str().is_empty())
        .unwrap_or_else(|| std::env::temp_dir().join("backtalk.alive"))
}

/// Note that Telegram and the store were both reached now.
///
/// A reader finds either the beat before or this one, never half of it. When the file cannot be
/// written the log says so, once.
pub fn beat(path: &Path, now: Timestamp, edition: &str) {
    static TOLD: AtomicBool = AtomicBool::new(false);
    if let Err(error) = replace(path, &written(now, edition))
        && !TOLD.swap(true, Ordering::Relaxed)
    {
        warn!(
            kind = %error.kind(),
            "{} cannot be written, so `backtalk health` will not see this bot; name another file \
             with {SETTING}",
            path.display()
        );
    }
}

/// What the file says: when, which process, and by which dialogue files it goes.
fn written(now: Timestamp, edition: &str) -> String {
    format!("{} {} {edition}", now.as_millisecond(), std::process::id())
}

/// Who wrote the sign of life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alive {
    /// The number of the process.
    pub process: u32,
    /// The digest of the dialogue files by which it goes.
    pub edition: String,
}

/// Who wrote the sign of life last, if it can be read.
pub fn alive(path: &Path) -> Option<Alive> {
    let text = fs::read_to_string(path).ok()?;
    let mut words = text.split_whitespace().skip(1);
    Some(Alive {
        process: words.next()?.parse().ok()?,
        edition: words.next()?.to_owned(),
    })
}

/// Write beside the file, then put that in its place.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}", std::process::id()));
    let beside = PathBuf::from(beside);
    // In a container every process has the same number, so one that was killed may have left it.
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    // A new file only: others may write into the folder of temporary files too, and a link that
    // they put there must not be followed.
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&beside)?;
    file.write_all(text.as_bytes())?;
    drop(file);
    fs::rename(&beside, path)
}

/// What the file says of the bot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sign {
    /// The last beat is this old.
    Alive(SignedDuration),
    /// The last beat is older than that of a bot that is alive, or lies as far ahead.
    Late(SignedDuration),
    /// There is no file.
    Missing,
    /// The file cannot be read, for this reason.
    Unreadable(io::ErrorKind),
    /// The file holds something else.
    Foreign,
}

/// Read the sign of life.
pub fn read(path: &Path, now: Timestamp) -> Sign {
    match fs::read(path) {
        Ok(bytes) => judge(&bytes, now),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Sign::Missing,
        Err(error) => Sign::Unreadable(error.kind()),
    }
}

fn judge(bytes: &[u8], now: Timestamp) -> Sign {
    let words: Vec<&str> = std::str::from_utf8(bytes)
        .map(|text| text.split_whitespace().collect())
        .unwrap_or_default();
    // Programs of before wrote the time alone.
    let beat = Some(&words)
        .filter(|words| matches!(words.len(), 1 | 3))
        .and_then(|words| words[0].parse().ok())
        .and_then(|ms| Timestamp::from_millisecond(ms).ok());
    let Some(beat) = beat else {
        return Sign::Foreign;
    };
    let age = now.duration_since(beat);
    // A clock that was set back leaves a beat ahead of it, until the next one.
    if age.abs() < ALIVE_FOR {
        Sign::Alive(age.max(SignedDuration::ZERO))
    } else {
        Sign::Late(age)
    }
}

impl Sign {
    /// Whether there is a bot that answers people.
    pub fn is_alive(&self) -> bool {
        matches!(self, Sign::Alive(_))
    }

    /// In one line what the file at that path says, and what to do about it.
    pub fn explain(&self, path: &Path) -> String {
        let path = path.display();
        match self {
            Sign::Alive(age) => format!(
                "The bot is alive: it reached Telegram and its store {} s ago.",
                age.as_secs()
            ),
            Sign::Late(age) if age.is_negative() => format!(
                "The bot is not well: its last sign of life in {path} lies {} s ahead of this \
                 clock. Set the clock, or start the bot again.",
                age.as_secs().unsigned_abs()
            ),
            Sign::Late(age) => format!(
                "The bot is not well: it last reached both Telegram and its store {} s ago. Read \
                 its log; if it has ended or hangs, start it again.",
                age.as_secs()
            ),
            Sign::Missing => format!(
                "No bot is seen running: there is no file {path}. Start one with `backtalk run`, \
                 or set {SETTING} to the file that it writes."
            ),
            Sign::Unreadable(kind) => format!(
                "{path} cannot be read: {kind}. Ask as the user that the bot runs as, or set \
                 {SETTING} to the file that it writes."
            ),
            Sign::Foreign => format!(
                "{path} holds no sign of life. Set {SETTING} to the file that the bot writes."
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::constant(1_772_487_600, 0);

    fn after(seconds: i64) -> Timestamp {
        NOW + SignedDuration::from_secs(seconds)
    }

    fn check(text: &str, age: i64, expected: Sign) {
        assert_eq!(judge(text.as_bytes(), after(age)), expected, "{text}");
    }

    #[test]
    fn a_beat_is_a_sign_of_life_for_ninety_seconds() {
        let beat = NOW.as_millisecond().to_string();
        check(&beat, 0, Sign::Alive(SignedDuration::ZERO));
        check(&beat, 89, Sign::Alive(SignedDuration::from_secs(89)));
        check(&beat, 90, Sign::Late(SignedDuration::from_secs(90)));
        check(
            &format!("{beat}\n"),
            1,
            Sign::Alive(SignedDuration::from_secs(1)),
        );
    }

    #[test]
    fn a_clock_set_back_a_little_kills_nobody() {
        let beat = NOW.as_millisecond().to_string();
        check(&beat, -60, Sign::Alive(SignedDuration::ZERO));
        check(&beat, -3600, Sign::Late(SignedDuration::from_secs(-3600)));
    }

    #[test]
    fn anything_but_a_time_is_no_sign_of_life() {
        for text in [
            "",
            "alive",
            "1e9",
            "12 13",
            "99999999999999999999",
            "9223372036854775807",
        ] {
            check(text, 0, Sign::Foreign);
        }
        assert_eq!(judge(&[0xff, 0xfe], NOW), Sign::Foreign);
    }

    #[test]
    fn the_newest_beat_counts_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("alive");
        assert_eq!(read(&path, NOW), Sign::Missing);
        // As a process with our number would leave it when it was killed.
        let left = folder.path().join(format!("alive.{}", std::process::id()));
        std::fs::write(&left, "1").unwrap();
        beat(&path, after(-500), "e");
        beat(&path, after(-5), "e");
        assert_eq!(read(&path, NOW), Sign::Alive(SignedDuration::from_secs(5)));
        let process = std::process::id();
        let edition = "e".to_owned();
        assert_eq!(alive(&path), Some(Alive { process, edition }));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_that_is_not_there_stops_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("no/alive");
        beat(&path, NOW, "e");
        assert_eq!(read(&path, NOW), Sign::Missing);
        assert!(matches!(read(folder.path(), NOW), Sign::Unreadable(_)));
    }

    #[test]
    fn an_empty_setting_is_none() {
        assert_eq!(file(Some("".into())), file(None));
        assert_eq!(file(Some("a".into())), PathBuf::from("a"));
    }
}
