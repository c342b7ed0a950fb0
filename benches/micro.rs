//! How long each piece of work of a turn takes.
//!
//! `cargo bench --bench micro [-- NAME]`. On a machine with other work, compare with
//! `benches/instructions.md`, which counts instructions and is the same every time.

#[path = "../tests/people/mod.rs"]
mod people;
mod work;

use work::People;

fn main() {
    divan::main();
}

#[divan::bench(args = work::NAMES)]
fn turn(bencher: divan::Bencher<'_, '_>, name: &str) {
    thread_local! {
        static ALL: Vec<work::Work> = work::all(&People {
            middle: people::in_the_middle(),
            weeks: people::after_four_weeks(),
        });
    }
    ALL.with(|all| {
        let work = all.iter().find(|w| w.name == name).expect("it has a name");
        bencher.bench_local(|| (work.run)());
    });
}
