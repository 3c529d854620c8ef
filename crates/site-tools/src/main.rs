//! What makes the browser's files: `site-tools bind MODULE FOLDER [--nameless]` and `site-tools compress FILE...`.
//!
//! A program of its own, and not a part of xtask: whoever starts Keydesk from a fresh clone waits for xtask, and not yet for this.

mod bind;
mod compress;

use std::{env, error::Error, path::Path, process::ExitCode};

type Failed = Box<dyn Error + Send + Sync>;

const USAGE: &str = "usage: site-tools bind MODULE FOLDER [--nameless] | site-tools compress FILE...";

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    match run(&args.iter().map(String::as_str).collect::<Vec<_>>()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &[&str]) -> Result<(), Failed> {
    match args {
        ["bind", module, folder] => bind::bind(Path::new(module), Path::new(folder), false),
        ["bind", module, folder, "--nameless"] => bind::bind(Path::new(module), Path::new(folder), true),
        ["compress", files @ ..] => files.iter().try_for_each(|file| compress::compress(Path::new(file))),
        _ => Err(USAGE.into()),
    }
}
