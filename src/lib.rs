//! Backtalk: a Telegram bot that triages a back spasm and coaches the person through it.
//!
//! In reading order:

/// A dialogue: facts, rules, screens, plan and words, read from files and checked once.
pub mod dialogue;
/// From facts to advice: which rules fire, how urgent it is, what the plan leaves out.
pub mod assess;
/// The conversation: `step(dialogue, session, input, now) -> Step`.
pub mod engine;
/// The plan: packs by the clock and the gates, and the lines of each page.
pub mod plan;
/// Someone who answers the real screens from a set of facts.
pub mod answerer;
/// Vignettes: cases with expected results.
pub mod vignettes;
/// Replay files: read, written, held against what happened.
pub mod replay;
/// Where records live.
pub mod store;
