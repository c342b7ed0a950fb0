//! Updates as Telegram sends them: reading one, and a turn with what it asks for, never panics.
#![no_main]

use std::sync::{Arc, LazyLock};

use backtalk::telegram::inbound::{self, Inbound};
use backtalk_fuzz::{DIALOGUE, SESSIONS, seeds, step};
use libfuzzer_sys::fuzz_target;
use teloxide::types::{Me, Update};

static ME: LazyLock<Arc<Me>> = LazyLock::new(|| {
    let me = serde_json::json!({
        "id": 1, "is_bot": true, "first_name": "Backtalk", "username": "backtalk_bot",
        "can_join_groups": true, "can_read_all_group_messages": false,
        "supports_inline_queries": false, "can_connect_to_business": false, "has_main_web_app": false,
    });
    Arc::new(serde_json::from_value(me).expect("the bot itself"))
});

fuzz_target!(init: seeds::write(seeds::updates), |data: &[u8]| {
    let Ok(update) = serde_json::from_slice::<Update>(data) else {
        return;
    };
    let number = update.id.0;
    let which = number as usize % SESSIONS.len();
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let asked = runtime.block_on(inbound::read_with(&inbound::tree(), &ME, update));
    let text = std::str::from_utf8(data).expect("JSON is text");
    if let Some(quick) = backtalk::telegram::quick::read(text, ME.username()) {
        assert_eq!(quick, (number, asked.clone()));
    }
    if let Inbound::Input { input, language, .. } = asked {
        let mut session = SESSIONS[which].clone();
        if let Some(language) = language {
            backtalk::engine::meet(&DIALOGUE, &mut session, &language);
        }
        step(&DIALOGUE, &session, &input);
    }
});
