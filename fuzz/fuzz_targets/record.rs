//! Records as a store keeps them: damaged ones are refused or carried on with, never a panic.
#![no_main]

use backtalk::engine::{session::Session, view};
use backtalk::store::Record;
use backtalk_fuzz::{DIALOGUE, NOW, go_on, seeds};
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: seeds::write(seeds::records), |data: &[u8]| {
    let Ok(record) = Record::read(1, None, Vec::new(), data) else {
        return;
    };
    let bytes = record.body_bytes();
    let again = Record::read(1, None, Vec::new(), &bytes).expect("what was written is read");
    assert_eq!(again, record);
    if let Some(session) = record.body.session {
        // A turn begins anew when the form is another one.
        let session = Session { form: DIALOGUE.form, ..session };
        for entry in &record.body.owed {
            view::render(&DIALOGUE, &session, &entry.owed, NOW);
        }
        go_on(&DIALOGUE, &session);
    }
});
