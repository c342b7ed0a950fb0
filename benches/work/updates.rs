//! Updates as the Bot API sends them, and what reads them.

use std::sync::Arc;

use backtalk::telegram::inbound::{self, Inbound};
use dptree::Handler;
use futures_util::FutureExt;
use teloxide::dispatching::DpHandlerDescription;
use teloxide::types::Me;

/// A press under a question of four answers.
pub const PRESS: &str = r#"{"update_id":500000042,"callback_query":{"id":"4096000000172","from":{"id":1000000001,"is_bot":false,"first_name":"Ann","username":"ann_1","language_code":"en"},"message":{"message_id":91,"from":{"id":700000001,"is_bot":true,"first_name":"Bench","username":"bench_bot"},"chat":{"id":1000000001,"first_name":"Ann","username":"ann_1","type":"private"},"date":1772434800,"text":"Question 4 of 12. How strong is the pain at rest?","reply_markup":{"inline_keyboard":[[{"text":"None","callback_data":"4a0"},{"text":"Mild","callback_data":"4a1"}],[{"text":"Moderate","callback_data":"4a2"},{"text":"Severe","callback_data":"4a3"}],[{"text":"Back","callback_data":"4!back"}]]}},"chat_instance":"-3456789012345678901","data":"4a2"}}"#;

/// A first word.
pub const START: &str = r#"{"update_id":500000043,"message":{"message_id":92,"from":{"id":1000000001,"is_bot":false,"first_name":"Ann","username":"ann_1","language_code":"en"},"chat":{"id":1000000001,"first_name":"Ann","username":"ann_1","type":"private"},"date":1772434800,"text":"/start","entities":[{"offset":0,"length":6,"type":"bot_command"}]}}"#;

/// The bot itself, as getMe tells.
const ME: &str = r#"{"id":700000001,"is_bot":true,"first_name":"Bench","username":"bench_bot","can_join_groups":true,"can_read_all_group_messages":false,"supports_inline_queries":false,"can_connect_to_business":false,"has_main_web_app":false}"#;

/// What makes an input of an update.
pub struct Reader {
    tree: Handler<'static, Inbound, DpHandlerDescription>,
    me: Arc<Me>,
}

impl Reader {
    /// A reader for the bot of [`ME`].
    pub fn new() -> Reader {
        Reader {
            tree: inbound::tree(),
            me: Arc::new(serde_json::from_str(ME).expect("it is as getMe tells")),
        }
    }

    /// What an update asks for.
    pub fn read(&self, update: &str) -> Inbound {
        let read = inbound::Arrived::look(update.as_bytes(), self.me.username())
            .expect("It has a number.")
            .read(&self.tree, &self.me)
            .now_or_never();
        let read = read.expect("nothing is waited for");
        assert!(matches!(read, Inbound::Input { .. }), "somebody's input");
        read
    }
}
