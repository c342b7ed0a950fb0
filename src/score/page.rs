//! The card as a page for people.

use std::fmt::Write as _;

use super::{Card, FEW, LEVELS, Measure, Share};
use crate::dialogue::Disposition;
use crate::score::published::Figure;

/// The card in Markdown.
pub fn page(card: &Card) -> String {
    let mut out = String::new();
    head(&mut out, card);
    // Writing to a string cannot fail.
    let _ = (|| -> std::fmt::Result {
        table(&mut out, card)?;
        rates(&mut out, card)?;
        beside(&mut out, card)?;
        efforts(&mut out, card)?;
        wrong(&mut out, card)
    })();
    out
}

fn head(out: &mut String, card: &Card) {
    let files: Vec<String> = card
        .files
        .iter()
        .map(|f| format!("{} from `{}`", f.cases, f.file))
        .collect();
    let signed = match &card.signed_off {
        Some(by) => format!("signed off by {by}"),
        None => "a draft that no clinician has signed".to_owned(),
    };
    let _ = write!(
        out,
        "# Scorecard\n\n\
         Cases with an expected answer, answered on the real screens of `{}` (form {}, {signed}): {}.\n\
         `backtalk score` writes this page.\n\n\
         Read it with care. The cases that ship with a dialogue were used to build it, so they show that nothing has\n\
         slipped, not how it does with people it has not met. The intervals are 95 % Wilson intervals: what chance leaves\n\
         open, as if the cases had been drawn at random.\n",
        card.dialogue,
        card.form,
        files.join(", "),
    );
}

fn table(out: &mut String, card: &Card) -> std::fmt::Result {
    let aside = card.table.iter().any(|r| r.set_aside > 0);
    let mut heads: Vec<&str> = LEVELS.iter().map(|l| level(*l)).collect();
    if aside {
        heads.push("set aside");
    }
    writeln!(out, "\n## Expected, and told\n")?;
    writeln!(out, "| expected | told {} |", heads.join(" | "))?;
    writeln!(out, "|---|{}", "---:|".repeat(heads.len()))?;
    for row in &card.table {
        let mut told: Vec<String> = row.told.iter().map(ToString::to_string).collect();
        if aside {
            told.push(row.set_aside.to_string());
        }
        writeln!(out, "| {} | {} |", level(row.expected), told.join(" | "))?;
    }
    if card.no_triage.of > 0 {
        writeln!(
            out,
            "\nCounted apart: {} of {} about nobody's back set aside.",
            card.no_triage.hits, card.no_triage.of
        )?;
    }
    Ok(())
}

fn rates(out: &mut String, card: &Card) -> std::fmt::Result {
    writeln!(out, "\n## How often\n")?;
    writeln!(out, "| | cases, share (interval) |\n|---|---|")?;
    for r in &card.rates {
        writeln!(out, "| {} | {} |", r.measure.words(), said(r.share))?;
    }
    Ok(())
}

/// A share, and whether it rests on few cases.
fn said(share: Share) -> String {
    match share.of {
        0 => "no case".to_owned(),
        of if of < FEW => format!("{share}; few cases"),
        _ => share.to_string(),
    }
}

fn beside(out: &mut String, card: &Card) -> std::fmt::Result {
    if card.published.is_empty() {
        return Ok(());
    }
    let published = |measure: Measure| -> Vec<String> {
        card.published
            .iter()
            .flat_map(|s| s.figures.iter().map(move |f| (s, f)))
            .filter(|(_, f)| f.measure == measure)
            .map(|(s, f)| format!("{} {} ({})", f.who, percent(f), s.study))
            .collect()
    };
    writeln!(
        out,
        "\n## Beside what was published\n\n\
         These are mostly studies of general tools on vignettes, of any illness and in three or four levels. Backtalk is\n\
         narrow: one subject, five levels, and cases that it was built with. So being above these figures is a floor, and\n\
         no proof that it is safe. What would be one is a study with people, and new cases by others.\n"
    )?;
    writeln!(out, "| | here | published |\n|---|---|---|")?;
    for r in &card.rates {
        let others = published(r.measure);
        if !others.is_empty() {
            writeln!(
                out,
                "| {} | {} | {} |",
                r.measure.words(),
                said(r.share),
                others.join("<br>")
            )?;
        }
    }
    writeln!(
        out,
        "\n| study | tested | also | source |\n|---|---|---|---|"
    )?;
    for s in &card.published {
        writeln!(
            out,
            "| {} | {} | {} | {} |",
            s.study, s.tested, s.also, s.source
        )?;
    }
    Ok(())
}

fn percent(f: &Figure) -> String {
    match (f.low, f.high) {
        (Some(low), Some(high)) => format!("{} % ({low} to {high})", f.percent),
        _ => format!("{} %", f.percent),
    }
}

fn efforts(out: &mut String, card: &Card) -> std::fmt::Result {
    writeln!(
        out,
        "\n## What it takes\n\n\
         Taps and screens from the welcome to the verdict, by what was told: fewest / median / most.\n"
    )?;
    writeln!(out, "| told | cases | taps | screens |\n|---|---:|---|---|")?;
    for e in &card.efforts {
        let few = if e.cases < FEW { ", few" } else { "" };
        writeln!(
            out,
            "| {} | {}{few} | {} | {} |",
            level(e.told),
            e.cases,
            e.taps,
            e.screens
        )?;
    }
    Ok(())
}

fn wrong(out: &mut String, card: &Card) -> std::fmt::Result {
    writeln!(out, "\n## What is wrong\n")?;
    if card.wrong.is_empty() {
        return writeln!(
            out,
            "Nothing: every case was told what is acceptable for it."
        );
    }
    for w in &card.wrong {
        writeln!(out, "- `{}` in `{}`: {}", w.id, w.file, w.said.join("; "))?;
    }
    Ok(())
}

fn level(disposition: Disposition) -> &'static str {
    match disposition {
        Disposition::Emergency => "emergency",
        Disposition::Urgent => "urgent",
        Disposition::Soon => "soon",
        Disposition::Routine => "routine",
        Disposition::SelfCare => "self-care",
        Disposition::NoTriage => "no triage",
    }
}
