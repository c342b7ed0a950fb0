use std::sync::LazyLock;

use jiff::tz::TimeZone;
use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::dialogue::Dialogue;
use crate::dialogue::load::load;
use crate::shipped::built_in;

static SHIPPED: LazyLock<Dialogue> = LazyLock::new(|| load(&built_in(), "back_spasm").unwrap());

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The first that is found is `city` in `zone`.
#[rstest]
#[case("London", None, "London", "Europe/London")]
#[case("London", Some("GB"), "London", "Europe/London")]
#[case("london", Some("CA"), "London", "America/Toronto")]
#[case("LONDON, Ontario", Some("CA"), "London", "America/Toronto")]
#[case("new york", None, "New York City", "America/New_York")]
#[case("NYC", None, "New York City", "America/New_York")]
#[case("Portland, Oregon", Some("US"), "Portland", "America/Los_Angeles")]
#[case("São Paulo", None, "São Paulo", "America/Sao_Paulo")]
#[case("sao paulo", None, "São Paulo", "America/Sao_Paulo")]
#[case("sa\u{303}o-paulo", None, "São Paulo", "America/Sao_Paulo")]
#[case("Munich", None, "Munich", "Europe/Berlin")]
#[case("München", None, "Munich", "Europe/Berlin")]
#[case("MUENCHEN", None, "Munich", "Europe/Berlin")]
#[case("munchen", Some("de"), "Munich", "Europe/Berlin")]
#[case("Kyiv", None, "Kyiv", "Europe/Kyiv")]
#[case("Kiev", None, "Kyiv", "Europe/Kyiv")]
#[case("Київ", None, "Kyiv", "Europe/Kyiv")]
#[case("St Petersburg", None, "Saint Petersburg", "Europe/Moscow")]
#[case("saint petersburg", Some("US"), "St. Petersburg", "America/New_York")]
#[case("Bombay", None, "Mumbai", "Asia/Kolkata")]
#[case("saigon", None, "Ho Chi Minh City", "Asia/Ho_Chi_Minh")]
#[case("hanoi", None, "Hanoi", "Asia/Ho_Chi_Minh")]
#[case("xi'an", None, "Xi'an", "Asia/Shanghai")]
#[case("Sydney", None, "Sydney", "Australia/Sydney")]
#[case("Sydney", Some("CA"), "Sydney", "America/Glace_Bay")]
#[case("Birmingham", None, "Birmingham", "Europe/London")]
#[case("Birmingham", Some("US"), "Birmingham", "America/Chicago")]
#[case("venice", Some("IT"), "Venice", "Europe/Rome")]
#[case("東京", None, "Tokyo", "Asia/Tokyo")]
#[case("Edinborough", None, "Edinburgh", "Europe/London")]
#[case("Pheonix", Some("US"), "Phoenix", "America/Phoenix")]
#[case("Melborne", Some("AU"), "Melbourne", "Australia/Melbourne")]
fn a_city_is_found(
    #[case] typed: &str,
    #[case] country: Option<&str>,
    #[case] city: &str,
    #[case] zone: &str,
) {
    let found = SHIPPED.zones.of_city(typed, country);
    let first = found.first().map(|f| (f.city, f.zone));
    assert_eq!(first, Some((city, zone)), "{found:?}");
}

#[rstest]
#[case("")]
#[case("  , ")]
#[case("zzxqwv")]
#[case("asdfghjkl")]
#[case("I do not want to say")]
#[case("pain")]
fn nonsense_names_no_city(#[case] typed: &str) {
    assert_eq!(SHIPPED.zones.of_city(typed, Some("GB")), vec![]);
}

#[test]
fn every_city_of_a_name_is_found_those_of_the_country_first() {
    let countries = |country| -> Vec<&str> {
        let found = SHIPPED.zones.of_city("London", country);
        found.iter().map(|f| f.country).collect()
    };
    assert_eq!(countries(None), ["GB", "CA"]);
    assert_eq!(countries(Some("CA")), ["CA", "GB"]);
    assert_eq!(countries(Some("XX")), ["GB", "CA"]);
    assert!(SHIPPED.zones.of_city("Edinborough", None).len() <= MOST_CLOSE);
}

#[test]
fn every_country_with_numbers_has_a_zone_and_every_zone_a_clock_and_a_city() {
    for country in &SHIPPED.numbers.countries {
        let zones = SHIPPED.zones.of_country(&country.code);
        assert!(!zones.is_empty(), "{} has no zone", country.code);
    }
    for zone in SHIPPED.zones.countries.values().flatten() {
        assert!(time_zone(&zone.id).is_some(), "{}", zone.id);
        assert!(!zone.cities.is_empty(), "{}", zone.id);
    }
    assert_eq!(SHIPPED.zones.of_country("gb")[0].id, "Europe/London");
    assert_eq!(SHIPPED.zones.of_country("XX"), &[]);
}

#[test]
fn the_first_city_of_a_zone_leads_back_to_it() {
    for (country, zones) in &SHIPPED.zones.countries {
        for zone in zones {
            let found = SHIPPED.zones.of_city(zone.city(), Some(country));
            assert!(
                found
                    .iter()
                    .any(|f| f.zone == zone.id && f.country == country),
                "{country} {}: {found:?}",
                zone.id
            );
        }
    }
}

