//! The server is killed at random instants, again and again, while callers change and verify.

use std::time::Duration;

use store::testing::TestDatabase;

use super::{Callers, Counts, Deployment, Random, Site, check};

/// Kills it this many times, with this many callers, and checks after each.
pub(crate) async fn killed(database: TestDatabase, mut random: Random, kills: usize, callers: usize) -> Counts {
    let deployment = Deployment::on(&database).await;
    let mut counts = Counts::default();
    let mut program = deployment.serve().await;
    for _ in 0..kills {
        let site = Site::new(&deployment, &[&program.address], Duration::ZERO);
        let at_work = Callers::start(&site, &mut random, callers, 2);
        // Not before there is something to be lost.
        at_work.have_changed(12).await;
        tokio::time::sleep(random.millis(0, 120)).await;
        program.kill().await;
        at_work.stop().await;
        program = deployment.serve().await;
        site.moves_to(&[&program.address]);
        check(&deployment, &site).await;
        counts += site.ledger.counts();
    }
    counts
}
