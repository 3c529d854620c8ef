//! `cargo xtask fuzz`: each target for a minute, or for as long as is asked.

use crate::paths;
use crate::process::{self, Failure, Result};
use crate::step::{Steps, say};
use std::fs;
use std::process::ExitCode;

const TARGETS: [&str; 11] = [
    "secret",
    "path",
    "forwarded_for",
    "scopes",
    "spoe",
    "original",
    "request_head",
    "phone",
    "cursor",
    "scan",
    "import",
];

/// LibFuzzer looks for inputs that reach new branches. This is what cargo-fuzz gives the compiler, without the sanitizer,
/// which is all of it that needs a nightly one; safe Rust has little use for that.
const INSTRUMENTED: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Cdebug-assertions -Coverflow-checks -Ccodegen-units=1";

pub(crate) fn run(args: &[String]) -> Result<ExitCode> {
    let seconds = match args {
        [] => 60,
        [flag, seconds] if flag == "--seconds" => {
            seconds.parse::<u32>().map_err(|_| Failure::new("--seconds wants a whole number"))?
        }
        _ => return Err(Failure::new("`cargo xtask fuzz` takes `--seconds N` and nothing else")),
    };
    let host = process::capture(process::command("rustc").arg("-vV"))?;
    let host = host.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default().to_owned();
    let steps = Steps::new();
    for target in TARGETS {
        // Inputs that were worth keeping: the next run begins with them.
        let corpus = paths::target().join("fuzz/corpus").join(target);
        fs::create_dir_all(&corpus).map_err(Failure::at(&corpus))?;
        let run = || {
            let mut command = process::cargo();
            // Named, so that build scripts are built without instrumentation.
            command.args(["run", "--quiet", "--release", "--manifest-path", "fuzz/Cargo.toml", "--target", &host]);
            command.arg("--target-dir").arg(paths::target().join("fuzz")).args(["--bin", target, "--"]);
            command.arg(&corpus).args([&format!("-max_total_time={seconds}"), "-timeout=5", "-verbosity=0"]);
            command.arg(format!("-artifact_prefix={}/", paths::target().join("fuzz").display()));
            process::run(command.env("RUSTFLAGS", INSTRUMENTED))
        };
        // Each failure is in the table already.
        let _ = steps.run(target, run);
    }
    say(&format!("\n{}", steps.table()));
    Ok(if steps.all_passed() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
