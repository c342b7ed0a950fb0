//! The same conversation in a terminal: buttons are numbered lines, timers fire while it waits.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, BufRead, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::mpsc;

use crate::clock::Clock;
use crate::engine::{Button, Command, Input, Press, Priority, View};
use crate::store::{Person, StoreError};
use crate::turn::{Bot, Channel, Origin, SendError, deliver, take};

/// The person at the terminal.
pub const PERSON: Person = Person(0);

/// How many messages back a button can be named by its words.
const RECENT: usize = 12;

/// What was printed, so that a number or a label finds its button.
#[derive(Default)]
struct Screen {
    /// The newest message that had buttons, then older ones.
    recent: Vec<Vec<Button>>,
    next: i64,
}

struct Terminal {
    screen: Mutex<Screen>,
}

impl Terminal {
    fn print(&self, view: &View) -> i64 {
        let mut screen = self.screen.lock().unwrap_or_else(|e| e.into_inner());
        let mut out = std::io::stdout().lock();
        let mut text = String::from("\n");
        for line in view.text.lines() {
            text.push_str("  ");
            text.push_str(line);
            text.push('\n');
        }
        let buttons: Vec<Button> = view.buttons().cloned().collect();
        for (n, b) in buttons.iter().enumerate() {
            text.push_str(&format!("  {:>3}  [{}]\n", n + 1, b.label));
        }
        // Nobody can be told when the terminal itself is gone.
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        if !buttons.is_empty() {
            screen.recent.insert(0, buttons);
            screen.recent.truncate(RECENT);
        }
        screen.next += 1;
        screen.next
    }

    /// The button that a typed line means: a number of the newest message, or the words of any.
    fn find(&self, line: &str) -> Option<Button> {
        let screen = self.screen.lock().unwrap_or_else(|e| e.into_inner());
        let newest = screen.recent.first()?;
        if let Some(bracket) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            let bare = |b: &&Button| {
                b.label
                    .trim_start_matches("✓ ")
                    .eq_ignore_ascii_case(bracket)
            };
            return screen.recent.iter().flatten().find(bare).cloned();
        }
        // A scale of numbers is answered by its numbers, not by the places of its buttons.
        if let Some(b) = newest.iter().find(|b| b.label == line) {
            return Some(b.clone());
        }
        match line.parse::<usize>() {
            Ok(n) => newest.get(n.checked_sub(1)?).cloned(),
            Err(_) => screen
                .recent
                .iter()
                .flatten()
                .find(|b| b.label.trim_start_matches("✓ ").eq_ignore_ascii_case(line))
                .cloned(),
        }
    }
}

#[async_trait]
impl Channel for Terminal {
    async fn send(&self, _: Person, view: &View) -> Result<i64, SendError> {
        Ok(self.print(view))
    }

    async fn edit(&self, _: Person, message: i64, view: &View) -> Result<(), SendError> {
        // A folded question is not worth printing again; a changed one is.
        if !view.rows.is_empty() {
            let mut printed = self.screen.lock().unwrap_or_else(|e| e.into_inner());
            if message > printed.next {
                return Err(SendError::NoMessage);
            }
            if !printed.recent.is_empty() {
                printed.recent.remove(0);
            }
            drop(printed);
            self.print(view);
        }
        Ok(())
    }

    async fn file(&self, _: Person, name: &str, content: &str) -> Result<i64, SendError> {
        Ok(self.print(&View {
            text: format!("{name}\n{content}"),
            rows: Vec::new(),
        }))
    }

    async fn photo(
        &self,
        _: Person,
        name: &str,
        png: &[u8],
        caption: &str,
    ) -> Result<i64, SendError> {
        let place = match save(name, png) {
            Ok(path) => format!("(The picture is in {}, for you alone.)", path.display()),
            Err(error) => format!("(The picture could not be saved: {error})"),
        };
        let text = format!("{caption}\n{place}");
        let rows = Vec::new();
        Ok(self.print(&View { text, rows }))
    }
}

/// Write a file that nobody else can read, in a folder that did not exist before, so that nobody
/// who shares the folder for temporary files can have laid anything in its way.
fn save(name: &str, content: &[u8]) -> io::Result<PathBuf> {
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(io::Error::other)?;
    let unique = format!("backtalk-{:016x}", u64::from_be_bytes(random));
    let folder = std::env::temp_dir().join(unique);
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(&folder)?;
    let path = folder.join(
        Path::new(name)
            .file_name()
            .unwrap_or("picture.png".as_ref()),
    );
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(&path)?.write_all(content)?;
    Ok(path)
}

