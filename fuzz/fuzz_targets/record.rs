//! Records as a store keeps them: damaged ones are refused or carried on with, never a panic.
#![no_main]

use backtalk::engine::{session::Session, view};
use backtalk::store::record::Body;
use backtalk_fuzz::{DIALOGUE, NOW, go_on, seeds};
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: seeds::write(seeds::records), |data: &[u8]| {
    let Ok(body) = Body::read(data) else {
        return;
    };
    let again = Body::read(&body.bytes()).expect("what was written is read");
    assert_eq!(again, body);
    if let Some(session) = body.session {
        // A turn begins anew when the form is another one.
        let session = Session { form: DIALOGUE.form, ..session };
        for entry in &body.owed {
            view::render(&DIALOGUE, &session, &entry.owed, NOW);
        }
        go_on(&DIALOGUE, &session);
    }
});
