//! Moving everything from one store into another: records as they are kept, the editions of the
//! dialogue, notes, dead letters.
//!
//! `store migrate` calls it, and sees to it that nobody else uses either store. Records are never
//! opened, so no key is needed: what is sealed stays sealed, under the same version. Until all is
//! there and compared, the target is marked, and [`adopt`](super::keys::adopt) refuses it.

use std::collections::BTreeSet;

use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;

use super::commons::Note;
use super::{Person, Store, StoreError, keys};

/// How many records are under way at once, so that a store can write them together.
const ABREAST: usize = 64;

/// What was moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Moved {
    /// Records that are in both stores now, and equal.
    pub people: usize,
    /// Of these, the ones that an interrupted move had left there before.
    pub before: usize,
    /// Records that were left behind, since the time they may be kept has passed.
    pub expired: usize,
    /// Dead letters.
    pub letters: usize,
}

/// Whether a move into this store was begun and not finished.
pub async fn is_half_filled(store: &dyn Store) -> Result<bool, StoreError> {
    let note = store.note(Note::Moving).await?;
    Ok(note.is_some_and(|n| !n.is_empty()))
}

/// Copy everything of those who were active after `oldest`, and compare it. `from` keeps all.
///
/// The target must hold nothing, unless a move is resumed: then what it holds must be what this
/// move put there. A move that ends early, for whatever reason, can be resumed. `progress` is told
/// how many records were seen so far.
pub async fn copy(
    from: &dyn Store,
    to: &dyn Store,
    oldest: Timestamp,
    resume: bool,
    mut progress: impl FnMut(usize),
) -> Result<Moved, StoreError> {
    let begun = may_begin(from, to, resume).await?;
    if !begun.is_complete {
        to.set_note(Note::Moving, "1").await?;
    }
    if is_half_filled(from).await? {
        to.set_note(Note::Moving, "").await?;
        return refuse("both are the same store. Give two different ones");
    }
    let used = keys::used(from).await?;
    keys::note(to, used.union(&keys::used(to).await?).copied()).await?;

    let people = from.active_between(oldest, Timestamp::MAX).await?;
    let mut moved = Moved {
        people: people.len(),
        expired: from.people().await?.len().saturating_sub(people.len()),
        ..Moved::default()
    };
    let mut copies = stream::iter(people.iter().enumerate())
        .map(|(n, person)| async move { Ok::<_, StoreError>((n, put(from, to, *person).await?)) })
        .buffered(ABREAST);
    while let Some((n, is_new)) = copies.try_next().await? {
        moved.before += usize::from(!is_new);
        progress(n + 1);
    }
    drop(copies);
    for form in from.editions().await? {
        if let Some(packed) = from.edition(form).await? {
            to.keep_edition(form, &packed).await?;
        }
    }
    moved.letters = letters(from, to, begun.is_complete).await?;
    to.durable().await?;
    compare(from, to, &people, begun.is_complete).await?;
    for note in [Note::Bot, Note::Polled] {
        if let Some(text) = from.note(note).await? {
            to.set_note(note, &text).await?;
        }
    }
    to.set_note(Note::Moving, "").await?;
    Ok(moved)
}

/// What is known when a move may begin.
struct Begun {
    /// The target was filled by an earlier move. It may hold people whom the source has no more.
    is_complete: bool,
}

fn refuse<T>(why: impl Into<String>) -> Result<T, StoreError> {
    Err(StoreError::Unusable(why.into()))
}

async fn may_begin(from: &dyn Store, to: &dyn Store, resume: bool) -> Result<Begun, StoreError> {
    if is_half_filled(from).await? {
        return refuse(
            "a move into FROM was never finished, so FROM is not whole. Finish that one first, with --resume",
        );
    }
    let (owner, other) = (from.note(Note::Bot).await?, to.note(Note::Bot).await?);
    if other.is_some() && other != owner {
        return refuse("TO belongs to another bot than FROM. Give a store that holds nothing");
    }
    let holds = to.people().await?.len();
    let letters = to.parked().await?.len();
    let is_empty = holds == 0 && letters == 0;
    if !is_empty && !resume {
        return refuse(format!(
            "TO already holds {holds} people and {letters} dead letters. Give a store that holds nothing; or, to go on with a move that was interrupted, --resume"
        ));
    }
    Ok(Begun {
        is_complete: !is_empty && !is_half_filled(to).await?,
    })
}

/// Put one record there; the answer is whether it was not there before.
async fn put(from: &dyn Store, to: &dyn Store, person: Person) -> Result<bool, StoreError> {
    match from.stored(person).await? {
        None => Ok(false),
        Some(stored) => to.restore(person, &stored).await,
    }
}

/// Park those letters that are not there yet; the answer is how many there are.
async fn letters(from: &dyn Store, to: &dyn Store, is_complete: bool) -> Result<usize, StoreError> {
    let (wanted, there) = (from.parked().await?, to.parked().await?);
    if is_complete && wanted.iter().all(|letter| there.contains(letter)) {
        return Ok(wanted.len());
    }
    let Some(missing) = wanted.strip_prefix(there.as_slice()) else {
        return refuse(
            "TO holds dead letters that FROM does not. Somebody else uses one of them: stop every bot, and begin again with a store that holds nothing",
        );
    };
    for letter in missing {
        to.park(letter).await?;
    }
    Ok(wanted.len())
}

/// Read everything again from both, and find it equal.
async fn compare(
    from: &dyn Store,
    to: &dyn Store,
    people: &[Person],
    may_hold_others: bool,
) -> Result<(), StoreError> {
    let wanted: BTreeSet<Person> = people.iter().copied().collect();
    let others = to
        .people()
        .await?
        .into_iter()
        .filter(|p| !wanted.contains(p));
    let others = others.count();
    let differ: usize = stream::iter(people)
        .map(|person| async move {
            let (here, there) = (from.stored(*person).await?, to.stored(*person).await?);
            Ok::<_, StoreError>(usize::from(here.is_none() || here != there))
        })
        .buffered(ABREAST)
        .try_fold(0, async |sum, n| Ok(sum + n))
        .await?;
    if differ == 0 && (others == 0 || may_hold_others) {
        return Ok(());
    }
    refuse(format!(
        "{differ} records in TO are not as they are in FROM, and {others} are not in FROM at all. Somebody else uses one of them: stop every bot, and begin again with a store that holds nothing"
    ))
}

/// Erase everybody in this store, and its dead letters; the answer is how many people.
pub async fn erase(store: &dyn Store) -> Result<usize, StoreError> {
    let people = store.people().await?;
    stream::iter(&people)
        .map(|person| store.forget(*person))
        .buffer_unordered(ABREAST * 4)
        .try_collect::<()>()
        .await?;
    store.clear_parked().await?;
    Ok(people.len())
}
