//! What is asked of the file. Each function runs inside a transaction of `writer`.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, named_params, params};

use super::fault::Fault;
use crate::store::commons::{DeadLetter, MOST_LETTERS};
use crate::store::seal::{self, Keyring};
use crate::store::stored::{self, Stored};
use crate::store::{Claim, Commit, Lane, Person, StoreError, UpdateId};

const COLUMNS: &str = "version, due_ms, active_ms, seen, body, is_first";

/// What is kept of a person.
pub fn standing(file: &Connection, person: Person) -> Result<Option<Stored>, Fault> {
    file.prepare_cached(&format!("SELECT {COLUMNS} FROM record WHERE person = ?1"))?
        .query([person.0])?
        .next()?
        .map(read)
        .transpose()
}

/// Put `new` in the place of version `expected`.
pub fn commit(
    file: &Connection,
    keys: &Keyring,
    person: Person,
    expected: u64,
    new: &Stored,
    update: Option<UpdateId>,
) -> Result<Commit, Fault> {
    let standing = standing(file, person)?;
    if let Some(why) = stored::hindrance(person, standing.as_ref(), expected, update, keys)? {
        return Ok(why);
    }
    put(file, person, new)?;
    // What was kept as it is and is sealed now must not stay readable in the gaps of the file.
    let was_open = standing.is_some_and(|s| seal::key_of(&s.body).is_none());
    mark_deleted(
        file,
        usize::from(was_open && seal::key_of(&new.body).is_some()),
    )?;
    Ok(Commit::Applied)
}

/// Keep `stored` of a person of whom nothing is kept; the answer is whether nothing was.
pub fn restore(file: &Connection, person: Person, stored: &Stored) -> Result<bool, Fault> {
    let is_new = standing(file, person)?.is_none();
    if is_new {
        put(file, person, stored)?;
    }
    Ok(is_new)
}

fn put(file: &Connection, person: Person, new: &Stored) -> Result<(), Fault> {
    file.prepare_cached(
        "INSERT INTO record (person, version, due_ms, wake_ms, is_first, active_ms, seen, body)
         VALUES (:person, :version, :due_ms, :due_ms, :is_first, :active_ms, :seen, :body)
         ON CONFLICT (person) DO UPDATE SET
             version = :version, due_ms = :due_ms, wake_ms = :due_ms, is_first = :is_first,
             active_ms = :active_ms, seen = :seen, body = :body",
    )?
    .execute(named_params! {
        ":person": person.0,
        ":version": new.version.cast_signed(),
        ":due_ms": new.due_ms,
        ":is_first": new.lane == Lane::First,
        ":active_ms": new.active_ms,
        ":seen": serde_json::json!(new.seen).to_string(),
        ":body": new.body,
    })?;
    Ok(())
}

/// Hold up to `limit` people of a lane who are due until `until_ms`.
pub fn claim_due(
    file: &Connection,
    keys: &Keyring,
    now_ms: i64,
    limit: usize,
    until_ms: i64,
    lane: Lane,
) -> Result<Vec<Claim>, Fault> {
    let mut due = file.prepare_cached(&format!(
        "SELECT {COLUMNS}, person, wake_ms FROM record WHERE is_first = ?2 AND wake_ms <= ?1
         ORDER BY wake_ms, person"
    ))?;
    let mut rows = due.query(params![now_ms, lane == Lane::First])?;
    let mut held = Vec::new();
    let mut claims = Vec::new();
    while claims.len() < limit
        && let Some(row) = rows.next()?
    {
        let person = Person(row.get(6)?);
        held.push(person);
        match read(row) {
            Ok(stored) => claims.extend(stored.claim(person, row.get(7)?, keys)),
            Err(Fault::Record(why)) => tracing::error!("somebody is due, but {why}"),
            Err(other) => return Err(other),
        }
    }
    drop(rows);
    let mut hold = file.prepare_cached("UPDATE record SET wake_ms = ?2 WHERE person = ?1")?;
    for person in held {
        hold.execute([person.0, until_ms])?;
    }
    Ok(claims)
}

/// Let go of somebody who was claimed at this version.
pub fn release(file: &Connection, person: Person, version: u64) -> Result<(), Fault> {
    file.prepare_cached("UPDATE record SET wake_ms = due_ms WHERE person = ?1 AND version = ?2")?
        .execute(params![person.0, version.cast_signed()])?;
    Ok(())
}

/// The soonest moment to look at anybody of these lanes.
pub fn next_due(file: &Connection, lanes: &[Lane]) -> Result<Option<Timestamp>, Fault> {
    let mut soonest = file.prepare_cached(
        "SELECT min(wake_ms) FROM record WHERE is_first = ?1 AND wake_ms IS NOT NULL",
    )?;
    let mut found: Option<i64> = None;
    for lane in lanes {
        let next = soonest.query_row([*lane == Lane::First], |row| row.get(0))?;
        found = [found, next].into_iter().flatten().min();
    }
    Ok(found.map(stored::instant).transpose()?)
}

/// Delete a person, and leave the mark on which [`scrub`](super::file::StoreFile::scrub) acts.
pub fn forget(file: &Connection, person: Person) -> Result<(), Fault> {
    file.prepare_cached("DELETE FROM letter WHERE person = ?1")?
        .execute([person.0])?;
    let deleted = file
        .prepare_cached("DELETE FROM record WHERE person = ?1")?
        .execute([person.0])?;
    mark_deleted(file, deleted)
}

