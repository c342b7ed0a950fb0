//! Arguments in, exit code out.

fn main() -> std::process::ExitCode {
    backtalk::cli::main()
}