/// The clocks of a country at noon UTC on a day in winter.
#[rstest]
#[case("GB", &["12:00 London"])]
#[case("US", &["07:00 New York City", "06:00 Chicago", "04:00 Los Angeles", "05:00 Denver"])]
#[case("AU", &["23:00 Sydney", "22:00 Brisbane", "20:00 Perth", "22:30 Adelaide"])]
#[case("IN", &["17:30 Mumbai"])]
#[case("RU", &["15:00 Moscow", "17:00 Yekaterinburg", "16:00 Samara", "22:00 Khabarovsk"])]
#[case("XX", &[])]
fn the_clocks_of_a_country(#[case] country: &str, #[case] clocks: &[&str]) {
    let shown = SHIPPED.zones.clocks(country, at("2026-01-15T12:00Z"), 4);
    let shown: Vec<String> = shown
        .iter()
        .map(|s| format!("{} {}", s.clock, s.city))
        .collect();
    assert_eq!(shown, clocks);
}

/// The zones that a told time leads to, the first few.
#[rstest]
#[case::the_country("07:05", Some("US"), "2026-01-15T12:00Z", &["America/New_York", "America/Detroit"])]
#[case::another("04:45", Some("US"), "2026-01-15T12:00Z", &["America/Denver", "America/Phoenix"])]
#[case::around_midnight("23:55", Some("GB"), "2026-01-15T00:10Z", &["Europe/London"])]
#[case::does_not_fit("09:00", Some("GB"), "2026-01-15T12:00Z", &[])]
#[case::unknown_country("12:00", Some("XX"), "2026-01-15T12:00Z", &[])]
#[case::the_world("17:38", None, "2026-01-15T12:00Z", &["Asia/Kolkata", "Asia/Kathmandu"])]
#[case::both_sides_of_the_date_line("01:00", None, "2026-01-15T12:00Z", &["Pacific/Auckland", "Pacific/Pago_Pago"])]
#[case::just_before_the_clock_goes_back("01:59", Some("GB"), "2026-10-25T00:59Z", &["Europe/London"])]
#[case::just_after_the_clock_went_back("01:00", Some("GB"), "2026-10-25T01:00Z", &["Europe/London"])]
#[case::the_clock_not_set_back("02:05", Some("GB"), "2026-10-25T01:05Z", &[])]
#[case::just_after_a_jump("02:00", Some("GB"), "2026-03-29T01:00Z", &["Europe/London"])]
#[case::no_such_time("24:00", None, "2026-01-15T12:00Z", &[])]
fn a_told_time_leads_to_zones(
    #[case] clock: &str,
    #[case] country: Option<&str>,
    #[case] now: &str,
    #[case] zones: &[&str],
) {
    let (hour, minute) = clock.split_once(':').unwrap();
    let (hour, minute) = (hour.parse().unwrap(), minute.parse().unwrap());
    let found = SHIPPED.zones.of_clock(hour, minute, country, at(now));
    let first: Vec<&str> = found.iter().take(2).map(|z| z.id.as_str()).collect();
    assert_eq!(first, zones);
}

/// What is said of each broken line.
#[rstest]
#[case("GB\tEurope/London\t1\tLondon", None)]
#[case(
    "# anything\n\nGB\tEurope/London\t1\tLondon (Londres, Londra), Leeds\r\n",
    None
)]
#[case(
    "GB Europe/London 1 London",
    Some("this line has 1 columns in place of 4")
)]
#[case("gb\tEurope/London\t1\tLondon", Some("`gb` is not a country code"))]
#[case(
    "GB\tEurope/Leeds\t1\tLeeds",
    Some("there is no time zone `Europe/Leeds`")
)]
#[case(
    "GB\teurope/london\t1\tLondon",
    Some("there is no time zone `europe/london`")
)]
#[case(
    "GB\tEurope/London\tmany\tLondon",
    Some("`many` is not a number of people")
)]
#[case(
    "GB\tEurope/London\t1\t",
    Some("the cities of `Europe/London` cannot be read")
)]
#[case(
    "GB\tEurope/London\t1\tLondon,",
    Some("the cities of `Europe/London` cannot be read")
)]
#[case(
    "GB\tEurope/London\t1\tLondon (Londra",
    Some("the cities of `Europe/London` cannot be read")
)]
#[case(
    "GB\tEurope/London\t1\tLondon (A (B))",
    Some("the cities of `Europe/London` cannot be read")
)]
#[case(
    "GB\tEurope/London\t1\tLondon) Leeds",
    Some("the cities of `Europe/London` cannot be read")
)]
#[case(
    "GB\tEurope/London\t1\tA (B) C",
    Some("the cities of `Europe/London` cannot be read")
)]
#[case(
    "GB\tEurope/London\t1\tA\nGB\tEurope/London\t1\tA",
    Some("`Europe/London` stands twice for `GB`")
)]
fn a_line_is_read_or_told_of(#[case] text: &str, #[case] message: Option<&str>) {
    let (_, wrong) = read(text);
    let said: Vec<&str> = wrong.iter().map(|w| w.message.as_str()).collect();
    assert_eq!(said, Vec::from_iter(message));
    assert!(wrong.iter().all(|w| text.get(w.span.clone()).is_some()));
}

proptest! {
    #[test]
    fn no_text_and_no_moment_is_too_odd(
        text in "\\PC{0,20}",
        second in Timestamp::MIN.as_second()..=Timestamp::MAX.as_second(),
        hour: u8,
        minute: u8,
    ) {
        let now = Timestamp::from_second(second).unwrap();
        SHIPPED.zones.of_city(&text, None);
        read(&text);
        for zone in SHIPPED.zones.of_clock(hour, minute, Some("AU"), now) {
            let shown = TimeZone::get(&zone.id).unwrap().to_datetime(now).time();
            let apart = (i32::from(shown.hour()) * 60 + i32::from(shown.minute())
                - i32::from(hour) * 60 - i32::from(minute)).rem_euclid(1440);
            prop_assert!(apart.min(1440 - apart) <= CLOCK_SLACK + 1);
        }
        prop_assert!(SHIPPED.zones.clocks("RU", now, 3).len() <= 3);
    }
}
