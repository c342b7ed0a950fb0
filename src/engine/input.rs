//! What can happen to a session.

use jiff::Timestamp;

use super::press::Press;

/// One input. There is an answer to every one, in every state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// The person opened the chat, or sent /start; with the messenger's language code.
    Start { language: Option<String> },
    /// A button was pressed.
    Press(Press),
    /// A button that this program did not make, or cannot read any more.
    UnknownPress,
    /// Words were typed.
    Text(String),
    /// An earlier message was changed to these words, or they stand under a picture.
    Edited(String),
    /// A command was sent.
    Command(Command),
    /// A photo, voice message, sticker or anything else that cannot be read.
    Media,
    /// A timer is due.
    Due,
    /// The person blocked the bot.
    Blocked,
    /// The bot was away for longer than the messenger keeps presses, and the person has done
    /// nothing since this moment, when it came back: what they pressed may be lost.
    Away { since: Timestamp },
}

impl Input {
    /// Whether the person did this, and not time or the messenger.
    pub fn is_theirs(&self) -> bool {
        !matches!(self, Input::Due | Input::Blocked | Input::Away { .. })
    }
}

/// The commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// What the bot is.
    Help,
    /// The emergency numbers.
    Emergency,
    /// No more messages.
    Stop,
    /// Where we are.
    Status,
    /// The plan.
    Plan,
    /// The summary.
    Summary,
    /// Why this question, or why this verdict.
    Why,
    /// Take the last answer back.
    Undo,
    /// Begin again from nothing.
    Restart,
    /// What is kept.
    Privacy,
    /// All that is kept, as a file.
    Export,
    /// Erase everything.
    Forget,
    /// Country, time and quiet hours.
    Settings,
    /// The time zone.
    Timezone,
    /// What is coming.
    Reminders,
    /// No reminders for a while.
    Pause,
    /// Reminders again.
    Resume,
    /// The picture of the days.
    History,
}

impl Command {
    /// Every command with its name and what the messenger's menu says of it.
    pub const ALL: &'static [(&'static str, Command, &'static str)] = &[
        ("help", Command::Help, "What I can do"),
        ("emergency", Command::Emergency, "Numbers to call now"),
        ("stop", Command::Stop, "Stop all messages"),
        ("status", Command::Status, "Where we are"),
        ("plan", Command::Plan, "Your plan"),
        ("summary", Command::Summary, "A summary for a doctor"),
        ("why", Command::Why, "Why I ask, or why I say so"),
        ("undo", Command::Undo, "Take back the last answer"),
        ("restart", Command::Restart, "Start a new check"),
        ("privacy", Command::Privacy, "What I keep about you"),
        ("export", Command::Export, "All I keep, as a file"),
        ("forget", Command::Forget, "Delete everything"),
        ("reminders", Command::Reminders, "What is coming, and when"),
        ("pause", Command::Pause, "No reminders for a while"),
        ("resume", Command::Resume, "Reminders again"),
        ("history", Command::History, "Your days as a picture"),
        ("timezone", Command::Timezone, "Set your time"),
        (
            "settings",
            Command::Settings,
            "Country, time and quiet hours",
        ),
    ];

    /// The command of that name, without the slash.
    pub fn named(name: &str) -> Option<Command> {
        let name = name.to_ascii_lowercase();
        Command::ALL
            .iter()
            .find(|(n, _, _)| *n == name)
            .map(|(_, c, _)| *c)
    }
}
