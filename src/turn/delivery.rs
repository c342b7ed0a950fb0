//! Sending what a record owes, and settling what was sent.

use super::*;

/// Send everything that this record owes and bring the question message up to date; then settle.
///
/// What could not be sent stays owed. The answer is the record as it stands, or nothing when it
/// was changed by somebody else meanwhile and their delivery will follow.
pub async fn deliver(
    bot: &Bot,
    person: Person,
    record: Record,
    channel: &dyn Channel,
    now: Timestamp,
) -> Result<(), StoreError> {
    let d = &*bot.dialogue;
    let Some(session) = record.body.session.clone() else {
        return Ok(());
    };
    if !has_undelivered(d, &record, now) {
        return Ok(());
    }
    let mut done = Delivered::default();
    let outcome = send_all(d, &session, &record, person, channel, now, &mut done).await;
    match outcome {
        Ok(()) => {}
        Err(SendError::Gone) => {
            take(bot, person, &Input::Blocked, &Origin::default(), now).await?;
            done.gone = true;
        }
        Err(SendError::Later(wait)) => done.wait = Some(wait),
        Err(SendError::NoMessage) => {}
    }
    settle(bot, person, record, done, now).await
}

#[derive(Default)]
pub(super) struct Delivered {
    sent: Vec<u32>,
    folded: Vec<i64>,
    shown: Option<Shown>,
    gone: bool,
    wait: Option<Duration>,
}

pub(super) async fn send_all(
    d: &Dialogue,
    session: &Session,
    record: &Record,
    person: Person,
    channel: &dyn Channel,
    now: Timestamp,
    done: &mut Delivered,
) -> Result<(), SendError> {
    let body = &record.body;
    let mut owed: Vec<&OwedEntry> = body.owed.iter().collect();
    owed.sort_by_key(|o| (o.owed.priority() != 0, o.number));
    for entry in owed {
        if entry.owed == Owed::Export {
            channel
                .file(
                    person,
                    "backtalk.json",
                    &engine::export::export(d, session, now),
                )
                .await?;
        } else {
            let view = view::render(d, session, &entry.owed, now);
            // What a log no longer holds cannot be told; it must not stand in the way of others.
            for part in parts(view).into_iter().filter(|v| !v.text.is_empty()) {
                channel.send(person, &part, entry.owed.priority()).await?;
            }
        }
        done.sent.push(entry.number);
    }
    let open = view::view(d, session, now);
    if let Some(open) = &open {
        let view = hash(open);
        match body.shown {
            Some(shown) if shown.view == view => {}
            Some(shown) => match channel.edit(person, shown.message, open).await {
                Ok(()) => done.shown = Some(Shown { view, ..shown }),
                Err(SendError::NoMessage) => {
                    let message = channel.send(person, open, 2).await?;
                    done.shown = Some(Shown { message, view });
                }
                Err(other) => return Err(other),
            },
            None => {
                let message = channel.send(person, open, 2).await?;
                done.shown = Some(Shown { message, view });
            }
        }
    }
    if !body.folding.is_empty() {
        let state = State::of(d, session);
        let folded = if state.open {
            let text = d
                .messages
                .get("moved")
                .map(|m| m.text.source().to_owned())
                .unwrap_or_default();
            View {
                text,
                rows: Vec::new(),
            }
        } else {
            view::folded(d, session, &state)
        };
        for &message in &body.folding {
            match channel.edit(person, message, &folded).await {
                Ok(()) | Err(SendError::NoMessage) => done.folded.push(message),
                Err(other) => return Err(other),
            }
        }
    }
    Ok(())
}

/// Store what was sent, whatever happened to the record meanwhile.
pub(super) async fn settle(
    bot: &Bot,
    person: Person,
    record: Record,
    done: Delivered,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut found = if done.gone {
        bot.store.load(person).await?.unwrap_or_default()
    } else {
        record
    };
    for _ in 0..MOST_CONFLICTS {
        let mut next = found.clone();
        let body = &mut next.body;
        body.owed.retain(|o| !done.sent.contains(&o.number));
        body.folding.retain(|m| !done.folded.contains(m));
        if let Some(shown) = done.shown {
            body.shown = Some(shown);
        }
        if done.gone {
            body.owed.clear();
            body.folding.clear();
        }
        if done.wait.is_some() {
            for o in &mut body.owed {
                o.attempts = o.attempts.saturating_add(1);
            }
        }
        next.due = if done.gone {
            None
        } else {
            due(&bot.dialogue, &next, now)
        };
        if let (Some(wait), Some(_)) = (done.wait, next.due) {
            let wait = SignedDuration::try_from(wait)
                .unwrap_or(DELIVERY_LEASE)
                .max(back_off(&next));
            let timer = next
                .body
                .session
                .as_ref()
                .and_then(|s| rounds::next_due(&bot.dialogue, s));
            next.due = [Some(now + wait), timer].into_iter().flatten().min();
        }
        match bot.store.commit(person, found.version, &next, None).await? {
            Commit::Applied | Commit::Already(_) => return Ok(()),
            Commit::Conflict(Some(other)) => found = other,
            // Forgotten meanwhile: nothing to settle.
            Commit::Conflict(None) => return Ok(()),
        }
    }
    Err(StoreError::Unavailable(
        "too many others are writing the same record".into(),
    ))
}

/// The most characters of one message, by the Bot API.
pub(super) const MOST_CHARACTERS: usize = 4096;

/// A long message in parts that a messenger takes; the buttons stand under the last.
pub(super) fn parts(view: View) -> Vec<View> {
    if view.text.chars().count() <= MOST_CHARACTERS {
        return vec![view];
    }
    let mut texts: Vec<String> = vec![String::new()];
    for paragraph in view.text.split_inclusive("\n") {
        let last = texts.len() - 1;
        if texts[last].chars().count() + paragraph.chars().count() > MOST_CHARACTERS {
            texts.push(String::new());
        }
        let last = texts.len() - 1;
        texts[last].extend(paragraph.chars().take(MOST_CHARACTERS));
    }
    let count = texts.len();
    texts
        .into_iter()
        .enumerate()
        .map(|(n, text)| View {
            text,
            rows: if n + 1 == count {
                view.rows.clone()
            } else {
                Vec::new()
            },
        })
        .collect()
}
