//! Less and less memory (`ulimit -v`).

use crate::{
    rounds::{Callers, Counts, Deployment, Random, Site, check, folder},
    support::{command, limited},
};
use std::time::Duration;

/// Less memory than it needs, down to none: it serves, or ends with a word, and never hangs.
pub(crate) async fn round(mut random: Random) -> Counts {
    let place = folder();
    let deployment = Deployment::in_folder(&place.path().join("data")).await;
    // The lowest limit with which it starts, in MiB, within 16; and somewhere below.
    let (mut low, mut high) = (1, 8_192);
    while high - low > 16 {
        let middle = low + (high - low) / 2;
        if starts_with(&deployment, middle).await { high = middle } else { low = middle }
    }
    starts_with(&deployment, 1 + random.below(low)).await;
    // How much is enough differs from start to start.
    let Ok(program) = deployment.try_serve_by(limited(&format!("ulimit -v {}", (high + 64) * 1024))).await else {
        return Counts::default();
    };
    let site = Site::new(&deployment, &[&program.address], Duration::ZERO);
    // It may refuse while there is so little. What it acknowledges must be true.
    let at_work = Callers::start(&site, &mut random, 8, 4);
    tokio::time::sleep(Duration::from_secs(3)).await;
    at_work.stop().await;
    // What it acknowledged is there for the next one, which has enough: this one may be unable to decide a call.
    program.kill().await;
    let program = deployment.serve().await;
    site.moves_to(&[&program.address]);
    check(&deployment, &site).await;
    site.ledger.counts()
}

/// Whether it starts with so many MiB; if not, it has said why.
async fn starts_with(deployment: &Deployment, mebibytes: usize) -> bool {
    match deployment.try_serve_by(limited(&format!("ulimit -v {}", mebibytes * 1024))).await {
        Ok(program) => {
            program.kill().await;
            true
        }
        Err(ran) => {
            // A program that does not fit is ended by the kernel, by a signal, before its first line.
            let fits = mebibytes > program_mebibytes();
            assert!(ran.code != Some(0) && (!ran.err.is_empty() || !fits), "with {mebibytes} MiB: {ran:?}");
            false
        }
    }
}

/// The size of the program's file.
fn program_mebibytes() -> usize {
    let size = std::fs::metadata(command().as_std().get_program()).map_or(0, |file| file.len());
    usize::try_from(size >> 20).unwrap_or(usize::MAX)
}
