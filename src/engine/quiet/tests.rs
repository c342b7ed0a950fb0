use std::sync::OnceLock;

use jiff::tz::TimeZoneDatabase;
use proptest::prelude::*;
use rstest::rstest;

use super::*;

fn zone(id: &str) -> TimeZone {
    TimeZoneDatabase::bundled().get(id).unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn hours(text: &str) -> Quiet {
    read_quiet(text).unwrap()
}

/// After `now`, quiet hours begin at `begins` and end at `ends`.
#[rstest]
#[case::a_plain_night(
    "Europe/London",
    "22:00-07:00",
    "2026-01-10T12:00Z",
    "2026-01-10T22:00Z",
    "2026-01-11T07:00Z"
)]
#[case::the_first_of_two_begins(
    "Europe/London",
    "01:30-07:00",
    "2026-10-24T12:00Z",
    "2026-10-25T00:30Z",
    "2026-10-25T07:00Z"
)]
#[case::the_last_of_two_ends(
    "Europe/London",
    "22:00-01:30",
    "2026-10-24T12:00Z",
    "2026-10-24T21:00Z",
    "2026-10-25T01:30Z"
)]
#[case::an_end_inside_a_jump(
    "Europe/London",
    "22:00-01:30",
    "2026-03-28T12:00Z",
    "2026-03-28T22:00Z",
    "2026-03-29T01:00Z"
)]
#[case::a_beginning_inside_a_jump(
    "Europe/London",
    "01:30-07:00",
    "2026-03-28T12:00Z",
    "2026-03-29T01:00Z",
    "2026-03-29T06:00Z"
)]
#[case::hours_that_no_clock_shows(
    "Europe/London",
    "01:10-01:50",
    "2026-03-28T12:00Z",
    "2026-03-30T00:10Z",
    "2026-03-30T00:50Z"
)]
#[case::three_quarters_of_an_hour(
    "Asia/Kathmandu",
    "22:00-07:00",
    "2026-01-10T12:00Z",
    "2026-01-10T16:15Z",
    "2026-01-11T01:15Z"
)]
#[case::half_an_hour_back_on_lord_howe(
    "Australia/Lord_Howe",
    "22:00-01:45",
    "2026-04-04T00:00Z",
    "2026-04-04T11:00Z",
    "2026-04-04T15:15Z"
)]
#[case::a_day_that_never_was(
    "Pacific/Apia",
    "22:00-07:00",
    "2011-12-29T12:00Z",
    "2011-12-30T08:00Z",
    "2011-12-30T17:00Z"
)]
#[case::midnight_that_was_skipped(
    "America/Sao_Paulo",
    "00:00-06:00",
    "2017-10-14T12:00Z",
    "2017-10-15T03:00Z",
    "2017-10-15T08:00Z"
)]
fn quiet_hours_begin_and_end(
    #[case] id: &str,
    #[case] quiet: &str,
    #[case] now: &str,
    #[case] begins: &str,
    #[case] ends: &str,
) {
    let (zone, quiet, begins, ends) = (zone(id), hours(quiet), at(begins), at(ends));
    assert_eq!(quiet.begins(&zone, at(now)), begins);
    assert_eq!(quiet.ends(&zone, begins), ends);
    let little = SignedDuration::from_millis(1);
    assert!(!quiet.is_quiet(&zone, begins - little));
    assert!(quiet.is_quiet(&zone, begins));
    assert!(quiet.is_quiet(&zone, ends - little));
    assert!(!quiet.is_quiet(&zone, ends));
    assert_eq!(quiet.ends(&zone, ends), ends);
}

#[test]
fn who_is_never_quiet_has_neither_beginning_nor_end() {
    let (zone, now) = (zone("Europe/London"), at("2026-01-10T23:00Z"));
    assert!(!Quiet::never().is_quiet(&zone, now));
    assert_eq!(Quiet::never().ends(&zone, now), now);
    assert_eq!(Quiet::never().begins(&zone, now), Timestamp::MAX);
}

#[rstest]
#[case::a_plain_day("Europe/London", "2026-06-10T12:00Z", "2026-06-09T23:00Z")]
#[case::midnight_skipped("America/Sao_Paulo", "2017-10-15T12:00Z", "2017-10-15T03:00Z")]
#[case::midnight_twice("America/Havana", "2025-11-02T12:00Z", "2025-11-02T04:00Z")]
#[case::after_a_day_that_never_was("Pacific/Apia", "2011-12-30T12:00Z", "2011-12-30T10:00Z")]
fn a_day_starts(#[case] id: &str, #[case] now: &str, #[case] start: &str) {
    assert_eq!(local_day_start(&zone(id), at(now)), at(start));
}

