//! How many messages the bot sends on one day by itself, at most.

use backtalk::dialogue::{Dialogue, Round};
use backtalk::quiet::Quiet;

use crate::person::dialogue;

/// The most messages that timers send on one local day to somebody who has no quiet hours.
///
/// - Offers, with what stands for one, are 15 minutes apart, the shortest snooze: 100 in the 25
///   hours of the longest day.
/// - A round of ice has three: the skin, "take it off", and that again. One of heat has four: also
///   "you can stop now". The caps are 8 and 6: 48.
/// - Two check-ins can begin on a day of 25 hours. Each that is open is asked once more and closed,
///   4 hours apart: 7.
/// - "Did you get help?" comes 2 hours after each verdict that wants it, and a day after the last:
///   13.
///
/// The end of an exercise is not among them: it answers somebody who began it a minute or two ago.
pub const MOST: usize = 170;

/// The same with the quiet hours of the dialogue: offers come in 16 hours at most, on the day on
/// which clocks are set back.
pub const MOST_WITH_QUIET_HOURS: usize = 134;

/// The bound for these quiet hours.
pub fn most(quiet: Option<Quiet>) -> usize {
    match quiet {
        Some(quiet) if quiet == dialogue().clock.quiet => MOST_WITH_QUIET_HOURS,
        _ => MOST,
    }
}

fn derived(d: &Dialogue, hours_for_offers: u32) -> u32 {
    let of_round = |r: &Round| r.cap_per_day * (3 + u32::from(r.may_stop_after_minutes.is_some()));
    let offers = hours_for_offers * 60 / d.clock.snooze_minutes;
    let shortest = |with_message: bool| {
        let waits = d.check_ins.iter();
        let waits = waits.filter(|c| c.message.is_some() == with_message);
        waits.map(|c| c.after_hours).min().expect("there are some")
    };
    let asked = 25 / shortest(false) + 1;
    let repeated = 25
        / d.follow_up
            .repeat_after_hours
            .min(d.follow_up.close_after_hours)
        + 1;
    let safety = 25 / shortest(true) + 1;
    offers + of_round(&d.clock.ice) + of_round(&d.clock.heat) + asked + repeated + safety
}

#[test]
fn the_bound_of_a_day_follows_from_the_numbers_of_the_dialogue() {
    let d = dialogue();
    assert_eq!(derived(d, 25) as usize, MOST);
    let quiet = u32::from((d.clock.quiet.to + 1440 - d.clock.quiet.from) % 1440) / 60;
    assert_eq!(derived(d, 25 - quiet) as usize, MOST_WITH_QUIET_HOURS);
}
