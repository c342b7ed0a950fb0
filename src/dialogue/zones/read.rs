//! The text of `zones.txt`, line by line: the zones, or what is wrong with each line.

use std::collections::HashSet;
use std::ops::Range;

use jiff::tz::TimeZoneDatabase;

use super::{City, Zone, Zones};
use crate::dialogue::issue::did_you_mean;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::dialogue) struct Wrong {
    /// The bytes it is about.
    pub(in crate::dialogue) span: Range<usize>,
    /// What is wrong, in one sentence.
    pub(in crate::dialogue) message: String,
    /// How to cure it.
    pub(in crate::dialogue) cure: String,
}

/// Read the file. What is wrong with a line is told, and the line left out.
pub(in crate::dialogue) fn read(text: &str) -> (Zones, Vec<Wrong>) {
    let known: Vec<String> = TimeZoneDatabase::bundled()
        .available()
        .map(|name| name.to_string())
        .collect();
    let known: HashSet<&str> = known.iter().map(String::as_str).collect();
    let mut zones = Zones::default();
    let mut wrong = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let row = line.trim_end_matches(['\n', '\r']);
        if !row.trim().is_empty()
            && !row.starts_with('#')
            && let Err((part, message, cure)) = take(row, &known, &mut zones)
        {
            wrong.push(Wrong {
                span: start + part.start..start + part.end,
                message,
                cure,
            });
        }
        start += line.len();
    }
    (zones, wrong)
}

/// What is wrong with a line: the bytes in it, the message, the cure.
type Said = (Range<usize>, String, String);

/// Take in one line.
fn take(row: &str, known: &HashSet<&str>, zones: &mut Zones) -> Result<(), Said> {
    let columns: Vec<&str> = row.split('\t').collect();
    let &[country, id, people, listed] = columns.as_slice() else {
        return Err((
            0..row.len(),
            format!("this line has {} columns in place of 4", columns.len()),
            "Write country code, zone id, people in thousands and cities, with one tab between them."
                .to_owned(),
        ));
    };
    let at = |column: &str| {
        let begin = column.as_ptr().addr() - row.as_ptr().addr();
        begin..begin + column.len()
    };
    if country.len() != 2 || !country.bytes().all(|b| b.is_ascii_uppercase()) {
        return Err((
            at(country),
            format!("`{country}` is not a country code"),
            "Write two capital letters, such as GB.".to_owned(),
        ));
    }
    if !known.contains(id) {
        let mut all: Vec<&str> = known.iter().copied().collect();
        all.sort_unstable();
        return Err((
            at(id),
            format!("there is no time zone `{id}`"),
            did_you_mean(id, all),
        ));
    }
    let thousands: u32 = people.parse().map_err(|_| {
        (
            at(people),
            format!("`{people}` is not a number of people"),
            "Write them in thousands, such as 58775; 0 when it is not known.".to_owned(),
        )
    })?;
    let cities = split(listed).map_err(|cure| {
        (
            at(listed),
            format!("the cities of `{id}` cannot be read"),
            cure.to_owned(),
        )
    })?;
    let zone = Zone {
        id: id.to_owned(),
        people: thousands,
        cities,
    };
    if !zones.add(country, zone) {
        return Err((
            at(id),
            format!("`{id}` stands twice for `{country}`"),
            "Keep one line for each zone of a country.".to_owned(),
        ));
    }
    Ok(())
}

/// "Munich (München), Berlin" as cities, or what to do about it.
fn split(text: &str) -> Result<Vec<City>, &'static str> {
    let mut out = Vec::new();
    let mut rest = text;
    loop {
        let end = rest.find([',', '(', ')']).unwrap_or(rest.len());
        let (name, mut behind) = rest.split_at(end);
        let mut also = Vec::new();
        if let Some(inner) = behind.strip_prefix('(') {
            let close = inner
                .find(['(', ')'])
                .filter(|&i| inner[i..].starts_with(')'));
            let (others, after) =
                inner.split_at(close.ok_or("Close the round bracket behind the other spellings.")?);
            also = others.split(',').map(|o| o.trim().to_owned()).collect();
            behind = after[1..].trim_start();
        }
        let name = name.trim().to_owned();
        let is_empty = |name: &String| !name.chars().any(char::is_alphanumeric);
        if is_empty(&name) || also.iter().any(is_empty) {
            return Err("Name at least one city, and nothing empty between commas.");
        }
        out.push(City { name, also });
        match behind.strip_prefix(',') {
            Some(next) => rest = next,
            None if behind.is_empty() => return Ok(out),
            None => return Err("Write a comma between two cities."),
        }
    }
}
