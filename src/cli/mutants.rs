//! `backtalk prove --mutants`: how many dialogues with one thing wrong are noticed, and by what.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::Outcome;
use crate::dialogue::Dialogue;
use crate::mutants::{Fate, Judges};
use crate::proof::World;
use crate::proof::mutant::{self, Mutation};
use crate::proof::space::Space;

/// Try every mutant, or every so many; print the report. The exit code says whether all were
/// noticed that change anything.
pub(super) fn mutants(judges: &Judges, every: usize) -> Outcome {
    let d = judges.fresh()?;
    let all: Vec<Mutation> = mutant::all(&d).into_iter().step_by(every.max(1)).collect();
    let fates = judge_all(judges, &all)?;
    let survived = fates.iter().filter(|f| **f == Fate::Survived).count();
    print!("{}", report(&d, &all, &fates));
    Ok(if survived == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The fate of each, on all processors.
fn judge_all(judges: &Judges, all: &[Mutation]) -> Result<Vec<Fate>, String> {
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let next = AtomicUsize::new(0);
    let work = || -> Result<Vec<(usize, Fate)>, String> {
        let d = judges.fresh()?;
        let space = Space::new(&d);
        let original = World::new(&space);
        original.possible();
        let mut out = Vec::new();
        loop {
            let n = next.fetch_add(1, Ordering::Relaxed);
            let Some(mutation) = all.get(n) else {
                return Ok(out);
            };
            out.push((n, judges.judge(*mutation, &original)?));
        }
    };
    let mut fates: Vec<(usize, Fate)> = Vec::new();
    let done: Vec<Result<Vec<(usize, Fate)>, String>> = std::thread::scope(|scope| {
        let working: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        // A panic in a worker is a panic here.
        working
            .into_iter()
            .map(|w| w.join().unwrap_or_else(|p| std::panic::resume_unwind(p)))
            .collect()
    });
    for some in done {
        fates.extend(some?);
    }
    fates.sort_by_key(|(n, _)| *n);
    Ok(fates.into_iter().map(|(_, fate)| fate).collect())
}

fn report(d: &Dialogue, all: &[Mutation], fates: &[Fate]) -> String {
    let mut counts: BTreeMap<&str, [usize; 6]> = BTreeMap::new();
    for (mutation, fate) in all.iter().zip(fates) {
        let by = match fate {
            Fate::Case(_) => 0,
            Fate::Answers => 1,
            Fate::Law(_) => 2,
            Fate::Replay(_) => 3,
            Fate::Equivalent => 4,
            Fate::Survived => 5,
        };
        counts.entry(mutation.kind()).or_default()[by] += 1;
    }
    let mut out = format!(
        "# Mutants of {}, form {}\n\n\
         One thing is wrong in each. \"Changes nothing\" is proved: of everybody there is nobody is\n\
         told another disposition, and nothing else is left out of a plan.\n\n\
         | kind | mutants | noticed by a case | by the list of answers | by a law | by a replay | changes nothing | survived |\n\
         |---|---|---|---|---|---|---|---|\n",
        d.name, d.form
    );
    let mut sum = [0; 6];
    // Writing to a string cannot fail.
    let mut row = |name: &str, n: &[usize; 6]| {
        let _ = writeln!(
            out,
            "| {name} | {} | {} | {} | {} | {} | {} | {} |",
            n.iter().sum::<usize>(),
            n[0],
            n[1],
            n[2],
            n[3],
            n[4],
            n[5]
        );
    };
    for (kind, n) in &counts {
        row(kind, n);
        n.iter().zip(&mut sum).for_each(|(n, s)| *s += n);
    }
    row("**all**", &sum);
    for (title, wanted) in [
        ("Survived", Fate::Survived),
        ("Changes nothing", Fate::Equivalent),
    ] {
        let _ = writeln!(out, "\n## {title}\n");
        for (mutation, _) in all.iter().zip(fates).filter(|(_, f)| **f == wanted) {
            let _ = writeln!(out, "- {}", mutation.describe(d));
        }
    }
    out
}
