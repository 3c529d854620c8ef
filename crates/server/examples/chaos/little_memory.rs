//! Less and less memory (`ulimit -v`).

use crate::{
    rounds::{Callers, Counts, Deployment, Random, Site, check, folder},
    support::limited,
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
    let at_work = Callers::start(&site, &mut random, 8, 4);
    at_work.have_changed(20).await;
    at_work.stop().await;
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
            assert!(!ran.err.is_empty() && ran.code != Some(0), "with {mebibytes} MiB: {ran:?}");
            false
        }
    }
}
