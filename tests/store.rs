//! One contract for every store: written histories, random histories, and what is special to files.

#[path = "store/erasure.rs"]
mod erasure;
#[path = "store/history.rs"]
mod history;
#[path = "store/kill.rs"]
mod kill;
#[path = "store/model.rs"]
mod model;
#[path = "store/random.rs"]
mod random;
#[path = "store/redis_cluster.rs"]
mod redis_cluster;
#[path = "store/redis_failure.rs"]
mod redis_failure;
#[path = "store/redis_groups.rs"]
mod redis_groups;
#[path = "store/redis_kept.rs"]
mod redis_kept;
#[path = "store/redis_recovery.rs"]
mod redis_recovery;
#[path = "store/redis_sentinel.rs"]
mod redis_sentinel;
#[path = "store/redis_server.rs"]
mod redis_server;
#[path = "store/round_trips.rs"]
mod round_trips;
#[path = "store/shared.rs"]
mod shared;
#[path = "store/sqlite_file.rs"]
mod sqlite_file;

use std::future::Future;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use backtalk::store::{Commit, Lane, Person, Record};
use history::{Ask, Said, at, every_place, every_store, record};
use model::Model;
use tokio::runtime::Runtime;

const ANNA: i64 = 7;
const BEN: i64 = -1_000_000_000_007;
const CARA: i64 = i64::MAX;

/// Every store, and the model that random histories are compared with, says this.
fn check(history: &[(Ask, Said)]) {
    let mut model = Model::default();
    for (line, (ask, said)) in history.iter().enumerate() {
        assert_eq!(model.ask(ask), *said, "The model, line {line}: {ask:?}");
    }
    for mut subject in every_place() {
        for (line, (ask, said)) in history.iter().enumerate() {
            assert_eq!(
                subject.ask_now(ask),
                *said,
                "{}, line {line}: {ask:?}",
                subject.name
            );
        }
    }
}

/// One runtime for all tests, because a connection ends with the runtime it was made in.
fn block_on<T>(work: impl Future<Output = T>) -> T {
    static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap()
    });
    RUNTIME.block_on(work)
}

/// Ask for a commit of a record with this due time and word.
fn commit(person: i64, expected: u64, due: Option<i64>, word: &str) -> Ask {
    Ask::Commit {
        person,
        expected,
        record: Box::new(record(expected, due, &[], word)),
        update: None,
    }
}

/// Ask for a commit because of an update, which the record remembers after `seen`.
fn commit_for(person: i64, expected: u64, seen: &[i64], update: i64, word: &str) -> Ask {
    let mut record = record(expected, None, seen, word);
    record.saw(update);
    Ask::Commit {
        person,
        expected,
        record: Box::new(record),
        update: Some(update),
    }
}

#[test]
fn of_somebody_unknown_there_is_nothing() {
    check(&[
        (Ask::Load(ANNA), Said::Nothing),
        (Ask::People, Said::People(vec![])),
        (Ask::NextDue, Said::Next(None)),
        (
            Ask::Claim {
                limit: 9,
                lease_ms: 10,
                lane: Lane::Other,
            },
            Said::Claims(vec![]),
        ),
        (Ask::Forget(ANNA), Said::Done),
    ]);
}

#[test]
fn the_first_commit_is_version_one_whatever_the_record_says() {
    let ask = Ask::Commit {
        person: ANNA,
        expected: 0,
        record: Box::new(record(99, Some(5), &[3, -4], "hello")),
        update: None,
    };
    check(&[
        (ask, Said::Applied),
        (
            Ask::Load(ANNA),
            Said::Has(record(1, Some(5), &[3, -4], "hello")),
        ),
        (Ask::Load(BEN), Said::Nothing),
    ]);
}

#[test]
fn the_first_commit_of_somebody_forgotten_starts_from_nothing() {
    check(&[
        (commit(ANNA, 0, None, "before"), Said::Applied),
        (Ask::Forget(ANNA), Said::Done),
        (Ask::Load(ANNA), Said::Nothing),
        (commit(ANNA, 1, None, "late"), Said::Conflict(None)),
        (commit(ANNA, 0, None, "after"), Said::Applied),
        (Ask::Load(ANNA), Said::Has(record(1, None, &[], "after"))),
    ]);
}

