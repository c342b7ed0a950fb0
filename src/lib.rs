//! Backtalk: a Telegram bot that triages a back spasm and coaches the person through it.
//!
//! In reading order:

/// Someone who answers the real screens from a set of facts.
pub mod answerer;
/// Wires it all; starts and stops gracefully.
pub mod app;
/// From facts to advice: which rules fire, how urgent it is, what the plan leaves out.
pub mod assess;
/// The commands.
pub mod cli;
/// The only reader of the time.
pub mod clock;
/// One time for all processes of a bot.
pub mod common_time;
/// Settings, from flags and environment.
pub mod config;
/// A dialogue: facts, rules, screens, plan and words, read from files and checked once.
pub mod dialogue;
/// Looks at everything that a bot needs, and says what to do about it.
pub mod doctor;
/// The editions of a dialogue, kept in the store for talks that began with them.
pub mod editions;
/// The conversation: `step(dialogue, session, input, now) -> Step`. Pure and total.
pub mod engine;
/// Places at which a test can have the process die.
pub mod fail_point;
/// The sign of life of a running bot.
pub mod heartbeat;
/// The HTTP server: whether the process is well, and what it counts.
pub mod http;
/// Invitation codes: signed, expiring, and made without keeping anything. Pure.
pub mod invite;
/// Logs: text or JSON, and which update a line belongs to.
pub mod logs;
/// What the bot counts of itself, and never anything about a person.
pub mod metrics;
/// Whether the laws, the cases and the replays notice a dialogue with one thing wrong.
pub mod mutants;
/// The picture of `/history`, from days to PNG. Pure.
pub mod picture;
/// The plan: packs by the clock and the gates, and the lines of each page. Pure.
pub mod plan;
/// All answers, not some: the laws of a dialogue, and what a change does to people. Pure.
pub mod proof;
/// Whether the loops of this process still go round.
pub mod pulse;
/// Quiet hours and days in a person's own time, and the times that people type. Pure.
pub mod quiet;
/// Whether this process may be sent work.
pub mod readiness;
/// Wakes people who are due.
pub mod reminder;
/// Replay files: a conversation that is also a test. Pure.
pub mod replay;
/// Drives turns through a replay file.
pub mod replay_run;
/// The scorecard: how often cases get the advice they should, beside published figures. Pure.
pub mod score;
/// The dialogue files, from a folder or built into the program.
pub mod shipped;
/// Where records live: one small contract that every store keeps.
pub mod store;
/// Opens the store that the settings choose, with all that belongs to it.
pub mod store_open;
/// The conversation in Telegram.
pub mod telegram;
/// The same conversation in a terminal.
pub mod terminal;
/// Load, step, commit, deliver: the one place where the pure core meets I/O.
pub mod turn;
/// What a new version of the dialogue means for those who talk: counted, moved, told.
pub mod versions;
/// Vignettes: cases with expected results.
pub mod vignettes;
/// What would change an advice, and what keeps it from being self-care. Pure.
pub mod what_if;
