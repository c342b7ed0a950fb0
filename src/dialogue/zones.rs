//! Time zones by country, and the cities that people name them by, as `dialogues/zones.txt` gives
//! them.
//!
//! Called where somebody is asked where they are or what time it is there; `load` fills it through
//! [`read`]. What is kept of a person is the id of a zone, and [`time_zone`] gives its clock.
//! Quiet hours and reading a typed time are in `engine::quiet`.

mod name;
mod read;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::OnceLock;

use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use strsim::jaro_winkler;

pub(super) use read::read;

/// How far a clock may be from what somebody says it shows, in minutes.
const CLOCK_SLACK: i32 = 20;

/// How many close spellings are offered at most.
const MOST_CLOSE: usize = 5;

/// How near a spelling must be to be offered, from 0 to 1.
const CLOSE: f64 = 0.9;

/// Shorter names are near too many others.
const SHORTEST_CLOSE: usize = 4;

/// The zones of all countries.
#[derive(Debug, Default)]
pub struct Zones {
    /// By country code, the likeliest first.
    countries: BTreeMap<String, Vec<Zone>>,
    /// Where each spelling of a city leads, by the spelling as [`name::key`] has it. Made when the
    /// first city is looked up: most of what loads a dialogue looks up none.
    by_name: OnceLock<HashMap<String, Vec<Entry>>>,
}

/// One zone of one country.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    /// Its IANA id.
    pub id: String,
    /// About how many people live in it there, in thousands. It only orders zones.
    pub people: u32,
    /// Its cities, the largest first; there is at least one.
    pub cities: Vec<City>,
}

/// One city of a zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct City {
    /// Its English name, or what it is called there.
    pub name: String,
    /// Other spellings and names.
    pub also: Vec<String>,
}

impl Zone {
    /// The city to name it by.
    pub fn city(&self) -> &str {
        self.cities
            .first()
            .map_or(self.id.as_str(), |c| c.name.as_str())
    }
}

/// Where one spelling leads.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    country: String,
    /// The place of the zone in its country.
    zone: usize,
    /// The place of the city in its zone.
    city: usize,
}

/// A city that somebody may mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Found<'a> {
    /// Its name, as the file has it first.
    pub city: &'a str,
    /// The code of its country.
    pub country: &'a str,
    /// The IANA id of its zone.
    pub zone: &'a str,
}

/// What a clock of a country shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown<'a> {
    /// The IANA id of the likeliest zone whose clock it is.
    pub zone: &'a str,
    /// Hours and minutes, "HH:MM".
    pub clock: String,
    /// The city to name it by.
    pub city: &'a str,
}

/// The clock of a zone, from the table inside the program; nothing when the id is not in it.
pub fn time_zone(id: &str) -> Option<TimeZone> {
    TimeZoneDatabase::bundled().get(id).ok()
}

impl Zones {
    /// The zones of a country by its code, the likeliest first; none when it is not known.
    pub fn of_country(&self, code: &str) -> &[Zone] {
        self.countries
            .get(&code.to_ascii_uppercase())
            .map_or(&[], Vec::as_slice)
    }