#[test]
fn a_stale_version_gives_the_record_that_stands() {
    let standing = record(2, Some(8), &[], "two");
    check(&[
        (commit(ANNA, 0, None, "one"), Said::Applied),
        (commit(ANNA, 1, Some(8), "two"), Said::Applied),
        (
            commit(ANNA, 1, None, "late"),
            Said::Conflict(Some(standing.clone())),
        ),
        (
            commit(ANNA, 0, None, "later"),
            Said::Conflict(Some(standing.clone())),
        ),
        (
            commit(ANNA, 3, None, "early"),
            Said::Conflict(Some(standing.clone())),
        ),
        (
            commit(ANNA, u64::MAX, None, "mad"),
            Said::Conflict(Some(standing.clone())),
        ),
        (Ask::Load(ANNA), Said::Has(standing)),
    ]);
}

#[test]
fn an_update_seen_before_changes_nothing_whatever_the_version() {
    let standing = record(2, None, &[40, 30], "two");
    let already = || Said::Already(standing.clone());
    check(&[
        (commit_for(ANNA, 0, &[], 40, "one"), Said::Applied),
        (commit_for(ANNA, 1, &[40], 30, "two"), Said::Applied),
        (commit_for(ANNA, 1, &[40], 30, "again"), already()),
        (commit_for(ANNA, 2, &[40, 30], 40, "again"), already()),
        (commit_for(ANNA, 0, &[], 40, "again"), already()),
        (commit_for(ANNA, 77, &[], 30, "again"), already()),
        (Ask::Load(ANNA), Said::Has(standing.clone())),
        (commit_for(BEN, 0, &[], 40, "mine"), Said::Applied),
    ]);
}

#[test]
fn an_update_may_have_any_number() {
    let (least, most) = (i64::MIN, i64::MAX);
    let standing = || Said::Already(record(3, None, &[least, most, 0], "three"));
    check(&[
        (commit_for(ANNA, 0, &[], least, "one"), Said::Applied),
        (commit_for(ANNA, 1, &[least], most, "two"), Said::Applied),
        (
            commit_for(ANNA, 2, &[least, most], 0, "three"),
            Said::Applied,
        ),
        (commit_for(ANNA, 3, &[], least, "again"), standing()),
        (commit_for(ANNA, 3, &[], most, "again"), standing()),
        (commit_for(ANNA, 3, &[], 0, "again"), standing()),
        (
            commit_for(ANNA, 2, &[], 256, "late"),
            Said::Conflict(Some(record(3, None, &[least, most, 0], "three"))),
        ),
    ]);
}

#[test]
fn those_who_are_due_are_claimed_soonest_first_and_no_more_than_asked_for() {
    check(&[
        (commit(ANNA, 0, Some(30), "anna"), Said::Applied),
        (commit(BEN, 0, Some(20), "ben"), Said::Applied),
        (commit(CARA, 0, Some(10), "cara"), Said::Applied),
        (commit(1, 0, None, "never"), Said::Applied),
        (Ask::At(9), Said::Done),
        (
            Ask::Claim {
                limit: 9,
                lease_ms: 100,
                lane: Lane::Other,
            },
            Said::Claims(vec![]),
        ),
        (Ask::At(29), Said::Done),
        (
            Ask::Claim {
                limit: 0,
                lease_ms: 100,
                lane: Lane::Other,
            },
            Said::Claims(vec![]),
        ),
        (
            Ask::Claim {
                limit: 1,
                lease_ms: 100,
                lane: Lane::Other,
            },
            Said::Claims(vec![(CARA, record(1, Some(10), &[], "cara"))]),
        ),
        (
            Ask::Claim {
                limit: 9,
                lease_ms: 100,
                lane: Lane::Other,
            },
            Said::Claims(vec![(BEN, record(1, Some(20), &[], "ben"))]),
        ),
        (Ask::At(30), Said::Done),
        (
            Ask::Claim {
                limit: 9,
                lease_ms: 100,
                lane: Lane::Other,
            },
            Said::Claims(vec![(ANNA, record(1, Some(30), &[], "anna"))]),
        ),
    ]);
}

