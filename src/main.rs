use backtalk::dialogue::{issue, load};
fn main() {
    let mut sources = issue::Sources::new();
    for f in ["common.yaml","numbers.yaml","back_spasm/facts.yaml","back_spasm/rules.yaml","back_spasm/dialogue.yaml","back_spasm/verdict.yaml","back_spasm/plan.yaml","back_spasm/cards.yaml","back_spasm/sources.yaml","back_spasm/rulings.yaml"] {
        if let Ok(t) = std::fs::read_to_string(format!("dialogues/{f}")) { sources.insert(f.into(), t); }
    }
    match load::load(&sources, "back_spasm") {
        Ok(d) if std::env::args().count() > 1 => {
            let text = std::fs::read_to_string(std::env::args().nth(1).unwrap()).unwrap();
            let f: backtalk::vignettes::VignetteFile = serde_saphyr::from_str(&text).unwrap();
            let out: Vec<_> = f.vignettes.iter().map(|v| backtalk::vignettes::run(&d, v, jiff::Timestamp::UNIX_EPOCH).unwrap()).collect();
            print!("{}", backtalk::vignettes::table(&out));
        }
        Ok(d) => println!("form {} screens {} rules {}", d.form, d.screens.len(), d.rules.len()),
        Err(issues) => print!("{}", issue::print(&issues, &sources, false)),
    }
}