#[rstest]
#[case("2026-03-02T14:30Z", "14:30")]
#[case("2026-03-02T00:00Z", "00:00")]
#[case("2026-03-03T07:00Z", "07:00 tomorrow")]
#[case("2026-03-10T09:00Z", "Tue 10 March, 09:00")]
#[case("2026-03-01T09:00Z", "Sun 1 March, 09:00")]
#[case("2026-03-29T09:00Z", "Sun 29 March, 10:00")]
fn a_moment_in_words(#[case] moment: &str, #[case] words: &str) {
    let now = at("2026-03-02T09:00Z");
    assert_eq!(clock_words(&zone("Europe/London"), at(moment), now), words);
}

#[rstest]
#[case("14:30", Some((14, 30)))]
#[case(" 14.30 ", Some((14, 30)))]
#[case("14 30", Some((14, 30)))]
#[case("14 : 30", Some((14, 30)))]
#[case("14:30:05", Some((14, 30)))]
#[case("1430", Some((14, 30)))]
#[case("930", Some((9, 30)))]
#[case("9:05", Some((9, 5)))]
#[case("07h30", Some((7, 30)))]
#[case("7h", Some((7, 0)))]
#[case("2:30 pm", Some((14, 30)))]
#[case("2.30PM", Some((14, 30)))]
#[case("2:30 p.m.", Some((14, 30)))]
#[case("14:30 pm", Some((14, 30)))]
#[case("7am", Some((7, 0)))]
#[case("7 o'clock", Some((7, 0)))]
#[case("at 7 am", Some((7, 0)))]
#[case("12am", Some((0, 0)))]
#[case("12:15 pm", Some((12, 15)))]
#[case("noon", Some((12, 0)))]
#[case("24:00", Some((0, 0)))]
#[case("half past seven", None)]
#[case("7", None)]
#[case("25:00", None)]
#[case("14:60", None)]
#[case("14:3", None)]
#[case("14:30 am", None)]
#[case("14305", None)]
#[case("+7:30", None)]
#[case("pm", None)]
#[case("hhh", None)]
#[case("", None)]
#[case("٣٣", None)]
fn a_typed_time(#[case] text: &str, #[case] read: Option<(u8, u8)>) {
    assert_eq!(read_time(text), read);
}

#[rstest]
#[case("22:30 to 07:00", Some((1350, 420)))]
#[case("22.30-7", Some((1350, 420)))]
#[case("22:30 – 07:00", Some((1350, 420)))]
#[case("10pm to 7am", Some((1320, 420)))]
#[case("10 PM until 7", Some((1320, 420)))]
#[case("from 22 till 7", Some((1320, 420)))]
#[case("between 10pm and 7am", Some((1320, 420)))]
#[case("2200to0700", Some((1320, 420)))]
#[case("midnight to 6", Some((0, 360)))]
#[case("10am to 7am", Some((600, 420)))]
#[case("13:00 to 15:00", Some((780, 900)))]
#[case("Never", Some((0, 0)))]
#[case("none.", Some((0, 0)))]
#[case("10 to 7", None)]
#[case("7 to 7", None)]
#[case("22:30", None)]
#[case("22:30 to", None)]
#[case("to", None)]
#[case("tomorrow", None)]
fn typed_quiet_hours(#[case] text: &str, #[case] read: Option<(u16, u16)>) {
    assert_eq!(read_quiet(text).map(|q| (q.from, q.to)), read);
}

const ZONES: [(&str, i16); 10] = [
    ("Europe/London", 2026),
    ("America/New_York", 2026),
    ("America/St_Johns", 2006), // The clock changed a minute after midnight.
    ("America/Sao_Paulo", 2017),
    ("America/Havana", 2025),
    ("Asia/Kathmandu", 2026),
    ("Asia/Gaza", 2025),
    ("Australia/Lord_Howe", 2026),
    ("Pacific/Chatham", 2026),
    ("Pacific/Apia", 2011),
];

/// What the clock of a zone shows in each minute of a year, found by looking at every minute. What
/// it shows is counted in minutes since 1970 by that clock.
struct Year {
    zone: TimeZone,
    start: Timestamp,
    /// The latest that was shown up to the minute.
    latest: Vec<i64>,
    /// The earliest that is shown in the minute or later.
    earliest: Vec<i64>,
}

impl Year {
    const MINUTES: usize = 365 * 24 * 60;

    fn new(id: &str, year: i16) -> Year {
        let zone = zone(id);
        let start = at(&format!("{year}-01-01T00:00Z"));
        let shown: Vec<i64> = (0..=Year::MINUTES)
            .map(|m| {
                let now = start + minutes(m);
                (now.as_second() + i64::from(zone.to_offset(now).seconds())).div_euclid(60)
            })
            .collect();
        let mut latest = shown.clone();
        for i in 1..latest.len() {
            latest[i] = latest[i].max(latest[i - 1]);
        }
        let mut earliest = shown;
        for i in (1..earliest.len()).rev() {
            earliest[i - 1] = earliest[i - 1].min(earliest[i]);
        }
        Year {
            zone,
            start,
            latest,
            earliest,
        }
    }