#[test]
fn a_lease_holds_until_it_ends() {
    let claimed = || Said::Claims(vec![(ANNA, record(1, Some(10), &[], "anna"))]);
    check(&[
        (commit(ANNA, 0, Some(10), "anna"), Said::Applied),
        (Ask::At(10), Said::Done),
        (
            Ask::Claim {
                limit: 9,
                lease_ms: 5,
                lane: Lane::Other,
            },
            claimed(),
        ),
        (Ask::HeldBefore, Said::People(vec![])),
        (
            Ask::Claim {
                limit: 9,
                lease_ms: 5,
                lane: Lane::Other,
            },
            Said::Claims(vec![]),
        ),
        (Ask::At(14), Said::Done),
        (
            Ask::Claim {
                limit: 9,
                lease_ms: 5,
                lane: Lane::Other,
            },
            Said::Claims(vec![]),
        ),
        (Ask::At(15), Said::Done),
        (
            Ask::Claim {
                limit: 9,
                lease_ms: 5,
                lane: Lane::Other,
            },
            claimed(),
        ),
        (Ask::HeldBefore, Said::People(vec![ANNA])),
    ]);
}

#[test]
fn a_commit_ends_a_lease_and_what_changes_nothing_does_not() {
    let standing = record(1, Some(10), &[40], "anna");
    let first = Ask::Commit {
        person: ANNA,
        expected: 0,
        record: Box::new(standing.clone()),
        update: None,
    };
    check(&[
        (first, Said::Applied),
        (Ask::At(10), Said::Done),
        (
            Ask::Claim {
                limit: 9,
                lease_ms: 90,
                lane: Lane::Other,
            },
            Said::Claims(vec![(ANNA, standing.clone())]),
        ),
        (
            commit_for(ANNA, 1, &[], 40, "again"),
            Said::Already(standing.clone()),
        ),
        (
            commit(ANNA, 0, Some(10), "late"),
            Said::Conflict(Some(standing)),
        ),
        (
            Ask::Claim {
                limit: 9,
                lease_ms: 90,
                lane: Lane::Other,
            },
            Said::Claims(vec![]),
        ),
        (commit(ANNA, 1, Some(11), "next"), Said::Applied),
        (Ask::NextDue, Said::Next(Some(11))),
        (Ask::At(11), Said::Done),
        (
            Ask::Claim {
                limit: 9,
                lease_ms: 90,
                lane: Lane::Other,
            },
            Said::Claims(vec![(ANNA, record(2, Some(11), &[], "next"))]),
        ),
        (Ask::HeldBefore, Said::People(vec![])),
    ]);
}

#[test]
fn it_is_time_to_look_again_when_the_next_is_due_or_a_lease_ends() {
    check(&[
        (commit(1, 0, None, "never"), Said::Applied),
        (Ask::NextDue, Said::Next(None)),
        (commit(ANNA, 0, Some(10), "anna"), Said::Applied),
        (commit(BEN, 0, Some(50), "ben"), Said::Applied),
        (Ask::NextDue, Said::Next(Some(10))),
        (Ask::At(12), Said::Done),
        (Ask::NextDue, Said::Next(Some(10))),
        (
            Ask::Claim {
                limit: 9,
                lease_ms: 30,
                lane: Lane::Other,
            },
            Said::Claims(vec![(ANNA, record(1, Some(10), &[], "anna"))]),
        ),
        (Ask::NextDue, Said::Next(Some(42))),
        (Ask::At(42), Said::Done),
        (Ask::NextDue, Said::Next(Some(42))),
        (commit(ANNA, 1, None, "done"), Said::Applied),
        (Ask::NextDue, Said::Next(Some(50))),
        (Ask::Forget(BEN), Said::Done),
        (Ask::NextDue, Said::Next(None)),
    ]);
}

/// Ask for a commit of a record that is due in the first lane.
fn commit_first(person: i64, expected: u64, due: i64, word: &str) -> Ask {
    Ask::Commit {
        person,
        expected,
        record: Box::new(first(expected, due, word)),
        update: None,
    }
}

/// A record that is due in the first lane.
fn first(version: u64, due: i64, word: &str) -> Record {
    Record {
        lane: Lane::First,
        ..record(version, Some(due), &[], word)
    }
}

