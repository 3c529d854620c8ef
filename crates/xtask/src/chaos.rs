//! `cargo xtask chaos`: the trials of docs/trials.md.

use crate::build::{self, Profile};
use crate::postgres;
use crate::process::{self, Result};
use crate::step::{Steps, say};
use std::process::ExitCode;

pub(crate) fn run(args: &[String]) -> Result<ExitCode> {
    let steps = Steps::new();
    let profile = Profile::asked()?;
    build::with(profile, &steps)?;
    let postgres = steps.run("PostgreSQL", postgres::start)?;
    let example = |verb| profile.cargo(verb);
    // It starts the binary that lies beside it.
    steps.compile("build the trials", example("build").args(["--example", "chaos", "--bin", "keydesk"]))?;
    let mut trials = example("run");
    trials.args(["--example", "chaos", "--"]).args(args).env(postgres::URL, &postgres.url);
    let tried = steps.run("the trials", || process::run(&mut trials));
    say(&steps.total());
    tried.map(|()| ExitCode::SUCCESS)
}
