//! The power is cut under changes: what was flushed to the disk is there, and of the rest whatever the disk had of it.

use std::time::Duration;

use super::{Callers, Counts, Deployment, Random, Shim, Site, check, copied, power};

/// Cuts the power once, and looks at this many images that it may have left.
pub(crate) async fn round(mut random: Random, images: usize) -> Counts {
    let folder = super::folder();
    let [data, before, journal] = ["data", "before", "journal"].map(|name| folder.path().join(name));
    let deployment = Deployment::in_folder(&data).await;
    copied(&data, &before);
    let shim = Shim::with_journal(folder.path(), &journal);
    let program = deployment.serve_by(shim.command()).await;
    let site = Site::new(&deployment, &[&program.address], Duration::ZERO);
    let at_work = Callers::start(&site, &mut random, 4, 1);
    // With more of them the log is written back into the database meanwhile.
    let changes = random.one_of(&[12, 40, 150]);
    at_work.have_changed(changes).await;
    tokio::time::sleep(random.millis(0, 40)).await;
    program.kill().await;
    at_work.stop().await;
    for number in 0..images {
        let after = folder.path().join(format!("after {number}"));
        power::image(&before, &journal, &after, &mut random);
        let restarted = deployment.moved_to(&after);
        let program = restarted.serve().await;
        site.moves_to(&[&program.address]);
        check(&restarted, &site).await;
    }
    site.ledger.counts()
}
