//! A difference as a text for the people who decide about it.

use std::fmt::Write as _;

use super::{Cause, Changes, Difference, Direction, Example, Group, How, Move, Only, Reworded};
use crate::engine::verdict::name_of;
use crate::proof::count;

/// Longer values are cut, since the files show them in full.
const MOST_SHOWN: usize = 100;

/// The difference, without what it says of signatures.
pub fn text(x: &Difference) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write(&mut out, x);
    out
}

/// Who is told less without a signature, and the entries that are missing; nothing where nobody is.
pub fn refusal(x: &Difference, dialogue: &str) -> Option<String> {
    let unsigned = x.unsigned.as_ref()?;
    let entries: Vec<String> = unsigned.missing.iter().map(|s| s.entry()).collect();
    let mut out = format!(
        "Refused: {} answer sets are told less than before, and nobody has signed that for this form.\n",
        count(unsigned.people)
    );
    if let Some(example) = &unsigned.example {
        let _ = person(&mut out, example);
    }
    let _ = write!(
        out,
        "Put this under `changes` of dialogues/{dialogue}/CHANGES.yaml, with reason, source, name and day, or take the change back:\n{}",
        entries.concat()
    );
    Some(out)
}

fn write(out: &mut String, x: &Difference) -> std::fmt::Result {
    writeln!(
        out,
        "Form {} -> {}, {} possible answer sets. A rare one counts as much as a common one.",
        x.old_form,
        x.new_form,
        count(x.people)
    )?;
    if x.no_longer_said > 0.0 {
        writeln!(
            out,
            "{} of them can no longer be said; what the new dialogue does not take counts as harmless.",
            count(x.no_longer_said)
        )?;
    }
    if x.newly_said > 0.0 {
        writeln!(
            out,
            "{} more can only be said now, and are not compared.",
            count(x.newly_said)
        )?;
    }
    dispositions(out, x)?;
    section(out, "Questions", "meet", &x.screens)?;
    section(out, "Gates", "have", &x.gates)?;
    section(out, "What the plan may hold", "have", &x.elements)?;
    section(out, "Lines, cards, exercises and choices", "have", &x.plan)?;
    if !x.settings.is_empty() {
        writeln!(out, "\nOther values")?;
    }
    for s in &x.settings {
        writeln!(
            out,
            "  {}\n    before: {}\n    now:    {}",
            s.id,
            cut(&s.before),
            cut(&s.after)
        )?;
    }
    wording(out, &x.wording)
}

fn dispositions(out: &mut String, x: &Difference) -> std::fmt::Result {
    if x.moves.is_empty() {
        return writeln!(out, "Nobody is told another disposition.");
    }
    writeln!(
        out,
        "Told more: {}. Told less: {}.",
        count(x.raised),
        count(x.lowered)
    )?;
    for (direction, title) in [(Direction::Down, "Lowered"), (Direction::Up, "Raised")] {
        let moves: Vec<&Move> = x
            .moves
            .iter()
            .filter(|m| m.direction == direction)
            .collect();
        if moves.is_empty() {
            continue;
        }
        writeln!(out, "\n{title}")?;
        for m in &moves {
            writeln!(
                out,
                "  {} -> {}: {} ({} of all, {} of {})",
                name_of(m.from),
                name_of(m.to),
                count(m.people),
                percent(m.share),
                percent(m.share_of_level),
                name_of(m.from)
            )?;
        }
        writeln!(out, "  Caused by")?;
        for c in causes(&moves) {
            writeln!(out, "    {} {}: {}", c.rule, became(c.how), count(c.people))?;
        }
        for m in &moves {
            writeln!(
                out,
                "  The shortest example of {} -> {}",
                name_of(m.from),
                name_of(m.to)
            )?;
            if let Some(example) = &m.example {
                person(out, example)?;
            }
        }
    }
    Ok(())
}

/// The causes of several moves, summed by rule.
fn causes(moves: &[&Move]) -> Vec<Cause> {
    let mut out: Vec<Cause> = Vec::new();
    for c in moves.iter().flat_map(|m| &m.causes) {
        match out
            .iter_mut()
            .find(|o| (&o.rule, o.how) == (&c.rule, c.how))
        {
            Some(same) => same.people += c.people,
            None => out.push(c.clone()),
        }
    }
    out.sort_by(|a, b| b.people.total_cmp(&a.people));
    out
}

fn became(how: How) -> &'static str {
    match how {
        How::Added => "is new",
        How::Removed => "is gone",
        How::Widened => "fires for more",
        How::Narrowed => "fires for fewer",
        How::Raised => "gives a more urgent disposition",
        How::Lowered => "gives a less urgent disposition",
        How::Asked => "is the same, and what it reads is asked of others",
    }
}

fn section(out: &mut String, title: &str, verb: &str, all: &[Changes]) -> std::fmt::Result {
    if all.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{title}")?;
    let mut shown: Option<&Example> = None;
    for c in all {
        for (group, when) in [(&c.gained, "newly"), (&c.lost, "no longer")] {
            let Some(Group {
                people,
                share,
                example,
            }) = group
            else {
                continue;
            };
            writeln!(
                out,
                "  {}: {} ({}) {when} {verb} it",
                cut(&c.id),
                count(*people),
                percent(*share)
            )?;
            match example {
                Some(x) if shown == Some(x) => writeln!(out, "    The same person.")?,
                Some(x) => person(out, x)?,
                None => {}
            }
            shown = example.as_ref();
        }
    }
    Ok(())
}

/// A conversation: what somebody answers beyond the harmless, and what they are told.
fn person(out: &mut String, x: &Example) -> std::fmt::Result {
    if x.answers.is_empty() {
        writeln!(out, "    Every answer is harmless.")?;
    }
    for a in &x.answers {
        let says: Vec<String> = a.says.iter().map(|s| format!("[{s}]")).collect();
        let only = match a.only {
            None => "",
            Some(Only::Before) => " (only before)",
            Some(Only::Now) => " (only now)",
        };
        writeln!(out, "    {} {}{only}", a.asks, says.join(" "))?;
    }
    let told = |d: Option<crate::dialogue::Disposition>| d.map_or("nothing", name_of);
    if x.before == x.after {
        writeln!(out, "    Told {} before and now.", told(x.before))
    } else {
        writeln!(
            out,
            "    Told {} before, {} now.",
            told(x.before),
            told(x.after)
        )
    }
}

fn wording(out: &mut String, all: &[Reworded]) -> std::fmt::Result {
    if all.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nWording: characters and reading grade")?;
    for w in all {
        match (&w.before, &w.after) {
            (Some(b), Some(a)) => writeln!(
                out,
                "  {}: {} -> {} characters, grade {:.1} -> {:.1}\n    before: {}\n    now:    {}",
                w.what,
                b.length,
                a.length,
                b.years,
                a.years,
                cut(&b.text),
                cut(&a.text)
            )?,
            (None, Some(a)) => writeln!(
                out,
                "  {} is new: {} characters, grade {:.1}\n    now:    {}",
                w.what,
                a.length,
                a.years,
                cut(&a.text)
            )?,
            (_, None) => writeln!(out, "  {} is gone", w.what)?,
        }
    }
    Ok(())
}

/// On one line, and cut where it is long.
fn cut(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= MOST_SHOWN {
        return line;
    }
    let start: String = line.chars().take(MOST_SHOWN).collect();
    format!("{start}…")
}

fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    match percent {
        p if p >= 10.0 => format!("{p:.0} %"),
        p if p >= 0.01 => format!("{p:.2} %"),
        _ => "under 0.01 %".to_owned(),
    }
}