    /// The cities that a typed name can mean: those spelt so, whatever the case, the accents and
    /// the punctuation ("Portland, Oregon" counts as "Portland"); when there is none, at most five
    /// of a close spelling. Those in `country` come first, then the likeliest.
    pub fn of_city(&self, text: &str, country: Option<&str>) -> Vec<Found<'_>> {
        let whole = name::key(text);
        let city = name::key(text.split([',', '(']).next().unwrap_or(text));
        let exact = [&whole, &city]
            .into_iter()
            .find_map(|key| self.by_name().get(key));
        match exact {
            Some(entries) => self.in_order(entries.iter().map(|e| (e, 1.0)), country),
            None => {
                let close = self.close(&city);
                let mut found = self.in_order(close.into_iter(), country);
                found.truncate(MOST_CLOSE);
                found
            }
        }
    }

    /// The zones whose clock shows this time at `now`, give or take twenty minutes: of the country
    /// when one is given, the likeliest first; otherwise the most populous zone of each distance
    /// from UTC that fits, the most populous first. None when no clock fits.
    pub fn of_clock(
        &self,
        hour: u8,
        minute: u8,
        country: Option<&str>,
        now: Timestamp,
    ) -> Vec<&Zone> {
        if hour > 23 || minute > 59 {
            return Vec::new();
        }
        let said = i32::from(hour) * 60 + i32::from(minute);
        let fits = |seconds: i32| {
            let apart = (minute_of_day(now, seconds) - said).rem_euclid(24 * 60);
            apart.min(24 * 60 - apart) <= CLOCK_SLACK
        };
        if let Some(code) = country {
            let zones = self.of_country(code).iter();
            return zones.filter(|z| offset(z, now).is_some_and(fits)).collect();
        }
        let mut zones: Vec<&Zone> = self.countries.values().flatten().collect();
        zones.sort_by_key(|z| std::cmp::Reverse(z.people));
        let mut seen = HashSet::new();
        zones.retain(|z| offset(z, now).is_some_and(|o| fits(o) && seen.insert(o)));
        zones
    }

    /// For the question what time it is for somebody: the different clocks of a country at `now`,
    /// the likeliest first, at most `most`. Two zones that agree now may differ in another season.
    pub fn clocks(&self, country: &str, now: Timestamp, most: usize) -> Vec<Shown<'_>> {
        let mut seen = HashSet::new();
        self.of_country(country)
            .iter()
            .filter_map(|zone| {
                let seconds = offset(zone, now)?;
                let minute = minute_of_day(now, seconds);
                seen.insert(seconds).then(|| Shown {
                    zone: &zone.id,
                    clock: format!("{:02}:{:02}", minute / 60, minute % 60),
                    city: zone.city(),
                })
            })
            .take(most)
            .collect()
    }

    /// Take in a zone as the last of its country; false when the country has it already.
    fn add(&mut self, country: &str, zone: Zone) -> bool {
        let zones = self.countries.entry(country.to_owned()).or_default();
        let is_new = zones.iter().all(|z| z.id != zone.id);
        if is_new {
            zones.push(zone);
        }
        is_new
    }

    /// Where each spelling leads.
    fn by_name(&self) -> &HashMap<String, Vec<Entry>> {
        self.by_name.get_or_init(|| {
            let mut out: HashMap<String, Vec<Entry>> = HashMap::new();
            for (country, zones) in &self.countries {
                for (zone, z) in zones.iter().enumerate() {
                    for (city, c) in z.cities.iter().enumerate() {
                        let names = std::iter::once(&c.name).chain(&c.also);
                        for key in names.flat_map(|name| name::keys(name)) {
                            out.entry(key).or_default().push(Entry {
                                country: country.clone(),
                                zone,
                                city,
                            });
                        }
                    }
                }
            }
            out
        })
    }

    /// What is spelt nearly like `key`, and how nearly.
    fn close(&self, key: &str) -> Vec<(&Entry, f64)> {
        let length = key.chars().count();
        if length < SHORTEST_CLOSE {
            return Vec::new();
        }
        self.by_name()
            .iter()
            .filter(|(other, _)| other.chars().count().abs_diff(length) <= 3)
            .map(|(other, entries)| (jaro_winkler(key, other), entries))
            .filter(|(near, _)| *near >= CLOSE)
            .flat_map(|(near, entries)| entries.iter().map(move |e| (e, near)))
            .collect()
    }

    /// Each city once, those in `country` first, then those that are spelt more nearly, then those
    /// that stand nearer to the beginning of their zone and country.
    fn in_order<'a>(
        &'a self,
        entries: impl Iterator<Item = (&'a Entry, f64)>,
        country: Option<&str>,
    ) -> Vec<Found<'a>> {
        let mut entries: Vec<(&Entry, f64)> = entries.collect();
        entries.sort_by(|(a, near_a), (b, near_b)| {
            let abroad = |e: &Entry| country.is_some_and(|c| !c.eq_ignore_ascii_case(&e.country));
            let place = |e: &Entry| (e.zone + e.city, e.zone);
            abroad(a)
                .cmp(&abroad(b))
                .then(near_b.total_cmp(near_a))
                .then(place(a).cmp(&place(b)))
                .then_with(|| self.people(b).cmp(&self.people(a)))
                .then_with(|| a.country.cmp(&b.country))
        });
        let mut seen = HashSet::new();
        entries
            .into_iter()
            .filter_map(|(e, _)| self.found(e))
            .filter(|found| seen.insert(*found))
            .collect()
    }

    fn people(&self, e: &Entry) -> u32 {
        self.of_country(&e.country)
            .get(e.zone)
            .map_or(0, |z| z.people)
    }

    fn found(&self, e: &Entry) -> Option<Found<'_>> {
        let (country, zones) = self.countries.get_key_value(&e.country)?;
        let zone = zones.get(e.zone)?;
        Some(Found {
            city: &zone.cities.get(e.city)?.name,
            country,
            zone: &zone.id,
        })
    }
}

/// How far the clock of a zone is ahead of UTC at a moment, in seconds.
fn offset(zone: &Zone, now: Timestamp) -> Option<i32> {
    Some(time_zone(&zone.id)?.to_offset(now).seconds())
}

/// The minute of the day on a clock so many seconds ahead of UTC, `0..1440`.
fn minute_of_day(now: Timestamp, seconds: i32) -> i32 {
    let minute = (now.as_second() + i64::from(seconds)).div_euclid(60);
    i32::try_from(minute.rem_euclid(24 * 60)).unwrap_or(0)
}

#[cfg(test)]
mod tests;
