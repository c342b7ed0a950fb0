//! The commands. Arguments in, exit code out.

mod config;
mod diff;
mod mutants;
mod operators;
mod prove;
mod reload;
mod score;
mod versions;

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, Parser, Subcommand};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};

use crate::clock::{Clock, ShiftedClock, SystemClock};
use crate::config::{self as settings, StoreChoice, StoreSettings};
use crate::dialogue::issue::{self, Sources};
use crate::dialogue::{Dialogue, load};
use crate::{app, common_time, heartbeat, logs, shipped, store_open, terminal, vignettes};

/// Triage and first help for a back spasm, in Telegram and in the terminal.
///
/// The dialogue is a draft until a clinician signs it.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
pub struct Cli {
    #[command(flatten)]
    files: Files,
    #[command(subcommand)]
    command: Option<Cmd>,
}

/// Which dialogue.
#[derive(Debug, Clone, Args)]
struct Files {
    /// The folder with the dialogue files; without it, those built into the program.
    #[arg(long, global = true, env = "BACKTALK_DIALOGUES")]
    dialogues: Option<PathBuf>,
    /// The dialogue in that folder.
    #[arg(
        long,
        global = true,
        env = "BACKTALK_DIALOGUE",
        default_value = "back_spasm"
    )]
    dialogue: String,
}

#[derive(Debug, Subcommand)]
enum Cmd {
    /// Hold the conversation in this terminal.
    Chat(ChatArgs),
    /// Answer people in Telegram.
    Run(RunArgs),
    /// Print the settings that `run` would go by, and where each comes from; secrets are hidden.
    Config(RunArgs),
    /// Check and prove the dialogue files, and have the running bot on this machine load them.
    Reload(reload::ReloadArgs),
    /// Say by exit code whether a running bot is alive.
    Health(HealthArgs),
    /// Make links that let people in where only invited people may talk to the bot.
    Invite(InviteArgs),
    /// Print a new key to encrypt records with.
    Key,
    /// Rotate the keys of a store, or move it elsewhere.
    #[command(subcommand)]
    Store(operators::StoreCmd),
    /// Look at everything that a bot needs, and say what is wrong and what to do about it.
    Doctor(operators::DoctorArgs),
    /// Move talks that began over an older version of the dialogue to this one.
    Migrate(versions::MigrateArgs),
    /// Tell people whom this version of the dialogue finds more urgent than what they were told.
    Recall(versions::RecallArgs),
    /// Check the dialogue files.
    Check(CheckArgs),
    /// Prove the laws of the dialogue over all answers.
    Prove(prove::ProveArgs),
    /// Show what a change of the dialogue does to people; exit code 1 when somebody is told less
    /// and nobody has signed it.
    Diff(diff::DiffArgs),
    /// Give the verdict for one set of facts.
    Triage(TriageArgs),
    /// Answer the real screens from a file of cases and compare.
    Vignettes(VignettesArgs),
    /// Answer files of cases on the real screens and write a scorecard beside published figures;
    /// exit code 1 when a case is wrong.
    Score(score::ScoreArgs),
    /// Run replay files, which are conversations with what must come of them; or go through a file
    /// of /export again.
    Replay(ReplayArgs),
    /// Draw the states of the dialogue.
    Graph(GraphArgs),
    /// Write the JSON Schemas of the dialogue files.
    Schema(SchemaArgs),
}

/// Which store. Addresses may hold passwords, so what the environment says is not shown.
#[derive(Debug, Args)]
struct StoreArgs {
    /// Where records are kept: the path of a file, the address of a Redis, or `memory`.
    #[arg(long, env = "BACKTALK_STORE", hide_env_values = true)]
    store: Option<SecretString>,
    /// The address of a Redis, where no store is given.
    #[arg(long, env = "REDIS_URL", hide_env_values = true)]
    redis_url: Option<SecretString>,
    #[command(flatten)]
    keep: KeepArgs,
}

/// How records are kept.
#[derive(Debug, Args)]
struct KeepArgs {
    /// How every key of this bot begins in Redis.
    #[arg(long, env = "BACKTALK_REDIS_PREFIX", default_value = "backtalk")]
    redis_prefix: String,
    /// How many replicas must have a change before its update is acknowledged to Telegram; without
    /// it, one where there are Sentinels.
    #[arg(long, env = "BACKTALK_REDIS_WAIT")]
    redis_wait: Option<u32>,
    /// For how many days after the last message records are kept: 1 to 3650, 90 if not set.
    #[arg(long, env = "BACKTALK_KEEP_DAYS", allow_hyphen_values = true)]
    keep_days: Option<String>,
}