/// Ask who is due in this lane.
fn claim(lane: Lane) -> Ask {
    Ask::Claim {
        limit: 9,
        lease_ms: 100,
        lane,
    }
}

#[test]
fn each_lane_is_claimed_by_itself_soonest_first() {
    check(&[
        (commit(ANNA, 0, Some(10), "anna"), Said::Applied),
        (commit_first(BEN, 0, 30, "ben"), Said::Applied),
        (commit_first(CARA, 0, 20, "cara"), Said::Applied),
        (Ask::NextDue, Said::Next(Some(10))),
        (Ask::NextDueIn(Lane::First), Said::Next(Some(20))),
        (Ask::NextDueIn(Lane::Other), Said::Next(Some(10))),
        (Ask::At(30), Said::Done),
        (
            claim(Lane::First),
            Said::Claims(vec![
                (CARA, first(1, 20, "cara")),
                (BEN, first(1, 30, "ben")),
            ]),
        ),
        (claim(Lane::First), Said::Claims(vec![])),
        (Ask::NextDueIn(Lane::First), Said::Next(Some(130))),
        (
            claim(Lane::Other),
            Said::Claims(vec![(ANNA, record(1, Some(10), &[], "anna"))]),
        ),
        // A lease that ends leaves them in their lane.
        (Ask::At(130), Said::Done),
        (
            claim(Lane::Other),
            Said::Claims(vec![(ANNA, record(1, Some(10), &[], "anna"))]),
        ),
        (
            claim(Lane::First),
            Said::Claims(vec![
                (BEN, first(1, 30, "ben")),
                (CARA, first(1, 20, "cara")),
            ]),
        ),
    ]);
}

#[test]
fn a_commit_moves_a_person_from_lane_to_lane_and_leaves_nothing_in_the_other() {
    check(&[
        (commit(ANNA, 0, Some(10), "calm"), Said::Applied),
        (commit_first(ANNA, 1, 20, "urgent"), Said::Applied),
        (Ask::NextDueIn(Lane::Other), Said::Next(None)),
        (Ask::Load(ANNA), Said::Has(first(2, 20, "urgent"))),
        (Ask::At(20), Said::Done),
        (claim(Lane::Other), Said::Claims(vec![])),
        (
            claim(Lane::First),
            Said::Claims(vec![(ANNA, first(2, 20, "urgent"))]),
        ),
        (commit(ANNA, 2, Some(40), "calm again"), Said::Applied),
        (Ask::NextDueIn(Lane::First), Said::Next(None)),
        (Ask::NextDueIn(Lane::Other), Said::Next(Some(40))),
        (commit_first(ANNA, 3, 50, "urgent again"), Said::Applied),
        (commit(ANNA, 4, None, "done"), Said::Applied),
        (Ask::NextDue, Said::Next(None)),
        (commit_first(ANNA, 5, 60, "once more"), Said::Applied),
        (Ask::Forget(ANNA), Said::Done),
        (commit_first(BEN, 0, 60, "ben"), Said::Applied),
        (Ask::Sweep(0), Said::Swept(1)),
        (Ask::NextDue, Said::Next(None)),
    ]);
}

#[test]
fn people_are_told_in_order_of_their_numbers() {
    check(&[
        (commit(CARA, 0, None, "cara"), Said::Applied),
        (commit(0, 0, None, "terminal"), Said::Applied),
        (commit(BEN, 0, None, "ben"), Said::Applied),
        (commit(ANNA, 0, None, "anna"), Said::Applied),
        (Ask::Forget(0), Said::Done),
        (Ask::People, Said::People(vec![BEN, ANNA, CARA])),
    ]);
}