    /// Quiet from when the clock first shows `from` or more, until it shows `to` for the last time
    /// or goes past it.
    fn is_quiet(&self, quiet: Quiet, minute: usize) -> bool {
        let (from, to) = (i64::from(quiet.from), i64::from(quiet.to));
        let (latest, earliest) = (self.latest[minute], self.earliest[minute]);
        let length = (to - from).rem_euclid(1440);
        (-2..=2).any(|days| {
            let begin = (latest.div_euclid(1440) + days) * 1440 + from;
            let end = begin + length;
            latest >= begin && (earliest < end || self.earliest[minute + 1] <= end)
        })
    }
}

fn minutes(m: usize) -> SignedDuration {
    SignedDuration::from_mins(m as i64)
}

fn years() -> &'static [Year] {
    static YEARS: OnceLock<Vec<Year>> = OnceLock::new();
    YEARS.get_or_init(|| {
        ZONES
            .iter()
            .map(|(id, year)| Year::new(id, *year))
            .collect()
    })
}

/// Mostly times around which clocks change.
fn minute_of_day() -> impl Strategy<Value = u16> {
    prop_oneof![0..1440_u16, 0..200_u16, (0..48_u16).prop_map(|h| h * 30)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn a_whole_year_is_as_looking_at_every_minute_says(
        which in 0..ZONES.len(), from in minute_of_day(), to in minute_of_day(),
    ) {
        prop_assume!(from != to);
        let (year, quiet) = (&years()[which], Quiet { from, to });
        let says: Vec<bool> = (0..Year::MINUTES).map(|m| year.is_quiet(quiet, m)).collect();
        let (mut minute, mut now) = (0, year.start);
        while minute < Year::MINUTES {
            let quiet_now = says[minute];
            prop_assert_eq!(quiet.is_quiet(&year.zone, now), quiet_now, "{} {}", ZONES[which].0, now);
            let next = says[minute..].iter().position(|q| *q != quiet_now);
            let then = if quiet_now { quiet.ends(&year.zone, now) } else { quiet.begins(&year.zone, now) };
            let Some(next) = next else { break };
            prop_assert_eq!(then, now + minutes(next), "{} after {}", ZONES[which].0, now);
            minute += next;
            now = then;
        }
    }

    #[test]
    fn any_moment_is_quiet_or_not_as_looking_at_every_minute_says(
        which in 0..ZONES.len(), from in minute_of_day(), to in minute_of_day(),
        looks in prop::collection::vec(0..Year::MINUTES, 200),
    ) {
        prop_assume!(from != to);
        let (year, quiet) = (&years()[which], Quiet { from, to });
        for m in looks {
            let now = year.start + minutes(m);
            prop_assert_eq!(quiet.is_quiet(&year.zone, now), year.is_quiet(quiet, m));
            let (ends, begins) = (quiet.ends(&year.zone, now), quiet.begins(&year.zone, now));
            prop_assert!(ends >= now && !quiet.is_quiet(&year.zone, ends));
            prop_assert!(begins > now && quiet.is_quiet(&year.zone, begins));
            prop_assert!(local_day_start(&year.zone, now) <= now);
        }
    }
}

proptest! {
    #[test]
    fn nothing_panics_whatever_a_record_holds(
        second in prop_oneof![
            Timestamp::MIN.as_second()..=Timestamp::MAX.as_second(),
            Timestamp::MIN.as_second()..=Timestamp::MIN.as_second() + 400_000,
            Timestamp::MAX.as_second() - 400_000..=Timestamp::MAX.as_second(),
            -5_000_000_000_i64..5_000_000_000,
        ],
        which in 0..ZONES.len() + 2,
        from: u16,
        to: u16,
    ) {
        let zone = match ZONES.get(which) {
            Some((id, _)) => zone(id),
            // These have repeated a whole day.
            None => zone(["America/Juneau", "Asia/Manila"][which - ZONES.len()]),
        };
        let now = Timestamp::from_second(second).unwrap();
        let quiet = Quiet { from, to };
        let (ends, begins) = (quiet.ends(&zone, now), quiet.begins(&zone, now));
        prop_assert!(ends >= now && begins >= now);
        prop_assert_eq!(ends > now, quiet.is_quiet(&zone, now));
        prop_assert!(local_day_start(&zone, now) <= now);
        clock_words(&zone, begins, now);
        clock_words(&zone, now, ends);
    }

    #[test]
    fn any_text_can_be_read(text in "\\PC{0,12}", near in "[0-9:. hapmto-]{0,12}") {
        for text in [text, near] {
            if let Some((h, m)) = read_time(&text) {
                prop_assert!(h < 24 && m < 60);
            }
            if let Some(quiet) = read_quiet(&text) {
                prop_assert!(quiet.from < 1440 && quiet.to < 1440);
            }
        }
    }
}
