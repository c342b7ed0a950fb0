//! Where the fuzzer begins: a few inputs of each kind that are whole. They are made from the shipped
//! files and the tests, so that they never grow old.

use std::path::{Path, PathBuf};

use backtalk::dialogue::issue::Sources;
use backtalk::engine::view;
use backtalk::shipped;
use backtalk::store::{OwedEntry, Record, Shown};

use crate::{DIALOGUE, NOW, SESSIONS};

/// Names the folder that seeds are to be written to. `scripts/fuzz` sets it.
const FOLDER: &str = "BACKTALK_SEEDS";

/// Write these seeds, when a folder is named for them.
pub fn write(seeds: impl FnOnce() -> Vec<Vec<u8>>) {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    for (n, seed) in seeds().iter().enumerate() {
        let path = Path::new(&folder).join(format!("seed_{n:04}"));
        std::fs::write(path, seed).expect("the folder for seeds can be written");
    }
}

/// Updates of every kind that the bot asks Telegram for, and one that it does not.
pub fn updates() -> Vec<Vec<u8>> {
    const PERSON: &str = r#"{"id":42,"is_bot":false,"first_name":"A","language_code":"en-GB"}"#;
    const PRIVATE: &str = r#"{"id":42,"type":"private","first_name":"A"}"#;
    const GROUP: &str = r#"{"id":-100,"type":"supergroup","title":"G"}"#;
    let message = |chat: &str, rest: &str| {
        format!(r#"{{"message_id":7,"date":1772487600,"from":{PERSON},"chat":{chat},{rest}}}"#)
    };
    let words = |text: &str| format!(r#""text":"{text}""#);
    let photo = r#""photo":[{"file_id":"a","file_unique_id":"b","width":9,"height":9}]"#;
    let voice = r#""voice":{"file_id":"a","file_unique_id":"b","duration":3}"#;
    let member = |status: &str| {
        format!(r#"{{"user":{{"id":1,"is_bot":true,"first_name":"B"}},"status":"{status}"}}"#)
    };
    let press = |data: &str, message: &str| {
        format!(
            r#"{{"callback_query":{{"id":"1","from":{PERSON},"chat_instance":"1","data":"{data}","message":{message}}}}}"#
        )
    };
    let shown = message(PRIVATE, &words("?"));
    let kinds = [
        format!(r#"{{"message":{}}}"#, message(PRIVATE, &words("/start"))),
        format!(
            r#"{{"message":{}}}"#,
            message(PRIVATE, &words("numb between the legs"))
        ),
        format!(r#"{{"message":{}}}"#, message(PRIVATE, photo)),
        format!(
            r#"{{"message":{}}}"#,
            message(PRIVATE, &format!(r#"{photo},"caption":"it hurts""#))
        ),
        format!(r#"{{"message":{}}}"#, message(PRIVATE, voice)),
        format!(
            r#"{{"message":{}}}"#,
            message(GROUP, &words("/help@backtalk_bot"))
        ),
        format!(
            r#"{{"edited_message":{}}}"#,
            message(PRIVATE, &words("about 3 days"))
        ),
        press("17t3", &shown),
        press("1!consent", &shown),
        press("0a1", &message(GROUP, &words("?"))),
        press(
            "0a1",
            &format!(r#"{{"message_id":7,"date":0,"chat":{PRIVATE}}}"#),
        ),
        format!(
            r#"{{"my_chat_member":{{"chat":{PRIVATE},"from":{PERSON},"date":1,"old_chat_member":{},"new_chat_member":{}}}}}"#,
            member("member"),
            r#"{"user":{"id":1,"is_bot":true,"first_name":"B"},"status":"kicked","until_date":0}"#
        ),
        r#"{"poll":{"id":"1"}}"#.to_owned(),
    ];
    let number = |(n, kind): (usize, String)| {
        format!(r#"{{"update_id":{n},{}"#, kind.trim_start_matches('{')).into_bytes()
    };
    kinds.into_iter().enumerate().map(number).collect()
}

/// Records of conversations at many points, the way the store keeps them.
pub fn records() -> Vec<Vec<u8>> {
    let record = |(n, session): (usize, &backtalk::engine::Session)| {
        let mut record = Record::default();
        record.body.session = Some(session.clone());
        record.body.shown = Some(Shown {
            message: 7,
            view: 9,
        });
        record.body.folding = vec![5, 6];
        record.body.owed = vec![OwedEntry {
            number: n as u32,
            owed: backtalk::engine::Owed::Summary,
            attempts: 1,
            refused: 0,
        }];
        record.body.bytes()
    };
    SESSIONS.iter().step_by(7).enumerate().map(record).collect()
}

/// What the buttons of those conversations carry, each with the number of its conversation in front.
pub fn presses() -> Vec<Vec<u8>> {
    let of = |(n, session): (usize, &backtalk::engine::Session)| {
        let view = view::view(&DIALOGUE, session, NOW).unwrap_or_default();
        let front = (n as u16).to_le_bytes();
        let seed = |b: &backtalk::engine::Button| [&front[..], b.data.as_bytes()].concat();
        view.buttons().map(seed).collect::<Vec<_>>()
    };
    SESSIONS
        .iter()
        .enumerate()
        .step_by(5)
        .flat_map(of)
        .collect()
}

/// The small dialogue that the examples of `check` break.
pub fn small_dialogue() -> Sources {
    shipped::folder(&tests().join("check/base")).expect("the dialogue of the tests")
}

/// Each file of that dialogue as a whole, each example that breaks one, and small changes.
pub fn dialogue_files() -> Vec<Vec<u8>> {
    let files = small_dialogue();
    let mut out = Vec::new();
    for (n, text) in files.values().enumerate() {
        out.push([&[n as u8, 0][..], text.as_bytes()].concat());
        for (at, words) in [
            (40_u16, "\n- x: 1\n"),
            (300, "{ $words }"),
            (900, " AND x > 3"),
        ] {
            let [a, b] = at.to_le_bytes();
            out.push([&[n as u8, 1, a, b, 4], words.as_bytes()].concat());
        }
    }
    for example in read_all(&tests().join("check")) {
        let text = String::from_utf8(example).unwrap_or_default();
        let replaced = text
            .lines()
            .next()
            .and_then(|l| l.strip_prefix("# replaces: "));
        if let Some(n) = replaced.and_then(|file| files.keys().position(|f| f == file)) {
            out.push([&[n as u8, 0][..], text.as_bytes()].concat());
        }
    }
    out
}

/// The replay files of the tests.
pub fn replays() -> Vec<Vec<u8>> {
    let folder = tests().join("replays");
    [folder.join("back_spasm"), folder.join("samples")]
        .iter()
        .flat_map(|f| read_all(f))
        .collect()
}

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests")
}

/// The files of a folder, in the order of their names.
fn read_all(folder: &Path) -> Vec<Vec<u8>> {
    let entries = std::fs::read_dir(folder).expect("a folder of the tests");
    let mut paths: Vec<PathBuf> = entries.flatten().map(|e| e.path()).collect();
    paths.retain(|p| p.is_file());
    paths.sort();
    paths
        .iter()
        .map(|p| std::fs::read(p).expect("a file of the tests"))
        .collect()
}
