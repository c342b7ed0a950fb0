//! The picture of `/history`: what is drawn, that it can be read, and that it is the same each time.

use backtalk::dialogue::Disposition;
use backtalk::picture::{
    self, Day, HEIGHT, History, MOST_DAYS, PictureError, WIDTH, Words, axis, colour,
};
use jiff::ToSpan;
use jiff::civil::date;
use proptest::prelude::*;
use resvg::tiny_skia::Pixmap;
use resvg::usvg::{self, Node, Rect};
use rstest::rstest;

const ALL_TOLD: [Disposition; 5] = [
    Disposition::SelfCare,
    Disposition::Routine,
    Disposition::Soon,
    Disposition::Urgent,
    Disposition::Emergency,
];

fn words() -> Words {
    Words {
        pain: "Pain, 0 to 10".into(),
        worst: "worst that day".into(),
        ice: "Rounds of ice".into(),
        heat: "Rounds of heat".into(),
        check_ins: "Check-ins".into(),
        no_pain_yet: "No pain score yet. Your next answers show up here.".into(),
        none_yet: "none yet".into(),
        today: "today".into(),
        months: [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ]
        .map(String::from),
        self_care: "Self-care".into(),
        routine: "Routine".into(),
        soon: "Soon".into(),
        urgent: "Urgent".into(),
        emergency: "Emergency".into(),
    }
}

/// Days from 20 March on, with nothing in them.
fn empty(days: usize) -> History {
    let day = |n: usize| Day {
        date: date(2026, 3, 20) + i64::try_from(n).expect("few days").days(),
        pain: None,
        worst: None,
        ice: 0,
        heat: 0,
        told: Vec::new(),
        checked_in: false,
    };
    History {
        title: format!("Your last {days} days"),
        days: (0..days).map(day).collect(),
        words: words(),
    }
}

/// Days with scores that go down, ice first and heat later.
fn busy(days: usize) -> History {
    let mut history = empty(days);
    for (n, day) in history.days.iter_mut().enumerate() {
        let pain = u8::try_from(9 - 8 * n / days).expect("a score");
        day.pain = (n % 5 != 3).then_some(pain);
        day.worst = (n % 5 != 3).then_some((pain + u8::from(n % 2 == 0)).min(10));
        day.ice = if n < days / 2 { 4 - (n % 3) as u8 } else { 0 };
        day.heat = if n >= days / 3 { 12 - (n % 4) as u8 } else { 0 };
        day.checked_in = n % 3 != 1;
    }
    history
}

fn told(mut history: History, told: &[(usize, Disposition)]) -> History {
    for (day, disposition) in told {
        history.days[*day].told.push(*disposition);
    }
    history
}

fn one(pain: u8) -> History {
    let mut history = empty(1);
    history.days[0].pain = Some(pain);
    history
}

fn decoded(history: &History) -> Pixmap {
    let png = picture::png(history).expect("a picture");
    Pixmap::decode_png(&png).expect("a PNG")
}

fn tree(history: &History) -> usvg::Tree {
    let mut fonts = usvg::fontdb::Database::new();
    fonts.load_font_data(include_bytes!("../assets/fonts/Inter-Medium.otf").to_vec());
    fonts.load_font_data(include_bytes!("../assets/fonts/Inter-Bold.otf").to_vec());
    let options = usvg::Options {
        fontdb: fonts.into(),
        ..usvg::Options::default()
    };
    let svg = picture::svg(history).expect("a drawing");
    usvg::Tree::from_str(&svg, &options).expect("an SVG")
}

/// Each text with the place of its ink and its size.
fn texts(history: &History) -> Vec<(String, Rect, f32)> {
    let mut found = Vec::new();
    for node in tree(history).root().children() {
        let Node::Text(text) = node else { continue };
        let words: String = text.chunks().iter().map(|chunk| chunk.text()).collect();
        let size = text.chunks()[0].spans()[0].font_size().get();
        let ink = text.flattened().abs_bounding_box();
        found.push((words, ink, size));
    }
    found
}

/// No text touches another, leaves the card, or is too small at a third of the size.
#[track_caller]
fn check_readable(history: &History) {
    let texts = texts(history);
    for (n, (words, ink, size)) in texts.iter().enumerate() {
        assert!(*size >= 30.0, "{words:?} is written in {size} px");
        let (width, height) = (WIDTH as f32, HEIGHT as f32);
        let inside = ink.left() >= 40.0 && ink.right() <= width - 22.0;
        assert!(inside, "{words:?} leaves the card: {ink:?}");
        assert!(ink.top() >= 40.0 && ink.bottom() <= height - 40.0);
        for (other, theirs, _) in &texts[n + 1..] {
            let apart = ink.right() <= theirs.left()
                || theirs.right() <= ink.left()
                || ink.bottom() <= theirs.top()
                || theirs.bottom() <= ink.top();
            assert!(
                apart,
                "{words:?} at {ink:?} lies on {other:?} at {theirs:?}"
            );
        }
    }
}

