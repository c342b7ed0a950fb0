//! The hash of a dialogue's form: ids, options, guards, rules and plan, but no wording.
//!
//! A session names the form it was held over, so that a typo mended in a text moves nobody.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::{Dialogue, Form, Item};

/// The form of a dialogue.
pub fn form(d: &Dialogue) -> Form {
    let digest = Sha256::digest(describe(d).as_bytes());
    let mut form = Form::default();
    form.0.copy_from_slice(&digest[..8]);
    form
}

/// Everything that decides what is asked and advised, one element a line.
fn describe(d: &Dialogue) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = (|| -> std::fmt::Result {
        let pauses = (
            d.pauses.what_is_new_after_hours,
            d.pauses.danger_again_after_hours,
        );
        writeln!(out, "dialogue {} {pauses:?}", d.name)?;
        for f in &d.facts {
            let options: Vec<&str> = f.options.iter().map(|o| o.id.as_str()).collect();
            writeln!(
                out,
                "fact {} {:?} {} {:?} {options:?}",
                f.id, f.kind, f.ordered, f.default
            )?;
            if let Some(e) = &f.explain {
                writeln!(
                    out,
                    "  explain {:?}",
                    e.answers.iter().map(|a| a.1).collect::<Vec<_>>()
                )?;
            }
        }
        for s in &d.screens {
            let phase = &d.phases[s.phase];
            writeln!(
                out,
                "screen {} {} {} {:?} {} {} {} {:?} {:?} {} {:?}",
                s.id,
                phase.id,
                s.when.print(&d.facts),
                s.kind,
                s.opened,
                s.ask_again,
                s.at_least_one,
                s.none,
                s.not_sure,
                s.skip,
                s.advises
            )?;
            items(&mut out, d, &s.items)?;
        }
        for r in &d.rules {
            writeln!(
                out,
                "rule {} {} {:?}",
                r.id,
                r.when.print(&d.facts),
                r.disposition
            )?;
        }
        for g in &d.gates {
            writeln!(
                out,
                "gate {} {} {:?}",
                g.id,
                g.when.print(&d.facts),
                g.leaves_out
            )?;
        }
        writeln!(out, "clock {:?}", d.clock)?;
        for p in &d.pages {
            writeln!(out, "page {}", p.id)?;
            for l in &p.lines {
                writeln!(
                    out,
                    "  line {} {:?} {:?} {} {}",
                    l.when.print(&d.facts),
                    l.advises,
                    l.instead_of,
                    l.from_hours,
                    l.until_hours
                )?;
            }
        }
        for c in d
            .cards
            .iter()
            .filter_map(|c| c.when.as_ref().map(|w| (c, w)))
        {
            writeln!(out, "card {} {}", c.0.id, c.1.print(&d.facts))?;
        }
        for x in &d.drills {
            let seconds: Vec<u32> = x.steps.iter().map(|(_, s)| *s).collect();
            writeln!(
                out,
                "drill {} {} {:?} {} {} {seconds:?} {}",
                x.id,
                x.page,
                x.advises,
                x.when.print(&d.facts),
                x.from_hours,
                x.rounds
            )?;
        }
        let f = &d.follow_up;
        writeln!(
            out,
            "follow-up {} {} {} {} {} {}",
            f.repeat_after_hours,
            f.close_after_hours,
            f.spread_minutes,
            f.coaching_ends_after_hours,
            f.stop_after_soon,
            f.drop_drill_hours
        )?;
        for c in &d.check_ins {
            writeln!(
                out,
                "check-in {} {} {:?} {:?}",
                c.id, c.after_hours, c.dispositions, c.asks
            )?;
            for (when, message) in &c.closes {
                writeln!(out, "  close {} {message}", when.print(&d.facts))?;
            }
        }
        for v in &d.verdicts {
            writeln!(out, "verdict {} {:?} {:?}", v.id, v.disposition, v.rules)?;
            items(&mut out, d, &v.buttons)?;
        }
        Ok(())
    })();
    out
}

fn items(out: &mut String, d: &Dialogue, items: &[Item]) -> std::fmt::Result {
    for i in items {
        writeln!(
            out,
            "  item {:?} {} {:?} {:?} {:?} {:?} {:?} {:?} {}",
            i.sets,
            i.only_if.print(&d.facts),
            i.then,
            i.act,
            i.reply,
            i.page,
            i.recheck,
            i.also,
            i.lasts
        )?;
    }
    Ok(())
}