#[test]
fn a_damaged_body_is_unreadable_and_stops_nobody_else() {
    check(&[
        (commit_for(ANNA, 0, &[], 40, "first"), Said::Applied),
        (commit(ANNA, 1, Some(10), "anna"), Said::Applied),
        (commit(BEN, 0, Some(20), "ben"), Said::Applied),
        (Ask::Damage(ANNA), Said::Done),
        (Ask::Load(ANNA), Said::Unreadable),
        (commit(ANNA, 0, None, "late"), Said::Unreadable),
        (Ask::Load(BEN), Said::Has(record(1, Some(20), &[], "ben"))),
        (Ask::At(20), Said::Done),
        (
            Ask::Claim {
                limit: 1,
                lease_ms: 30,
                lane: Lane::Other,
            },
            Said::Claims(vec![(BEN, record(1, Some(20), &[], "ben"))]),
        ),
        (Ask::NextDue, Said::Next(Some(50))),
        (Ask::People, Said::People(vec![BEN, ANNA])),
        (Ask::Forget(ANNA), Said::Done),
        (commit(ANNA, 0, None, "anew"), Said::Applied),
        (Ask::Load(ANNA), Said::Has(record(1, None, &[], "anew"))),
    ]);
}

#[test]
fn nobody_is_claimed_a_fraction_of_a_millisecond_early() {
    let due = at(10) + Duration::from_nanos(1);
    let early = Duration::from_secs(1);
    for subject in every_store() {
        block_on(async {
            let mut new = record(0, None, &[], "anna");
            new.due = Some(due);
            subject
                .store
                .commit(Person(ANNA), 0, &new, None)
                .await
                .unwrap();
            let just_before = subject
                .store
                .claim_due(at(10), 1, early, Lane::Other)
                .await
                .unwrap();
            assert_eq!(just_before, [], "{}", subject.name);
            let next = subject.store.next_due(&Lane::ALL).await.unwrap();
            assert_eq!(next, Some(at(11)), "{}", subject.name);
        });
    }
}

#[test]
fn an_endless_lease_and_the_end_of_time_are_no_trouble() {
    for subject in every_store() {
        block_on(async {
            let mut new = record(0, None, &[], "anna");
            new.due = Some(jiff::Timestamp::MAX);
            subject
                .store
                .commit(Person(ANNA), 0, &new, None)
                .await
                .unwrap();
            let now = jiff::Timestamp::MAX;
            let claims = subject
                .store
                .claim_due(now, 1, Duration::MAX, Lane::Other)
                .await
                .unwrap();
            assert_eq!(claims.len(), 1, "{}", subject.name);
            assert!(
                subject.store.next_due(&Lane::ALL).await.unwrap().is_some(),
                "{}",
                subject.name
            );
        });
    }
}

#[test]
fn whoever_is_let_go_of_is_due_again_as_before() {
    let claim = || Ask::Claim {
        limit: 9,
        lease_ms: 45,
        lane: Lane::Other,
    };
    let anna = || Said::Claims(vec![(ANNA, record(1, Some(5), &[], "hello"))]);
    check(&[
        (commit(ANNA, 0, Some(5), "hello"), Said::Applied),
        (Ask::At(10), Said::Done),
        (claim(), anna()),
        (claim(), Said::Claims(vec![])),
        // Somebody else's claim, and nobody's.
        (Ask::Release(ANNA, 7), Said::Done),
        (Ask::Release(BEN, 1), Said::Done),
        (Ask::NextDue, Said::Next(Some(55))),
        (Ask::Release(ANNA, 1), Said::Done),
        (Ask::NextDue, Said::Next(Some(5))),
        (claim(), anna()),
        (Ask::HeldBefore, Said::People(vec![])),
        // What was committed meanwhile holds.
        (commit(ANNA, 1, None, "done"), Said::Applied),
        (Ask::Release(ANNA, 1), Said::Done),
        (Ask::Release(ANNA, 2), Said::Done),
        (Ask::NextDue, Said::Next(None)),
    ]);
}

#[test]
fn of_many_who_commit_at_once_exactly_one_is_applied() {
    for subject in every_store() {
        let store = subject.store.clone();
        let applied = block_on(async {
            let mut tries = tokio::task::JoinSet::new();
            for n in 0..100 {
                let store = Arc::clone(&store);
                let new = record(0, None, &[], &format!("try {n}"));
                tries
                    .spawn(async move { store.commit(Person(ANNA), 0, &new, None).await.unwrap() });
            }
            let said = tries.join_all().await;
            said.into_iter()
                .filter(|commit| *commit == Commit::Applied)
                .count()
        });
        assert_eq!(applied, 1, "{}", subject.name);
    }
}
