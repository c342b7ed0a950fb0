//! Callback data: two bytes choose the conversation, the rest is what a button carries.
#![no_main]

use backtalk::engine::{Input, Press, State};
use backtalk_fuzz::{DIALOGUE, SESSIONS, seeds, step};
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: seeds::write(seeds::presses), |data: &[u8]| {
    let [a, b, data @ ..] = data else { return };
    let Some(press) = std::str::from_utf8(data).ok().and_then(Press::read) else {
        return;
    };
    assert_eq!(Press::read(&press.to_string()), Some(press.clone()));
    let session = &SESSIONS[usize::from(u16::from_le_bytes([*a, *b])) % SESSIONS.len()];
    step(&DIALOGUE, session, &Input::Press(press.clone()));
    // The same as a button of the open question, which an old visit never reaches.
    let visit = State::of(&DIALOGUE, session).visit;
    let open = Input::Press(Press { visit, ..press });
    if let Some(after) = step(&DIALOGUE, session, &open) {
        step(&DIALOGUE, &after, &open);
    }
});
