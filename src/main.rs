//! Arguments in, exit code out.

/// Most of what a turn does is to make small things and throw them away.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    backtalk::cli::main()
}
