//! Replay files: what is read and written again says the same; what cannot be read is explained.
#![no_main]

use backtalk::replay;
use backtalk_fuzz::seeds;
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: seeds::write(seeds::replays), |data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    for parse in [replay::parse, replay::parse_draft] {
        match parse(text) {
            Ok(read) => {
                let written = replay::print(&read);
                let again = parse(&written).unwrap_or_else(|errors| {
                    panic!("{}", replay::explain("written.replay", &written, &errors))
                });
                assert_eq!(again, read, "\n{written}");
                assert_eq!(replay::print(&again), written);
            }
            Err(errors) => {
                replay::explain("x.replay", text, &errors);
            }
        }
    }
});
