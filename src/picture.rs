//! Temporary.
use jiff::Timestamp;
use crate::dialogue::Dialogue;
use crate::engine::Session;
/// tmp
pub fn of_session(_: &Dialogue, _: &Session, _: Timestamp) -> Result<Vec<u8>, std::fmt::Error> { Err(std::fmt::Error) }
