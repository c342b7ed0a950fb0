//! What is asked of the file. Each function runs inside a transaction of `writer`.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, named_params};

use super::fault::Fault;
use crate::store::stored::{self, Stored};
use crate::store::{Claim, Commit, Person, Record, StoreError, UpdateId};

/// The record of a person.
pub fn load(file: &Connection, person: Person) -> Result<Option<Record>, Fault> {
    Ok(standing(file, person)?.map(Stored::read).transpose()?)
}

/// Put `new` in the place of version `expected`.
pub fn commit(
    file: &Connection,
    person: Person,
    expected: u64,
    new: &Stored,
    update: Option<UpdateId>,
) -> Result<Commit, Fault> {
    if let Some(hindrance) = stored::hindrance(standing(file, person)?, expected, update)? {
        return Ok(hindrance);
    }
    file.prepare_cached(
        "INSERT INTO record (person, version, due_ms, seen, body)
         VALUES (:person, :version, :due_ms, :seen, :body)
         ON CONFLICT (person) DO UPDATE SET
             version = :version, due_ms = :due_ms, lease_until_ms = NULL,
             seen = :seen, body = :body",
    )?
    .execute(named_params! {
        ":person": person.0,
        ":version": new.version.cast_signed(),
        ":due_ms": new.due_ms,
        ":seen": serde_json::json!(new.seen).to_string(),
        ":body": new.body,
    })?;
    Ok(Commit::Applied)
}

/// Hold up to `limit` people who are due until `until_ms`.
pub fn claim_due(
    file: &Connection,
    now_ms: i64,
    limit: usize,
    until_ms: i64,
) -> Result<Vec<Claim>, Fault> {
    let mut due = file.prepare_cached(
        "SELECT version, due_ms, seen, body, person FROM record
         WHERE due_ms <= ?1 AND (lease_until_ms IS NULL OR lease_until_ms <= ?1)
         ORDER BY due_ms, person",
    )?;
    let mut rows = due.query([now_ms])?;
    let mut held = Vec::new();
    let mut claims = Vec::new();
    while claims.len() < limit
        && let Some(row) = rows.next()?
    {
        let person = Person(row.get(4)?);
        held.push(person);
        claims.extend(read(row)?.claim(person));
    }
    drop(rows);
    let mut hold =
        file.prepare_cached("UPDATE record SET lease_until_ms = ?2 WHERE person = ?1")?;
    for person in held {
        hold.execute([person.0, until_ms])?;
    }
    Ok(claims)
}

/// The soonest due time of those who are not held, or end of a lease of those who are.
pub fn next_due(file: &Connection, now_ms: i64) -> Result<Option<Timestamp>, Fault> {
    let due: Option<i64> = file
        .prepare_cached(
            "SELECT due_ms FROM record
             WHERE due_ms IS NOT NULL AND (lease_until_ms IS NULL OR lease_until_ms <= ?1)
             ORDER BY due_ms LIMIT 1",
        )?
        .query_row([now_ms], |row| row.get(0))
        .optional()?;
    let lease_end: Option<i64> = file
        .prepare_cached("SELECT min(lease_until_ms) FROM record WHERE lease_until_ms > ?1")?
        .query_row([now_ms], |row| row.get(0))?;
    let soonest = due.into_iter().chain(lease_end).min();
    Ok(soonest.map(stored::instant).transpose()?)
}

/// Delete a person, and leave the mark on which [`scrub`](super::file::StoreFile::scrub) acts.
pub fn forget(file: &Connection, person: Person) -> Result<(), Fault> {
    let deleted = file
        .prepare_cached("DELETE FROM record WHERE person = ?1")?
        .execute([person.0])?;
    if deleted > 0 {
        file.execute("INSERT OR REPLACE INTO meta VALUES ('forgetting', 1)", [])?;
    }
    Ok(())
}

/// Everybody, in order of their numbers.
pub fn people(file: &Connection) -> Result<Vec<Person>, Fault> {
    let mut people = file.prepare_cached("SELECT person FROM record ORDER BY person")?;
    let people = people.query_map([], |row| row.get(0).map(Person))?;
    Ok(people.collect::<Result<_, _>>()?)
}

fn standing(file: &Connection, person: Person) -> Result<Option<Stored>, Fault> {
    file.prepare_cached("SELECT version, due_ms, seen, body FROM record WHERE person = ?1")?
        .query([person.0])?
        .next()?
        .map(read)
        .transpose()
}

fn read(row: &Row<'_>) -> Result<Stored, Fault> {
    let seen: String = row.get(2)?;
    Ok(Stored {
        version: row.get::<_, i64>(0)?.cast_unsigned(),
        due_ms: row.get(1)?,
        seen: serde_json::from_str(&seen)
            .map_err(|_| StoreError::Unreadable("its update numbers are damaged".into()))?,
        body: row.get(3)?,
    })
}
