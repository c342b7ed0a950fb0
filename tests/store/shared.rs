//! What processes share beside the records, and how records are moved, in every store.

use std::time::Duration;

use backtalk::engine::session::Form;
use backtalk::store::commons::{DeadLetter, Grant, Lead, MOST_LETTERS, Note, Process};
use backtalk::store::memory::MemoryStore;
use backtalk::store::{Commit, Lane, Person, Record, Store};
use futures_util::future::try_join_all;

use crate::block_on;
use crate::history::{at, every_place, record};

const ONE: Process = Process(u64::MAX);
const TWO: Process = Process(2);
const MINUTE: Duration = Duration::from_secs(60);

fn letter(at_ms: i64, person: Option<i64>) -> DeadLetter {
    DeadLetter {
        at_ms,
        person,
        update: Some(at_ms),
        why: "panic".into(),
    }
}

#[test]
fn one_leads_until_it_resigns_or_its_lease_ends() {
    for subject in every_place() {
        let (store, name) = (subject.store, subject.name);
        let lead = |who, lease| block_on(store.lead(who, lease)).unwrap();
        let resign = |who| block_on(store.resign(who)).unwrap();
        let clean = Lead::Leading { unclean: false };
        assert_eq!(lead(ONE, MINUTE), clean, "{name}");
        assert_eq!(lead(ONE, MINUTE), clean, "{name}");
        if store.is_shared() {
            assert_eq!(lead(TWO, MINUTE), Lead::Standby, "{name}");
            resign(TWO);
            assert_eq!(lead(TWO, MINUTE), Lead::Standby, "{name}");
        }
        resign(ONE);
        assert_eq!(lead(TWO, Duration::ZERO), clean, "{name}");
        // The lease ended at once, and nobody resigned.
        let unclean = Lead::Leading { unclean: true };
        assert_eq!(lead(ONE, MINUTE), unclean, "{name}");
        assert_eq!(lead(ONE, MINUTE), clean, "{name}");
    }
}

#[test]
fn a_process_that_went_away_without_leaving_is_remembered_for_a_while() {
    for subject in every_place() {
        let (store, name) = (subject.store, subject.name);
        let is_missed =
            |who, lease, remembered| block_on(store.present(who, lease, remembered)).unwrap();
        assert!(!is_missed(ONE, MINUTE, MINUTE), "{name}");
        assert!(!is_missed(TWO, MINUTE, MINUTE), "{name}");
        block_on(store.leave(TWO)).unwrap();
        assert!(!is_missed(ONE, MINUTE, MINUTE), "{name}");
        // Its time ended at once, and it did not leave. Of one that is alone nobody would know.
        is_missed(TWO, Duration::ZERO, MINUTE);
        std::thread::sleep(Duration::from_millis(2));
        assert_eq!(is_missed(ONE, MINUTE, MINUTE), store.is_shared(), "{name}");
        assert!(!is_missed(ONE, MINUTE, Duration::ZERO), "{name}");
        block_on(store.leave(ONE)).unwrap();
    }
}

#[test]
fn a_note_says_what_was_written_last() {
    for subject in every_place() {
        let store = subject.store;
        for note in Note::ALL {
            assert_eq!(block_on(store.note(note)).unwrap(), None);
            block_on(store.set_note(note, "first")).unwrap();
            block_on(store.set_note(note, note.name())).unwrap();
        }
        for note in Note::ALL {
            let found = block_on(store.note(note)).unwrap();
            assert_eq!(found.as_deref(), Some(note.name()), "{}", subject.name);
        }
    }
}

#[test]
fn editions_are_kept_by_form_and_what_was_kept_last_counts() {
    for subject in every_place() {
        let (store, name) = (subject.store, subject.name);
        let (one, two) = (Form([0xff; 8]), Form([0, 1, 2, 3, 4, 5, 6, 7]));
        // Any bytes, and more of them than one page of anything.
        let long: Vec<u8> = (0..200_000_u32).map(|n| (n % 251) as u8).collect();
        assert_eq!(block_on(store.editions()).unwrap(), [], "{name}");
        assert_eq!(block_on(store.edition(one)).unwrap(), None, "{name}");
        for (form, packed) in [(one, &b""[..]), (two, b"\0\xff two"), (one, &long)] {
            block_on(store.keep_edition(form, packed)).unwrap();
        }
        assert_eq!(block_on(store.editions()).unwrap(), [two, one], "{name}");
        let found = block_on(store.edition(one)).unwrap();
        assert!(found.as_ref() == Some(&long), "{name}");
        let found = block_on(store.edition(two)).unwrap();
        assert_eq!(found.as_deref(), Some(&b"\0\xff two"[..]), "{name}");
        // They are nobody's.
        block_on(store.forget(Person(7))).unwrap();
        assert_eq!(block_on(store.editions()).unwrap().len(), 2, "{name}");
    }
}

#[test]
fn tries_are_counted_by_update_until_all_is_calm() {
    for subject in every_place() {
        let attempt = |update| block_on(subject.store.attempt(update)).unwrap();
        assert_eq!([attempt(5), attempt(5), attempt(-6)], [1, 2, 1]);
        block_on(subject.store.calm()).unwrap();
        assert_eq!(attempt(5), 1, "{}", subject.name);
    }
}