/// What the person typed, as an input. Nothing for an empty line.
fn read(terminal: &Terminal, line: &str) -> Option<Input> {
    let line = line.trim();
    if line.is_empty() {
        return None;
    }
    if let Some(name) = line.strip_prefix('/') {
        return Some(match name {
            "start" => Input::Start {
                language: language(),
            },
            name => {
                Command::named(name).map_or_else(|| Input::Text(line.to_owned()), Input::Command)
            }
        });
    }
    match terminal.find(line) {
        Some(b) => Some(Press::read(&b.data).map_or(Input::UnknownPress, Input::Press)),
        None => Some(Input::Text(line.to_owned())),
    }
}

/// The language and region of the terminal, such as `en-GB`.
fn language() -> Option<String> {
    let set = ["LC_ALL", "LC_MESSAGES", "LANG"]
        .into_iter()
        .find_map(|v| std::env::var(v).ok().filter(|v| !v.is_empty()))?;
    let name = set.split('.').next()?.replace('_', "-");
    (name != "C" && name != "POSIX").then_some(name)
}

/// Hold the conversation until the input ends or the person types /quit.
///
/// Every input and what it did is handed to `seen`, for recording.
pub async fn chat(
    bot: &Bot,
    clock: &dyn Clock,
    mut seen: impl FnMut(&Input, jiff::Timestamp),
) -> Result<(), StoreError> {
    let terminal = Terminal {
        screen: Mutex::new(Screen::default()),
    };
    let (send, mut lines) = mpsc::channel::<String>(16);
    // Reading a terminal blocks, so it has a thread of its own; it ends with the process.
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            let Ok(line) = line else { break };
            if send.blocking_send(line).is_err() {
                break;
            }
        }
    });
    let known = bot.store.load(PERSON).await?;
    let first = match known.and_then(|r| r.body.session) {
        Some(_) => Input::Command(Command::Status),
        None => Input::Start {
            language: language(),
        },
    };
    println!("  (Type a number, or words. /help, /undo, /why and /forget work. /quit leaves.)");
    let mut input = Some(first);
    loop {
        let now = clock.now();
        if let Some(input) = input.take() {
            seen(&input, now);
            let done = take(bot, PERSON, &input, &Origin::default(), now).await?;
            for view in &done.farewell {
                terminal.print(view);
            }
            if done.notice == Some("stale")
                && let Some(m) = bot.dialogue.messages.get("stale")
            {
                println!("  ({})", m.text.source());
            }
            match done.record {
                Some(record) => {
                    deliver(bot, PERSON, record, &terminal, Priority::Answer, clock).await?;
                }
                None => println!("  (Nothing is kept. Type /start to begin again.)"),
            }
        }
        let due = bot.store.load(PERSON).await?.and_then(|r| r.due);
        let wait = due.map_or(Duration::from_secs(3600), |d| clock.until(d));
        let line = tokio::select! {
            line = lines.recv() => line,
            () = tokio::time::sleep(wait) => {
                if due.is_some_and(|d| d <= clock.now()) {
                    let now = clock.now();
                    let at = now.to_zoned(jiff::tz::TimeZone::system()).strftime("%H:%M").to_string();
                    println!("\n  --- {at} ---");
                    input = Some(Input::Due);
                }
                continue;
            }
        };
        let Some(line) = line else { return Ok(()) };
        if matches!(line.trim(), "/quit" | "/exit" | "/q") {
            return Ok(());
        }
        input = read(&terminal, &line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_kept_for_its_owner_alone_and_never_outside_its_folder() {
        let one = save("backtalk-history.png", b"one").unwrap();
        let other = save("../backtalk-history.png", b"other").unwrap();
        let folders = [&one, &other].map(|path| path.parent().unwrap().to_owned());
        assert_ne!(folders[0], folders[1]);
        for (path, content) in [(&one, "one"), (&other, "other")] {
            assert_eq!(path.file_name().unwrap(), "backtalk-history.png");
            assert_eq!(std::fs::read_to_string(path).unwrap(), content);
        }
        for folder in &folders {
            assert_eq!(folder.parent().unwrap(), std::env::temp_dir());
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt;
                let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode();
                assert_eq!(mode(folder) & 0o777, 0o700);
                assert_eq!(mode(&folder.join("backtalk-history.png")) & 0o777, 0o600);
            }
            std::fs::remove_dir_all(folder).unwrap();
        }
    }
}
