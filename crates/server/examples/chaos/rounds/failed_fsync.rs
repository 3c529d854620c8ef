//! Writes and flushes fail, now and then or all of them, tell the truth about it or not all of it; and then they work again.

use std::time::Duration;

use super::{Callers, Counts, Deployment, Random, Shim, Site, Write, check, copied, power};

/// What a round does at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The server goes on.
    GoesOn,
    /// The power is cut.
    PowerCut,
}

/// Fails this many times.
pub(crate) async fn round(mut random: Random, times: usize, end: End) -> Counts {
    let folder = super::folder();
    let [data, before, journal, after] = ["data", "before", "journal", "after"].map(|name| folder.path().join(name));
    let deployment = Deployment::in_folder(&data).await;
    copied(&data, &before);
    let shim = Shim::with_journal(folder.path(), &journal);
    let program = deployment.serve_by(shim.command()).await;
    let site = Site::new(&deployment, &[&program.address], Duration::ZERO);
    let at_work = Callers::start(&site, &mut random, 3, 2);
    at_work.have_changed(6).await;
    for _ in 0..times {
        let write = random.one_of(&[Write::Works, Write::IoError, Write::Torn, Write::Short, Write::NoSpace]);
        let flush = write == Write::Works || random.coin();
        let failed = shim.failed();
        shim.fail(flush, write, random.one_of(&[1, 1, 2, 7, 30]));
        // Until something has failed, and then for a while.
        assert!(crate::support::wait_until(async || shim.failed() > failed).await, "nothing was written");
        tokio::time::sleep(random.millis(0, 300)).await;
        shim.fail(false, Write::Works, 1);
        // Changes pass again, without a restart.
        at_work.have_changed(4).await;
    }
    if end == End::PowerCut {
        // Also in the middle of a failure.
        shim.fail(random.coin(), Write::Works, 3);
        tokio::time::sleep(random.millis(0, 60)).await;
        program.kill().await;
        at_work.stop().await;
        power::image(&before, &journal, &after, &mut random);
        let restarted = deployment.moved_to(&after);
        let program = restarted.serve().await;
        site.moves_to(&[&program.address]);
        check(&restarted, &site).await;
    } else {
        at_work.stop().await;
        site.ask_again(&mut random).await;
        assert!(program.printed().contains("ERROR"), "nothing was said");
        check(&deployment, &site).await;
    }
    site.ledger.counts()
}
