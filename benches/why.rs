//! What it costs to say what would change an advice.
//!
//! `cargo bench --bench why` finds it for 10,000 people, random ones and those around each rule, and
//! prints the middle and the slowest of a hundred.

// It measures real time.
#![allow(clippy::disallowed_methods)]

use std::time::{Duration, Instant};

use backtalk::assess::assess;
use backtalk::dialogue::check::people::{self, Sayable};
use backtalk::dialogue::{Disposition, load};
use backtalk::{shipped, what_if};

/// How many people.
const PEOPLE: usize = 10_000;

fn main() {
    let d = load::load(&shipped::built_in(), "back_spasm").expect("the shipped dialogue loads");
    let told: Vec<_> = people::all(&Sayable::new(&d), 2 * PEOPLE)
        .into_iter()
        .map(|p| (assess(&d, &p).disposition, p))
        .filter(|(t, _)| *t < Disposition::Emergency && *t > Disposition::NoTriage)
        .take(PEOPLE)
        .collect();
    let (mut changes, mut keeps, mut both) = (Vec::new(), Vec::new(), Vec::new());
    for (told, person) in &told {
        let change = quickest(|| what_if::changes(&d, person, *told));
        let keep = quickest(|| what_if::keeps_from_self_care(&d, person));
        changes.push(change);
        keeps.push(keep);
        both.push(change + keep);
    }
    println!(
        "{} people\n\n| what | middle | 99 of 100 | slowest |\n|---|---|---|---|",
        told.len()
    );
    row("what would be more urgent", changes);
    row("what keeps it from self-care", keeps);
    row("both", both);
}

/// The quickest of five tries: what else runs on the machine is not what is measured.
fn quickest<T>(find: impl Fn() -> T) -> Duration {
    let tries = (0..5).map(|_| {
        let began = Instant::now();
        std::hint::black_box(find());
        began.elapsed()
    });
    tries.min().unwrap_or_default()
}

fn row(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |part: f64| times[((times.len() - 1) as f64 * part) as usize];
    let ms = |t: Duration| format!("{:.2} ms", t.as_secs_f64() * 1000.0);
    println!(
        "| {what} | {} | {} | {} |",
        ms(at(0.5)),
        ms(at(0.99)),
        ms(at(1.0))
    );
}
