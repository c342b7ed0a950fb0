//! Dialogue files: the first byte chooses a file of a small dialogue that has one of everything (the
//! shipped one takes thirty times as long to load). Then either 0 and the text that stands in its place,
//! or 1, a place, a length, and the text that replaces that much there.
#![no_main]

use std::sync::LazyLock;

use backtalk::dialogue::issue::{self, Sources};
use backtalk::dialogue::load;
use backtalk_fuzz::seeds;
use libfuzzer_sys::fuzz_target;

static SMALL: LazyLock<Sources> = LazyLock::new(seeds::small_dialogue);

fuzz_target!(init: seeds::write(seeds::dialogue_files), |data: &[u8]| {
    let [which, rest @ ..] = data else { return };
    let mut sources = SMALL.clone();
    let count = sources.len();
    let Some(text) = sources.values_mut().nth(usize::from(*which) % count) else {
        return;
    };
    match rest {
        [0, whole @ ..] => *text = String::from_utf8_lossy(whole).into_owned(),
        [_, a, b, length, words @ ..] => {
            let from = usize::from(u16::from_le_bytes([*a, *b])) % (text.len() + 1);
            let from = text.floor_char_boundary(from);
            let to = text.ceil_char_boundary((from + usize::from(*length)).min(text.len()));
            text.replace_range(from..to, &String::from_utf8_lossy(words));
        }
        _ => return,
    }
    match load::load(&sources, "sample") {
        Err(issues) => {
            assert!(!issues.is_empty());
            issue::print(&issues, &sources, false);
        }
        Ok(d) => {
            backtalk_fuzz::go_on(&d, &backtalk::engine::begin(&d));
        }
    }
});
