//! Pictures on their way out: what arrives, and what errors mean for whoever sends them.

use std::sync::Arc;
use std::time::Duration;

use backtalk::dialogue::Disposition;
use backtalk::picture::{Day, History, Words, png};
use backtalk::store::Person;
use backtalk::store::memory::MemoryStore;
use backtalk::turn::{Channel, LONGEST_CAPTION, SendError};
use jiff::civil::date;

use crate::emulator::Fault;
use crate::inside::Inside;
use crate::stage::ANN;

const NAME: &str = "backtalk-history.png";

async fn inside() -> Inside {
    let inside = Inside::new(Arc::new(MemoryStore::new()), 1000).await;
    inside.telegram.person(ANN).already_started();
    inside
}

async fn send(inside: &Inside, png: &[u8], caption: &str) -> Result<i64, SendError> {
    let sender = &inside.shared.sender;
    sender.photo(Person(ANN), NAME, png, caption).await
}

fn picture() -> Vec<u8> {
    let word = |text: &str| text.to_owned();
    let words = Words {
        pain: word("Pain"),
        worst: word("worst"),
        ice: word("Ice"),
        heat: word("Heat"),
        check_ins: word("Check-ins"),
        no_pain_yet: word("No score yet"),
        none_yet: word("none"),
        today: word("today"),
        months: std::array::from_fn(|_| word("Mar")),
        self_care: word("Self-care"),
        routine: word("Routine"),
        soon: word("Soon"),
        urgent: word("Urgent"),
        emergency: word("Emergency"),
    };
    let day = Day {
        date: date(2026, 3, 2),
        pain: Some(5),
        worst: None,
        ice: 1,
        heat: 0,
        told: vec![Disposition::SelfCare],
        checked_in: true,
    };
    let history = History {
        title: word("Today"),
        days: vec![day],
        words,
    };
    png(&history).expect("A picture.")
}

#[tokio::test]
async fn a_picture_arrives_with_its_caption_or_without_one() {
    let inside = inside().await;
    let png = picture();
    let first = send(&inside, &png, "  A day.\n").await.expect("Sent.");
    send(&inside, &png, " ").await.expect("Sent.");
    let chat = inside.telegram.chat(ANN);
    assert_eq!(chat.messages()[0].id, first);
    let pictures = chat.pictures();
    let captions: Vec<_> = pictures.iter().map(|(_, words)| words.as_str()).collect();
    assert_eq!(captions, ["A day.", ""]);
    assert_eq!(
        (pictures[0].0.name.as_str(), &pictures[0].0.bytes),
        (NAME, &png)
    );
}

#[tokio::test]
async fn a_caption_that_is_too_long_is_cut() {
    let inside = inside().await;
    for long in ["word ".repeat(400), "🙂".repeat(LONGEST_CAPTION)] {
        send(&inside, &picture(), &long).await.expect("Sent.");
        let (_, caption) = inside.telegram.chat(ANN).pictures().pop().expect("One.");
        let kept = caption.strip_suffix('…').expect("It is cut.");
        assert!(long.starts_with(kept) && caption.chars().count() > 500);
        assert!(caption.encode_utf16().count() <= LONGEST_CAPTION);
    }
    let just_right = "x".repeat(LONGEST_CAPTION);
    send(&inside, &picture(), &just_right).await.expect("Sent.");
    let pictures = inside.telegram.chat(ANN).pictures();
    assert_eq!(pictures[2].1, just_right);
}

#[tokio::test]
async fn errors_mean_what_they_mean_for_a_message() {
    let inside = inside().await;
    let refused = send(&inside, b"no picture", "").await;
    assert_eq!(refused, Err(SendError::Refused));
    let flood = Fault::Flood { retry_after: 3 };
    inside.telegram.fault(flood).on("sendPhoto").arm();
    let later = send(&inside, &picture(), "").await;
    assert!(matches!(later, Err(SendError::Later(wait)) if wait >= Duration::from_secs(3)));

    let gone = Inside::new(Arc::new(MemoryStore::new()), 1000).await;
    gone.telegram.person(ANN).already_started().block_bot();
    assert_eq!(send(&gone, &picture(), "").await, Err(SendError::Gone));
}