#[rstest]
#[case(busy(1))]
#[case(busy(7))]
#[case(busy(28))]
#[case(busy(56))]
#[case(empty(7))]
fn a_picture_has_its_size_and_is_the_same_each_time(#[case] history: History) {
    let png = picture::png(&history).expect("a picture");
    assert!(png.len() < 200 * 1024, "{} bytes", png.len());
    let pixels = Pixmap::decode_png(&png).expect("a PNG");
    assert_eq!((pixels.width(), pixels.height()), (WIDTH, HEIGHT));
    // Telegram makes a JPEG of it, which knows no transparency.
    assert!(pixels.pixels().iter().all(|pixel| pixel.alpha() == 255));
    assert_eq!(picture::png(&history), Ok(png));
}

#[test]
fn more_pain_is_drawn_higher_and_changes_nothing_else() {
    let ink = |score: u8| {
        let pixels = decoded(&one(score));
        let of_pain = |at: &usize| {
            let pixel = pixels.pixels()[*at];
            hex(colour::PAIN) == [pixel.red(), pixel.green(), pixel.blue()]
        };
        // Below the heading, so that the sign in it does not count.
        let first = (WIDTH * 204) as usize;
        let rows: Vec<usize> = (first..pixels.pixels().len())
            .filter(of_pain)
            .map(|at| at / WIDTH as usize)
            .collect();
        let below = pixels.pixels()[(WIDTH * 780) as usize..].to_vec();
        (rows[0], below)
    };
    let scores = [0, 1, 5, 9, 10].map(ink);
    for two in scores.windows(2) {
        assert!(two[1].0 < two[0].0, "a higher score is not drawn higher");
        assert!(two[1].1 == two[0].1, "a score changes the panels below");
    }
    assert_eq!(picture::png(&one(11)), picture::png(&one(10)));
}

#[rstest]
#[case(|day: &mut Day| day.ice = 1)]
#[case(|day: &mut Day| day.heat = 2)]
#[case(|day: &mut Day| day.checked_in = false)]
#[case(|day: &mut Day| day.worst = Some(10))]
#[case(|day: &mut Day| day.told = vec![Disposition::Soon])]
fn whatever_happened_on_a_day_is_seen(#[case] change: fn(&mut Day)) {
    let before = busy(7);
    let mut after = before.clone();
    change(&mut after.days[2]);
    assert!(decoded(&before).data() != decoded(&after).data());
}

#[test]
fn every_word_is_drawn() {
    let all: Vec<_> = ALL_TOLD.into_iter().enumerate().collect();
    let mut written = texts(&told(busy(7), &all));
    written.append(&mut texts(&empty(7)));
    let mut words = words();
    let Words {
        pain,
        worst,
        ice,
        heat,
        check_ins,
        none_yet,
        today,
        ..
    } = words.clone();
    let Words {
        self_care,
        routine,
        soon,
        urgent,
        emergency,
        ..
    } = words.clone();
    let mut wanted = vec![pain, worst, ice, heat, check_ins, none_yet, today];
    wanted.extend([self_care, routine, soon, urgent, emergency]);
    wanted.extend(["Your last 7 days", "20 Mar", "25 Mar", "10", "0"].map(String::from));
    for word in wanted {
        let found = written.iter().find(|(text, _, _)| *text == word);
        let (_, ink, _) = found.unwrap_or_else(|| panic!("{word:?} is not written"));
        assert!(ink.width() > 5.0, "{word:?} has no ink");
    }
    let joined: Vec<&str> = written.iter().map(|(text, _, _)| text.as_str()).collect();
    for word in std::mem::take(&mut words.no_pain_yet).split(' ') {
        assert!(joined.iter().any(|text| text.split(' ').any(|w| w == word)));
    }
}

#[test]
fn only_changes_of_what_was_told_are_flagged() {
    use Disposition::{NoTriage, SelfCare, Soon};
    let days = [
        (0, Soon),
        (1, Soon),
        (3, Soon),
        (4, SelfCare),
        (4, NoTriage),
        (6, Soon),
    ];
    let texts = texts(&told(busy(7), &days));
    let count = |word: &str| texts.iter().filter(|(text, _, _)| text == word).count();
    assert_eq!((count("Soon"), count("Self-care")), (2, 1));
}

#[test]
fn hostile_words_are_escaped() {
    let hostile = "</text><script>x</script>&amp;\"' ]]>\u{0}\u{1b}\u{ffff}\u{202e}!";
    let mut history = told(busy(1), &[(0, Disposition::Urgent)]);
    history.title = hostile.into();
    history.words.urgent = hostile.into();
    history.words.today = hostile.into();
    history.words.months = std::array::from_fn(|_| hostile.into());
    let svg = picture::svg(&history).expect("a drawing");
    assert!(!svg.contains("<script"));
    assert!(svg.contains("&lt;/text&gt;&lt;script&gt;"));
    let title = &texts(&history)[0].0;
    assert!(title.starts_with("</text><script>x</script>&amp;\"' ]]>"));
    assert!(picture::png(&history).is_ok());
}