#[test]
fn dead_letters_stay_in_order_and_go_with_their_person() {
    for subject in every_place() {
        let (store, name) = (subject.store, subject.name);
        let parked = || block_on(store.parked()).unwrap();
        let letters = [
            letter(1, Some(7)),
            letter(2, None),
            letter(3, Some(-7)),
            letter(4, Some(77)),
            letter(5, Some(i64::MIN)),
        ];
        for letter in &letters {
            block_on(store.park(letter)).unwrap();
        }
        assert_eq!(parked(), letters, "{name}");
        block_on(store.forget(Person(7))).unwrap();
        assert_eq!(parked(), letters[1..], "{name}");
        block_on(store.clear_parked()).unwrap();
        assert_eq!(parked(), [], "{name}");
    }
}

#[test]
fn the_oldest_dead_letters_give_way() {
    for subject in every_place() {
        let most = i64::from(MOST_LETTERS);
        for n in 0..3 {
            block_on(subject.store.park(&letter(n, None))).unwrap();
        }
        // Of those that come at the same time any may be first.
        let letters: Vec<_> = (3..most + 3).map(|n| letter(n, None)).collect();
        let parking = letters.iter().map(|letter| subject.store.park(letter));
        block_on(try_join_all(parking)).unwrap();
        let mut parked = block_on(subject.store.parked()).unwrap();
        parked.sort_by_key(|letter| letter.at_ms);
        assert!(parked == letters, "{}", subject.name);
    }
}

#[test]
fn no_more_messages_go_out_in_a_second_than_all_may_send_together() {
    for subject in every_place() {
        let (store, name) = (subject.store, subject.name);
        let all = Grant {
            count: 3,
            wait: Duration::ZERO,
        };
        assert_eq!(block_on(store.grant(3, 5)).unwrap(), all, "{name}");
        let more = block_on(store.grant(100, 5)).unwrap();
        if store.is_shared() {
            // However long it took to ask: not more than the rate at once.
            assert!(more.count <= 5, "{name}: {more:?}");
            assert!(more.wait > Duration::ZERO, "{name}: {more:?}");
            assert!(more.wait <= Duration::from_millis(200), "{name}: {more:?}");
        } else {
            assert_eq!(more.count, 100, "{name}");
        }
    }
}

#[test]
fn a_store_that_is_shared_tells_the_time_and_never_an_earlier_one() {
    for subject in every_place() {
        let (store, name) = (subject.store, subject.name);
        let time = || block_on(store.time()).unwrap();
        let first = time();
        assert_eq!(first.is_some(), store.is_shared(), "{name}");
        assert!(first <= time(), "{name}");
    }
}

#[test]
fn what_is_stored_can_be_carried_to_another_store_unopened() {
    let person = Person(-5);
    for subject in every_place() {
        let (store, name) = (subject.store, subject.name);
        let new = Record {
            lane: Lane::First,
            ..record(0, Some(9), &[4, i64::MIN], "carried")
        };
        for expected in 0..3 {
            let said = block_on(store.commit(person, expected, &new, None)).unwrap();
            assert_eq!(said, Commit::Applied);
        }
        let stored = block_on(store.stored(person)).unwrap().unwrap();
        assert_eq!((stored.version, stored.due_ms), (3, Some(9)), "{name}");
        let memory = MemoryStore::new();
        assert!(block_on(memory.restore(person, &stored)).unwrap());
        let carried = Some(Record {
            version: 3,
            ..new.clone()
        });
        assert_eq!(block_on(memory.load(person)).unwrap(), carried, "{name}");

        assert!(!block_on(store.restore(person, &stored)).unwrap(), "{name}");
        block_on(store.forget(person)).unwrap();
        assert_eq!(block_on(store.stored(person)).unwrap(), None, "{name}");
        assert!(block_on(store.restore(person, &stored)).unwrap(), "{name}");
        let next = block_on(store.next_due(&[Lane::First])).unwrap();
        assert_eq!(next, Some(at(9)), "{name}");
        assert_eq!(block_on(store.load(person)).unwrap(), carried, "{name}");
        assert_eq!(
            block_on(store.next_due(&Lane::ALL)).unwrap(),
            Some(at(9)),
            "{name}"
        );
        assert_eq!(block_on(store.people()).unwrap(), [person], "{name}");
    }
}

#[test]
fn who_was_active_when_is_known_and_swept_by_it() {
    for subject in every_place() {
        let (store, name) = (subject.store, subject.name);
        for person in 1..=40 {
            let mut new = record(0, Some(person), &[], "hello");
            new.active = at(person * 10);
            block_on(store.commit(Person(person), 0, &new, None)).unwrap();
        }
        let active = block_on(store.active_between(at(100), at(120))).unwrap();
        assert_eq!(active, [Person(11), Person(12)], "{name}");
        block_on(store.park(&letter(1, Some(50)))).unwrap();
        assert_eq!(block_on(store.sweep(at(250))).unwrap(), 25, "{name}");
        assert_eq!(block_on(store.sweep(at(250))).unwrap(), 0, "{name}");
        assert_eq!(block_on(store.people()).unwrap().len(), 15, "{name}");
        assert_eq!(block_on(store.load(Person(25))).unwrap(), None, "{name}");
        assert_eq!(
            block_on(store.next_due(&Lane::ALL)).unwrap(),
            Some(at(26)),
            "{name}"
        );
        assert_eq!(block_on(store.parked()).unwrap().len(), 1, "{name}");
    }
}