impl StoreArgs {
    /// The settings of the store; `usual` is the name of its file where none is chosen.
    fn settings(&self, usual: &str) -> Result<StoreSettings, String> {
        let text = |arg: &Option<SecretString>| arg.as_ref().map(|a| a.expose_secret().to_owned());
        let (store, redis_url) = (text(&self.store), text(&self.redis_url));
        let choice = settings::store(store.as_deref(), redis_url.as_deref(), usual)
            .map_err(|e| e.to_string())?;
        self.keep.settings(choice)
    }
}

impl KeepArgs {
    /// The settings of this store.
    fn settings(&self, choice: StoreChoice) -> Result<StoreSettings, String> {
        Ok(StoreSettings {
            choice,
            redis_prefix: self.redis_prefix.clone(),
            redis_wait: self.redis_wait,
            // A key has no flag: everybody on a machine can read the arguments of a process.
            key: std::env::var("BACKTALK_KEY")
                .ok()
                .filter(|key| !key.trim().is_empty())
                .map(SecretString::from),
            keep_days: settings::keep_days(self.keep_days.as_deref()).map_err(|e| e.to_string())?,
        })
    }
}

#[derive(Debug, Args)]
struct ChatArgs {
    #[command(flatten)]
    store: StoreArgs,
    /// Keep nothing.
    #[arg(long)]
    memory: bool,
    /// Begin at this local time, such as 2026-03-02T21:40.
    #[arg(long)]
    at: Option<DateTime>,
    /// How many times as fast as real the clock runs.
    #[arg(long, default_value_t = 1.0)]
    speed: f64,
    /// Write the conversation to this replay file.
    #[arg(long)]
    record: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct RunArgs {
    #[command(flatten)]
    store: StoreArgs,
    /// Messages a second over all chats, shared by all processes of the bot.
    #[arg(long, env = "BACKTALK_PER_SECOND", default_value = "30", value_parser = clap::value_parser!(u32).range(1..=1000))]
    per_second: u32,
    /// Who may talk to the bot: `open` for everybody, or `invited`.
    #[arg(long, env = "BACKTALK_ACCESS")]
    access: Option<String>,
    /// With `invited`: who may come without an invitation, by Telegram id, with commas between.
    #[arg(
        long,
        env = "BACKTALK_ALLOWED",
        hide_env_values = true,
        allow_hyphen_values = true
    )]
    allowed: Option<String>,
    #[command(flatten)]
    webhook: WebhookArgs,
}

/// How updates come, if not by polling.
#[derive(Debug, Args)]
struct WebhookArgs {
    /// The address that Telegram posts updates to, such as https://bot.example.org/telegram; without
    /// it the program polls. All processes of a bot have the same.
    #[arg(long, env = "BACKTALK_WEBHOOK_URL")]
    webhook_url: Option<String>,
    /// How many updates Telegram may post at once: 1 to 100, 40 if not set.
    #[arg(long, env = "BACKTALK_WEBHOOK_CONNECTIONS", value_parser = clap::value_parser!(u8).range(1..=100))]
    webhook_connections: Option<u8>,
    /// Where to listen for Telegram's posts, /healthz, /readyz and /metrics, such as 0.0.0.0:8080.
    #[arg(long, env = "BACKTALK_LISTEN")]
    listen: Option<SocketAddr>,
}

impl WebhookArgs {
    /// What is said of it, in the settings for Telegram.
    fn add_to(&self, telegram: &mut settings::Telegram) -> Result<(), String> {
        telegram.listen = self.listen;
        // It has no flag: everybody on a machine can read the arguments of a process.
        let secret = std::env::var("BACKTALK_WEBHOOK_SECRET").ok();
        let said = settings::webhook::Said {
            url: self.webhook_url.as_deref(),
            listen: self.listen,
            secret: secret.as_deref(),
            connections: self.webhook_connections,
        };
        let is_local = telegram.api_url.is_some();
        let webhook = settings::webhook::webhook(&said, &telegram.token, is_local);
        telegram.webhook = webhook.map_err(|e| e.to_string())?;
        Ok(())
    }
}

