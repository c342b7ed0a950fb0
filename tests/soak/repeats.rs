//! New messages that came twice without a cause.

use std::collections::HashMap;
use std::sync::Arc;

use backtalk::dialogue::Dialogue;
use serde_json::Value;

use crate::emulator::Request;
use crate::faultless::{Words, new_messages};
use crate::person::Somebody;

/// The messages about our own failures: they come because of a crash, and answer nothing.
const EXCUSES: [&str; 3] = ["error", "full", "busy"];

/// What came too often.
#[derive(Debug, Default)]
pub struct Repeats {
    pub total: usize,
    /// The most that one person got after one crash.
    pub most: usize,
    pub excuses: usize,
    /// The first words of what one person got most.
    pub example: String,
}

/// Count them. A repetition belongs to the last crash before it; `marks` tells how many requests
/// there were at each.
pub async fn count(
    d: &Arc<Dialogue>,
    people: &[Somebody],
    requests: &[Request],
    marks: &[usize],
) -> Repeats {
    let mut sent: HashMap<i64, Vec<(usize, Words)>> = HashMap::new();
    for (place, request) in requests.iter().enumerate() {
        if request.method == "sendMessage"
            && request.status == Some(200)
            && let Some(chat) = request.chat
        {
            sent.entry(chat)
                .or_default()
                .push((place, words(&request.body)));
        }
    }
    let excuses = EXCUSES.map(|id| d.messages[id].text.source());
    let mut repeats = Repeats::default();
    for person in people {
        let mut left = new_messages(d, person.id, &person.did).await;
        let mut seen = HashMap::new();
        let mut by_crash: HashMap<usize, usize> = HashMap::new();
        for (place, words) in sent.remove(&person.id).unwrap_or_default() {
            if excuses.contains(&words.0.as_str()) {
                repeats.excuses += 1;
                continue;
            }
            let due = left.entry(words.clone()).or_default();
            let times = seen.entry(words.clone()).or_insert(0_usize);
            *times += 1;
            // Of several taps in a row only the last is shown, perhaps in a message of its own.
            if *times > (*due).max(1) {
                let crash = marks.partition_point(|mark| *mark <= place);
                let here = by_crash.entry(crash).or_default();
                *here += 1;
                repeats.total += 1;
                if *here > repeats.most {
                    repeats.most = *here;
                    repeats.example = format!("person {}: {}", person.id, words.0);
                }
            }
        }
    }
    repeats
}

fn words(body: &Value) -> Words {
    let rows = body["reply_markup"]["inline_keyboard"].as_array();
    let buttons = rows
        .into_iter()
        .flatten()
        .filter_map(Value::as_array)
        .flatten();
    let data = buttons.filter_map(|button| button["callback_data"].as_str());
    let text = body["text"].as_str().unwrap_or_default();
    (text.to_owned(), data.map(str::to_owned).collect())
}
