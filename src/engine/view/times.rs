//! Questions about the person's time, what is coming, and pauses.

use super::*;
use crate::engine::session::RoundWhat;
use crate::engine::{local, rounds, timers};
use crate::quiet::Quiet;

/// The most clocks that are offered to choose from.
const MOST_CLOCKS: usize = 4;

/// The pauses that are offered, in hours.
const PAUSES: [u16; 3] = [2, 4, 8];

/// The view of one of these asides.
pub(super) fn view(
    d: &Dialogue,
    session: &Session,
    state: &State,
    words: &Words,
    now: Timestamp,
) -> View {
    let button = |label: &str, wish: Wish| Button::new(label, state.visit, wish);
    let labels = &d.common.buttons;
    let back = || button(&labels.back, Wish::Act(Act::CarryOn));
    let mut own = words.clone();
    round_words(d, session, state, now, &mut own);
    let say = |id: &str| {
        d.messages
            .get(id)
            .map_or_else(String::new, |m| m.text.fill(&own))
    };
    let (text, rows) = match &session.aside {
        Aside::Time => {
            let country = session.country.as_deref().unwrap_or("");
            let mut rows: Vec<Button> = d
                .zones
                .clocks(country, now, MOST_CLOCKS)
                .into_iter()
                .map(|c| {
                    button(
                        &format!("{} ({})", c.clock, c.city),
                        Wish::Zone(c.zone.to_owned()),
                    )
                })
                .collect();
            rows.push(button(&labels.another_time, Wish::Act(Act::TimezoneOther)));
            rows.push(back());
            (say("time_now"), button_rows(rows))
        }
        Aside::TimeTyped => (say("time_other"), singles(vec![back()])),
        Aside::TimeBad => (say("time_bad"), singles(vec![back()])),
        Aside::Zones(zones) => {
            let mut rows: Vec<Button> = zones
                .iter()
                .map(|zone| button(&place(zone, now), Wish::Zone(zone.clone())))
                .collect();
            rows.push(button(&labels.another_time, Wish::Act(Act::TimezoneOther)));
            rows.push(back());
            (say("time_which"), singles(rows))
        }
        Aside::Quiet => {
            let mut rows: Vec<Button> = std::iter::once(&d.clock.quiet)
                .chain(&d.clock.other_quiet)
                .map(|q| button(&span(*q), Wish::Quiet(q.from, q.to)))
                .collect();
            rows.push(button(&labels.other_hours, Wish::Act(Act::QuietOther)));
            rows.push(back());
            (say("quiet_hours"), button_rows(rows))
        }
        Aside::QuietTyped { bad } => {
            let id = if *bad { "quiet_bad" } else { "quiet_other" };
            (say(id), singles(vec![back()]))
        }
        Aside::Pause => {
            let mut rows: Vec<Button> = PAUSES
                .iter()
                .map(|h| {
                    let label = labels.pause_hours.replace("{ $hours }", &h.to_string());
                    button(&label, Wish::Pause(*h))
                })
                .collect();
            rows.push(button(&labels.pause_tomorrow, Wish::Pause(0)));
            rows.push(button(&labels.pause_open, Wish::Pause(u16::MAX)));
            rows.push(back());
            (say("pause_ask"), button_rows(rows))
        }
        _ => return coming(d, session, state, &own, now),
    };
    View { text, rows }
}

/// What is coming, a line each, with its buttons.
fn coming(d: &Dialogue, session: &Session, state: &State, words: &Words, now: Timestamp) -> View {
    let button = |label: &str, wish: Wish| Button::new(label, state.visit, wish);
    let labels = &d.common.buttons;
    let standing = rounds::fold(d, session, state).standing;
    let mut lines: Vec<String> = Vec::new();
    let mut rows: Vec<Button> = Vec::new();
    let mut rounds_run = false;
    for timer in timers::timers(d, session, state, now) {
        let what = match timer.what {
            RoundWhat::SkinAsked => &d.common.coming.skin_check,
            RoundWhat::OffAsked | RoundWhat::OffAgain => {
                rows.push(button(&labels.pack_off, Wish::Act(Act::ItIsOff)));
                &d.common.coming.take_off
            }
            RoundWhat::Offered => {
                rounds_run = true;
                rows.push(button(&labels.skip_next, Wish::Act(Act::SkipRound)));
                &d.common.coming.next_round
            }
            RoundWhat::Missed => {
                rounds_run = true;
                &d.common.coming.next_round
            }
            RoundWhat::Morning => {
                rounds_run = true;
                &d.common.coming.morning
            }
            RoundWhat::FollowedUp(n) => {
                let own = d.check_ins.get(usize::from(n));
                if own.is_none_or(|c| c.message.is_some()) {
                    &d.common.coming.help_check
                } else {
                    let is_first = !rows.iter().any(|r| r.label == labels.check_in_now);
                    if is_first && timers::is_near(state, &timer, now) {
                        rows.push(button(&labels.check_in_now, Wish::CheckInNow(n)));
                        rows.push(button(&labels.skip_check_in, Wish::SkipCheckIn(n)));
                    }
                    &d.common.coming.check_in
                }
            }
            RoundWhat::Repeated(_) => &d.common.coming.check_in,
            _ => continue,
        };
        let at = local::when(session, timer.at.max(now), now);
        lines.push(format!("• {what}: {at}"));
    }
    if rounds_run {
        rows.push(button(&labels.stop_today, Wish::Act(Act::StopToday)));
    }
    if standing
        .paused_until_ms
        .is_some_and(|ms| ms > now.as_millisecond())
    {
        lines.push(match standing.paused_until_ms {
            Some(i64::MAX) => d.common.coming.paused_open.clone(),
            _ => d
                .common
                .coming
                .paused
                .replace("{ $until }", words.get("until").unwrap_or_default()),
        });
        rows.push(button(&labels.resume, Wish::Act(Act::Resume)));
    } else if !lines.is_empty() {
        rows.push(button(&labels.pause, Wish::Act(Act::Pause)));
    }
    let set = if session.zone.is_some() {
        &labels.quiet_hours
    } else {
        &labels.set_time
    };
    let act = if session.zone.is_some() {
        Act::QuietHours
    } else {
        Act::Timezone
    };
    rows.push(button(set, Wish::Act(act)));
    rows.push(button(&labels.back, Wish::Act(Act::CarryOn)));
    let id = if lines.is_empty() {
        "nothing_coming"
    } else {
        "reminders"
    };
    let own = words.clone().with("list", lines.join("\n"));
    View {
        text: d
            .messages
            .get(id)
            .map_or_else(String::new, |m| m.text.fill(&own)),
        rows: button_rows(rows),
    }
}

/// Quiet hours as a label.
fn span(quiet: Quiet) -> String {
    let time = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
    format!("{} to {}", time(quiet.from), time(quiet.to))
}

/// A zone as a label: its city, and the time there.
fn place(zone: &str, now: Timestamp) -> String {
    let city = zone.rsplit('/').next().unwrap_or(zone).replace('_', " ");
    match local::named(zone) {
        Some(tz) => format!("{city}, {}", now.to_zoned(tz).strftime("%H:%M")),
        None => city,
    }
}