/// Delete everybody who was last active at or before this; the answer is how many.
pub fn sweep(file: &Connection, until_ms: i64) -> Result<usize, Fault> {
    file.prepare_cached(
        "DELETE FROM letter WHERE person IN (SELECT person FROM record WHERE active_ms <= ?1)",
    )?
    .execute([until_ms])?;
    let deleted = file
        .prepare_cached("DELETE FROM record WHERE active_ms <= ?1")?
        .execute([until_ms])?;
    mark_deleted(file, deleted)?;
    Ok(deleted)
}

fn mark_deleted(file: &Connection, deleted: usize) -> Result<(), Fault> {
    if deleted > 0 {
        file.execute("INSERT OR REPLACE INTO meta VALUES ('forgetting', 1)", [])?;
    }
    Ok(())
}

/// Everybody, in order of their numbers.
pub fn people(file: &Connection) -> Result<Vec<Person>, Fault> {
    active_between(file, i64::MIN, i64::MAX)
}

/// Everybody who was last active after the one and at or before the other.
pub fn active_between(
    file: &Connection,
    after_ms: i64,
    until_ms: i64,
) -> Result<Vec<Person>, Fault> {
    let mut people = file.prepare_cached(
        "SELECT person FROM record WHERE active_ms > ?1 AND active_ms <= ?2 ORDER BY person",
    )?;
    let people = people.query_map([after_ms, until_ms], |row| row.get(0).map(Person))?;
    Ok(people.collect::<Result<_, _>>()?)
}

fn read(row: &Row<'_>) -> Result<Stored, Fault> {
    let seen: String = row.get(3)?;
    Ok(Stored {
        version: row.get::<_, i64>(0)?.cast_unsigned(),
        due_ms: row.get(1)?,
        lane: match row.get(5)? {
            true => Lane::First,
            false => Lane::Other,
        },
        active_ms: row.get(2)?,
        seen: serde_json::from_str(&seen)
            .map_err(|_| StoreError::Unreadable("its update numbers are damaged".into()))?,
        body: row.get(4)?,
    })
}

/// The note of this name.
pub fn note(file: &Connection, name: &str) -> Result<Option<String>, Fault> {
    Ok(file
        .prepare_cached("SELECT text FROM note WHERE name = ?1")?
        .query_row([name], |row| row.get(0))
        .optional()?)
}

/// The rest of the names of all notes whose names begin so, in order.
pub fn notes_after(file: &Connection, start: &str) -> Result<Vec<String>, Fault> {
    let mut all = file.prepare_cached(
        "SELECT substr(name, length(?1) + 1) FROM note
         WHERE substr(name, 1, length(?1)) = ?1 ORDER BY name",
    )?;
    let names = all.query_map([start], |row| row.get(0))?;
    Ok(names.collect::<Result<_, _>>()?)
}

/// Write the note of this name.
pub fn set_note(file: &Connection, name: &str, text: &str) -> Result<(), Fault> {
    file.prepare_cached("INSERT OR REPLACE INTO note VALUES (?1, ?2)")?
        .execute([name, text])?;
    Ok(())
}

/// Take the note of this name away if it says this.
pub fn unset_note(file: &Connection, name: &str, text: &str) -> Result<(), Fault> {
    file.prepare_cached("DELETE FROM note WHERE name = ?1 AND text = ?2")?
        .execute([name, text])?;
    Ok(())
}

/// Count a try to handle an update.
pub fn attempt(file: &Connection, update: UpdateId) -> Result<u32, Fault> {
    Ok(file
        .prepare_cached(
            "INSERT INTO attempt VALUES (?1, 1)
             ON CONFLICT (update_id) DO UPDATE SET count = count + 1 RETURNING count",
        )?
        .query_row([update], |row| row.get(0))?)
}

/// Forget all counts of tries.
pub fn calm(file: &Connection) -> Result<(), Fault> {
    file.execute("DELETE FROM attempt", [])?;
    Ok(())
}

/// Keep a dead letter, and no more than the most.
pub fn park(file: &Connection, letter: &DeadLetter) -> Result<(), Fault> {
    file.prepare_cached(
        "INSERT INTO letter (at_ms, person, update_id, why) VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute(params![
        letter.at_ms,
        letter.person,
        letter.update,
        letter.why
    ])?;
    file.prepare_cached(
        "DELETE FROM letter WHERE number <= (SELECT max(number) FROM letter) - ?1",
    )?
    .execute([MOST_LETTERS])?;
    Ok(())
}

/// All dead letters, oldest first.
pub fn parked(file: &Connection) -> Result<Vec<DeadLetter>, Fault> {
    let mut letters =
        file.prepare_cached("SELECT at_ms, person, update_id, why FROM letter ORDER BY number")?;
    let letters = letters.query_map([], |row| {
        Ok(DeadLetter {
            at_ms: row.get(0)?,
            person: row.get(1)?,
            update: row.get(2)?,
            why: row.get(3)?,
        })
    })?;
    Ok(letters.collect::<Result<_, _>>()?)
}

/// Throw all dead letters away.
pub fn clear_parked(file: &Connection) -> Result<(), Fault> {
    file.execute("DELETE FROM letter", [])?;
    Ok(())
}