#[rstest]
#[case::one(1)]
#[case::a_week(7)]
#[case::two_weeks(14)]
#[case::three_weeks(21)]
#[case::four_weeks(28)]
#[case::eight_weeks(56)]
fn nothing_lies_on_a_text(#[case] days: usize) {
    check_readable(&empty(days));
    check_readable(&busy(days));
    let last = days - 1;
    check_readable(&told(
        busy(days),
        &[(0, Disposition::Soon), (last, Disposition::Emergency)],
    ));
    let each: Vec<_> = (0..days).map(|n| (n, ALL_TOLD[n % 5])).collect();
    check_readable(&told(busy(days), &each));
}

#[test]
fn long_words_are_cut_to_their_places() {
    let mut history = told(busy(7), &[(0, Disposition::Soon), (6, Disposition::Urgent)]);
    history.days[6].ice = 255;
    let long = "Schmerzmittelunverträglichkeit ".repeat(9);
    history.title = long.clone();
    history.words = Words {
        pain: long.clone(),
        worst: long.clone(),
        ice: long.clone(),
        heat: long.clone(),
        check_ins: long.clone(),
        no_pain_yet: long.clone(),
        none_yet: long.clone(),
        today: long.clone(),
        months: std::array::from_fn(|_| long.clone()),
        self_care: long.clone(),
        routine: long.clone(),
        soon: long.clone(),
        urgent: long.clone(),
        emergency: long.clone(),
    };
    check_readable(&history);
    history.days = empty(7).days;
    check_readable(&history);
}

#[test]
fn the_gravest_keeps_its_label_where_there_is_no_room_for_all() {
    let mut each: Vec<_> = (0..56).map(|n| (n, ALL_TOLD[n % 4])).collect();
    each.push((30, Disposition::Emergency));
    let texts = texts(&told(busy(56), &each));
    let labelled = |word: &str| texts.iter().any(|(text, _, _)| text == word);
    assert!(labelled("Emergency") && labelled("Urgent"));
}

#[rstest]
#[case(0)]
#[case(MOST_DAYS + 1)]
fn a_picture_of_too_few_or_too_many_days_is_refused(#[case] days: usize) {
    assert_eq!(picture::png(&empty(days)), Err(PictureError::Days(days)));
}

proptest! {
    #[test]
    fn dates_never_touch_and_the_last_is_there(
        widths in prop::collection::vec(20.0_f32..300.0, 1..=56),
    ) {
        let slot = 866.0 / widths.len() as f32;
        let centres: Vec<f32> = (0..widths.len())
            .map(|n| 146.0 + (n as f32 + 0.5) * slot)
            .collect();
        let labels = axis::thin(&centres, &widths, 68.0, 1012.0);
        prop_assert_eq!(labels.last().map(|label| label.day), Some(widths.len() - 1));
        for label in &labels {
            prop_assert!(label.left >= 68.0 && label.right <= 1012.01);
        }
        for two in labels.windows(2) {
            prop_assert!(two[0].right + 10.0 < two[1].left);
        }
    }
}

#[test]
fn a_week_has_each_date_and_eight_weeks_have_some() {
    let dates = |days: usize| {
        let months = |text: &str| text.ends_with(" Mar") || text.ends_with(" Apr");
        let texts = texts(&empty(days)).into_iter();
        texts.filter(|(text, _, _)| months(text)).count()
    };
    assert_eq!((dates(1), dates(7)), (0, 6));
    assert!((3..=8).contains(&dates(28)) && (3..=8).contains(&dates(56)));
}

fn hex(colour: &str) -> [u8; 3] {
    let part = |n: usize| u8::from_str_radix(&colour[n..n + 2], 16).expect("a colour");
    [part(1), part(3), part(5)]
}

/// Relative luminance, WCAG 2.2.
fn luminance(colour: &str) -> f64 {
    let linear = |part: u8| match f64::from(part) / 255.0 {
        low if low <= 0.04045 => low / 12.92,
        high => ((high + 0.055) / 1.055).powf(2.4),
    };
    let [red, green, blue] = hex(colour).map(linear);
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

fn contrast(one: &str, other: &str) -> f64 {
    let (one, other) = (luminance(one) + 0.05, luminance(other) + 0.05);
    one.max(other) / one.min(other)
}

#[test]
fn every_text_and_mark_stands_out_from_its_ground() {
    assert!((contrast("#000000", "#ffffff") - 21.0).abs() < 0.001);
    let grounds = [colour::CARD, colour::TODAY];
    for ground in grounds {
        for text in [colour::TEXT, colour::QUIET, colour::PAIN] {
            let found = contrast(text, ground);
            assert!(found >= 4.5, "text {text} on {ground}: {found:.2}");
        }
        let marks = [
            colour::WORST,
            colour::ICE,
            colour::HEAT,
            colour::TICK,
            colour::AXIS,
        ];
        for mark in marks.into_iter().chain(ALL_TOLD.map(colour::flag)) {
            let found = contrast(mark, ground);
            assert!(found >= 3.0, "mark {mark} on {ground}: {found:.2}");
        }
    }
    for told in ALL_TOLD {
        let found = contrast(colour::FLAG_TEXT, colour::flag(told));
        assert!(found >= 4.5, "{told:?}: {found:.2}");
    }
}