#[derive(Debug, Args)]
struct InviteArgs {
    /// For how many days a link is good.
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..=365))]
    days: u16,
    /// How many links.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1000))]
    count: u16,
    /// The name of the bot, such as my_back_bot; without it Telegram is asked.
    #[arg(long)]
    username: Option<String>,
}

#[derive(Debug, Args)]
struct HealthArgs {
    /// The file with the bot's sign of life; without it `backtalk.alive` where temporary files are.
    #[arg(long, env = heartbeat::SETTING)]
    heartbeat: Option<PathBuf>,
}

/// The program without a command, which is `run` with its settings from the environment.
#[derive(Debug, Parser)]
struct Bare {
    #[command(flatten)]
    run: RunArgs,
}

#[derive(Debug, Args)]
struct CheckArgs {
    /// Print who uses each source.
    #[arg(long)]
    sources: bool,
    /// Print the taps to each verdict over the dialogue's own vignettes.
    #[arg(long)]
    taps: bool,
    /// Print the reading grades.
    #[arg(long)]
    grades: bool,
}

#[derive(Debug, Args)]
struct TriageArgs {
    /// A YAML file with a `facts` map; what it leaves out is harmless.
    #[arg(long)]
    facts: PathBuf,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct VignettesArgs {
    /// The file of cases.
    file: PathBuf,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// Write each case as a replay file into this folder.
    #[arg(long)]
    record: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct ReplayArgs {
    /// The files: .replay, or .json from /export.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Rewrite what the bot says, its buttons, state, rules and due times, as they are now.
    #[arg(long)]
    accept: bool,
}

#[derive(Debug, Args)]
struct GraphArgs {
    /// Only phases and verdicts.
    #[arg(long)]
    overview: bool,
    /// Graphviz instead of Mermaid.
    #[arg(long)]
    dot: bool,
}

#[derive(Debug, Args)]
struct SchemaArgs {
    /// The folder.
    #[arg(default_value = "dialogues/schema")]
    folder: PathBuf,
}

/// The number of the terminal, where a bot has that of its token.
const TERMINAL: u64 = 0;

type Outcome = Result<ExitCode, String>;

/// Run the program.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli) {
        Ok(code) => code,
        Err(said) => {
            eprintln!("{said}");
            ExitCode::from(2)
        }
    }
}

fn run(cli: Cli) -> Outcome {
    let bare = || Cmd::Run(Bare::parse_from(["backtalk"]).run);
    let command = cli.command.unwrap_or_else(bare);
    match command {
        Cmd::Chat(args) => chat(&cli.files, args),
        Cmd::Run(args) => telegram(&cli.files, &args),
        Cmd::Config(args) => config::config(&cli.files, &args),
        Cmd::Reload(args) => reload::reload(&cli.files, &args),
        Cmd::Health(args) => Ok(health(args)),
        Cmd::Invite(args) => invite(&args),
        Cmd::Key => operators::key(),
        Cmd::Store(command) => operators::store(command),
        Cmd::Doctor(args) => operators::doctor(&cli.files, &args),
        Cmd::Migrate(args) => versions::migrate(&cli.files, &args),
        Cmd::Recall(args) => versions::recall(&cli.files, &args),
        Cmd::Check(args) => check(&cli.files, &args),
        Cmd::Prove(args) => prove::prove(&cli.files, &args),
        Cmd::Diff(args) => diff::diff(&cli.files, &args),
        Cmd::Triage(args) => triage(&cli.files, &args),
        Cmd::Vignettes(args) => run_vignettes(&cli.files, &args),
        Cmd::Score(args) => score::score(&cli.files, &args),
        Cmd::Replay(args) => replay(&cli.files, &args),
        Cmd::Graph(args) => graph(&cli.files, &args),
        Cmd::Schema(args) => schema(&args),
    }
}

fn sources(files: &Files) -> Result<Sources, String> {
    match &files.dialogues {
        None => Ok(shipped::built_in()),
        Some(path) => shipped::folder(path).map_err(|e| {
            format!(
                "The folder {} cannot be read: {e}. Give it with --dialogues.",
                path.display()
            )
        }),
    }
}

fn dialogue(files: &Files) -> Result<Dialogue, String> {
    let sources = sources(files)?;
    load::load(&sources, &files.dialogue).map_err(|issues| {
        format!(
            "{}\nThe dialogue cannot be used. `backtalk check` says more.",
            issue::print(&issues, &sources, color())
        )
    })
}

fn color() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

fn runtime() -> Result<tokio::runtime::Runtime, String> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|e| format!("The program cannot start its threads: {e}"))
}

fn chat(files: &Files, args: ChatArgs) -> Outcome {
    let mut settings = args.store.settings(settings::CHAT_FILE)?;
    let mut dialogue = dialogue(files)?;
    dialogue.keep_days = settings.keep_days;
    let dialogue = Arc::new(dialogue);
    if dialogue.signed_off.is_none() {
        println!("  (Draft dialogue: not checked by a clinician. Not for real emergencies.)");
    }
    if args.memory {
        settings.choice = StoreChoice::Memory;
    }
    let runtime = runtime()?;
    let store = runtime.block_on(store_open::open(&settings, TERMINAL))?;
    if let StoreChoice::File(_) | StoreChoice::Redis(_) = &settings.choice {
        println!(
            "  (Your answers are kept in {}{}. /forget deletes them.)",
            settings.choice,
            match settings.key {
                Some(_) => ", encrypted",
                None => ", not encrypted",
            }
        );
    }
    let bot = runtime.block_on(versions::bot(sources(files)?, dialogue, store))?;
    let clock: Box<dyn Clock> = match (args.at, args.speed) {
        (None, 1.0) => {
            let clock = runtime.block_on(common_time::clock(&*bot.store));
            Box::new(clock.map_err(|e| e.to_string())?)
        }
        (at, speed) => {
            let from = match at {
                Some(at) => at
                    .to_zoned(TimeZone::system())
                    .map_err(|e| format!("--at: {e}"))?
                    .timestamp(),
                None => SystemClock.now(),
            };
            Box::new(ShiftedClock::new(from, speed))
        }
    };
    let mut said: Vec<(crate::engine::Input, Timestamp)> = Vec::new();
    let recording = args.record.is_some();
    let ended = runtime.block_on(terminal::chat(&bot, &*clock, |input, now| {
        if recording {
            said.push((input.clone(), now));
        }
    }));
    // The thread that reads the terminal may wait for a line for ever.
    runtime.shutdown_background();
    ended.map_err(|e| e.to_string())?;
    if let Some(path) = &args.record {
        write(path, &crate::replay_run::record(&bot.dialogue, &said)?)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What `run` goes by.
struct Prepared {
    telegram: settings::Telegram,
    store: StoreSettings,
    access: settings::Access,
}

/// Everything that is said of a run, once it is known that it can hold together.
fn prepare(files: &Files, args: &RunArgs) -> Result<Prepared, String> {
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    settings::table::refuse_unknown(names).map_err(|e| e.to_string())?;
    let format = std::env::var(logs::FORMAT).ok();
    logs::Format::named(format.as_deref()).map_err(|e| e.to_string())?;
    settings::one_of("BACKTALK_LOG", &app::LEVELS).map_err(|e| e.to_string())?;
    let mut telegram = telegram_settings()?;
    telegram.per_second = NonZeroU32::new(args.per_second).unwrap_or(telegram.per_second);
    args.webhook.add_to(&mut telegram)?;
    let store = args.store.settings(settings::BOT_FILE)?;
    if store.redis_wait.is_some() && !matches!(store.choice, StoreChoice::Redis(_)) {
        return Err(settings::ConfigError::NoRedis("BACKTALK_REDIS_WAIT").to_string());
    }
    store
        .keys(settings::bot_number(&telegram.token))
        .map_err(|e| e.to_string())?;
    let access = settings::access(args.access.as_deref(), args.allowed.as_deref())
        .map_err(|e| e.to_string())?;
    if let Some(folder) = &files.dialogues
        && !folder.is_dir()
    {
        return Err(format!(
            "{} is no folder. Give that of the dialogue files with --dialogues or \
             BACKTALK_DIALOGUES.",
            folder.display()
        ));
    }
    Ok(Prepared {
        telegram,
        store,
        access,
    })
}

fn telegram(files: &Files, args: &RunArgs) -> Outcome {
    let prepared = prepare(files, args)?;
    let keep_days = prepared.store.keep_days;
    let mut dialogue = dialogue(files)?;
    dialogue.keep_days = keep_days;
    let dialogue = Arc::new(dialogue);
    let format = std::env::var(logs::FORMAT).ok();
    logs::begin(logs::Format::named(format.as_deref()).map_err(|e| e.to_string())?);
    let files = files.clone();
    runtime()?.block_on(async {
        let number = settings::bot_number(&prepared.telegram.token);
        let store = store_open::open(&prepared.store, number).await?;
        let bot = versions::bot(sources(&files)?, dialogue, store.clone()).await?;
        let again = move || reload::again(files.clone(), store.clone(), keep_days);
        app::run(bot, prepared.telegram, prepared.access, again).await
    })?;
    Ok(ExitCode::SUCCESS)
}

fn telegram_settings() -> Result<settings::Telegram, String> {
    settings::telegram(
        std::env::var("TELOXIDE_TOKEN").ok(),
        std::env::var("TELOXIDE_API_URL").ok(),
    )
    .map_err(|e| e.to_string())
}

/// Print links, or codes alone where the name of the bot cannot be found out.
fn invite(args: &InviteArgs) -> Outcome {
    let settings = telegram_settings()?;
    let username = match &args.username {
        Some(said) => Some(
            settings::username(said)
                .map_err(|e| e.to_string())?
                .to_owned(),
        ),
        None => runtime()?.block_on(crate::telegram::username(&settings)),
    };
    let key = crate::invite::Key::of_token(settings.token.expose_secret());
    let until = SystemClock.now() + SignedDuration::from_hours(24 * i64::from(args.days));
    for _ in 0..args.count {
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(|e| format!("This machine gives no chance: {e}"))?;
        let code = key
            .code(until, random)
            .ok_or("The clock of this machine is wrong: set it.")?;
        match &username {
            Some(name) => println!("https://t.me/{name}?start={code}"),
            None => println!("{code}"),
        }
    }
    let day = until
        .to_zoned(TimeZone::UTC)
        .strftime("%-d %B %Y, %H:%M UTC");
    eprintln!(
        "Good until {day}, for everybody who has the link. The bot must run with BACKTALK_ACCESS=invited."
    );
    if username.is_none() {
        eprintln!(
            "Telegram could not be asked for the name of the bot. Put each code into https://t.me/NAME?start=CODE, or give the name with --username."
        );
    }
    Ok(ExitCode::SUCCESS)
}

fn health(args: HealthArgs) -> ExitCode {
    let file = heartbeat::file(args.heartbeat);
    let sign = heartbeat::read(&file, SystemClock.now());
    println!("{}", sign.explain(&file));
    if sign.is_alive() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn check(files: &Files, args: &CheckArgs) -> Outcome {
    let sources = sources(files)?;
    let (issues, dialogue) = match load::load(&sources, &files.dialogue) {
        Ok(d) => (crate::dialogue::check::check(&d, &sources), Some(d)),
        Err(issues) => (issues, None),
    };
    print!(
        "{}",
        issue::print(&issues, &sources, std::io::stdout().is_terminal())
    );
    if let Some(d) = &dialogue {
        println!(
            "{}: form {}, {} screens, {} facts, {} rules.",
            d.name,
            d.form,
            d.screens.len(),
            d.facts.len(),
            d.rules.len()
        );
        match &d.signed_off {
            Some(by) => println!("Signed off by {by}."),
            None => println!("Draft: not signed by a clinician."),
        }
        if args.sources {
            print!("\n{}", crate::dialogue::check::sources_matrix(d));
        }
        if args.grades {
            print!("\n{}", crate::dialogue::check::grades(d));
        }
        if args.taps {
            let path = format!("{}/vignettes.yaml", d.name);
            let text = sources
                .get(&path)
                .ok_or_else(|| format!("There is no file {path} to count taps over."))?;
            let file = serde_saphyr::from_str(text).map_err(|e| format!("{path}: {e}"))?;
            print!("\n{}", crate::dialogue::check::taps(&outcomes(d, &file)?));
        }
    }
    Ok(if issues.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn yaml<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, String> {
    let text = std::fs::read_to_string(path)
        .map_err(|e| format!("{} cannot be read: {e}", path.display()))?;
    serde_saphyr::from_str(&text).map_err(|e| format!("{}: {e}", path.display()))
}

fn triage(files: &Files, args: &TriageArgs) -> Outcome {
    let d = dialogue(files)?;
    let only: vignettes::FactsOnly = yaml(&args.facts)?;
    let known = vignettes::facts(&d, &only.facts).map_err(|wrong| wrong.join("\n"))?;
    let verdict = vignettes::triage(&d, &known);
    if args.json {
        println!(
            "{}",
            serde_json::to_string_pretty(&verdict).map_err(|e| e.to_string())?
        );
    } else {
        print!("{}", vignettes::triage_text(&verdict));
    }
    Ok(ExitCode::SUCCESS)
}

fn outcomes(
    d: &Dialogue,
    file: &vignettes::VignetteFile,
) -> Result<Vec<vignettes::Outcome>, String> {
    let mut wrong = Vec::new();
    let mut out = Vec::new();
    for v in &file.vignettes {
        match vignettes::run(d, v, Timestamp::UNIX_EPOCH) {
            Ok(o) => out.push(o),
            Err(said) => wrong.extend(said.into_iter().map(|s| format!("{}: {s}", v.id))),
        }
    }
    if wrong.is_empty() {
        Ok(out)
    } else {
        Err(wrong.join("\n"))
    }
}

fn run_vignettes(files: &Files, args: &VignettesArgs) -> Outcome {
    let d = Arc::new(dialogue(files)?);
    let file: vignettes::VignetteFile = yaml(&args.file)?;
    let outcomes = outcomes(&d, &file)?;
    if let Some(folder) = &args.record {
        std::fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        for v in &file.vignettes {
            let path = folder.join(format!("{}.replay", v.id.replace('-', "_")));
            write(&path, &crate::replay_run::of_vignette(&d, v)?)?;
        }
    }
    if args.json {
        let all =
            serde_json::json!({ "vignettes": outcomes, "totals": vignettes::totals(&outcomes) });
        println!(
            "{}",
            serde_json::to_string_pretty(&all).map_err(|e| e.to_string())?
        );
    } else {
        print!("{}", vignettes::table(&outcomes));
    }
    let wrong = outcomes.iter().any(|o| !o.wrong.is_empty());
    Ok(if wrong {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn replay(files: &Files, args: &ReplayArgs) -> Outcome {
    let d = Arc::new(dialogue(files)?);
    let mut failed = 0;
    for path in &args.files {
        let said = if crate::replay_run::is_export(path) {
            export(&d, path, args.accept)
        } else if args.accept {
            crate::replay_run::accept(&d, path)
        } else {
            crate::replay_run::check(&d, path)
        };
        match said {
            Ok(()) => println!("ok    {}", path.display()),
            Err(said) => {
                failed += 1;
                println!("FAIL  {}\n{said}", path.display());
            }
        }
    }
    println!("{} replays, {failed} failed.", args.files.len());
    Ok(if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Print the conversation of an export; the answer is whether it holds.
fn export(d: &Dialogue, path: &Path, accept: bool) -> Result<(), String> {
    if accept {
        return Err(
            "An export is what happened, so there is nothing to accept. Leave --accept out.".into(),
        );
    }
    let (lines, held) = crate::replay_run::check_export(d, path);
    lines.iter().for_each(|line| println!("{line}"));
    held
}

fn graph(files: &Files, args: &GraphArgs) -> Outcome {
    use crate::dialogue::graph::{Detail, dot, mermaid};
    let d = dialogue(files)?;
    let detail = if args.overview {
        Detail::Overview
    } else {
        Detail::Full
    };
    print!(
        "{}",
        if args.dot {
            dot(&d, detail)
        } else {
            mermaid(&d, detail)
        }
    );
    Ok(ExitCode::SUCCESS)
}

fn schema(args: &SchemaArgs) -> Outcome {
    std::fs::create_dir_all(&args.folder).map_err(|e| format!("{}: {e}", args.folder.display()))?;
    for (name, text) in crate::dialogue::schema::all() {
        write(&args.folder.join(format!("{name}.schema.json")), &text)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    std::fs::write(path, text).map_err(|e| format!("{} cannot be written: {e}", path.display()))
}
