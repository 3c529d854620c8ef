//! Little room: few files; the end under load; two servers on one file.

use std::time::Duration;

use super::{Callers, Counts, Deed, Deployment, Random, Site, check};
use crate::support::{Connection, Program, limited, request, wait_until};

/// What is promised after a change on another node.
const ELSEWHERE: Duration = Duration::from_secs(5);
/// How long running calls may take after the signal, and some time to end.
const STOPS_WITHIN: Duration = Duration::from_secs(30);

/// Sends SIGTERM under load: all that was acknowledged is there, the server ends in time and with success.
pub(crate) async fn stopped_under_load(mut random: Random) -> Counts {
    let folder = super::folder();
    let deployment = Deployment::in_folder(&folder.path().join("data")).await;
    let mut program = deployment.serve().await;
    let site = Site::new(&deployment, &[&program.address], Duration::ZERO);
    let at_work = Callers::start(&site, &mut random, 12, 4);
    at_work.have_changed(20).await;
    tokio::time::sleep(random.millis(0, 100)).await;
    program.signal("TERM").await;
    let code = tokio::time::timeout(STOPS_WITHIN, program.end()).await;
    assert_eq!(code, Ok(Some(0)), "{}", program.printed());
    at_work.stop().await;
    let program = deployment.serve().await;
    site.moves_to(&[&program.address]);
    check(&deployment, &site).await;
    site.ledger.counts()
}

/// 64 open files, and more connections than that: whoever gets one is answered truly, and when they have gone all are.
pub(crate) async fn few_files(mut random: Random) -> Counts {
    let folder = super::folder();
    let deployment = Deployment::in_folder(&folder.path().join("data")).await;
    let mut program = deployment.serve_by(limited("ulimit -n 64")).await;
    program.line("few files").await;
    let site = Site::new(&deployment, &[&program.address], Duration::ZERO);
    let at_work = Callers::start(&site, &mut random, 2, 2);
    let mut held = Vec::new();
    for _ in 0..120 {
        held.extend(Connection::open(&program.address).await);
    }
    tokio::time::sleep(random.millis(0, 300)).await;
    // The operator's port has places of its own.
    assert!(wait_until(async || request(&program.ops_address, "GET", "/metrics", None, None).await.is_ok()).await);
    drop(held);
    at_work.have_changed(10).await;
    at_work.stop().await;
    site.ask_again(&mut random).await;
    check(&deployment, &site).await;
    program.signal("TERM").await;
    assert_eq!(program.end().await, Some(0));
    site.ledger.counts()
}

/// Two servers on one SQLite file: what one takes away the other refuses, and both keep what they acknowledge.
pub(crate) async fn two_servers(mut random: Random) -> Counts {
    let folder = super::folder();
    let deployment = Deployment::in_folder(&folder.path().join("data")).await;
    let programs: [Program; 2] = [deployment.serve().await, deployment.serve().await];
    let addresses = [programs[0].address.as_str(), programs[1].address.as_str()];
    let site = Site::new(&deployment, &addresses, ELSEWHERE);
    let at_work = Callers::start(&site, &mut random, 4, 3);
    at_work.have_changed(40).await;
    at_work.stop().await;
    site.ask_again(&mut random).await;
    // After the poll both say the same of every key.
    for address in addresses {
        site.moves_to(&[address]);
        let all = site.ledger.all();
        let agree = wait_until(async || {
            for key in &all {
                let code = site.code_of(&mut Random::new(0), &key.secret).await.unwrap_or_default();
                if !key.asked.map_or(&["VALID"][..], Deed::codes).contains(&code.as_str()) {
                    return false;
                }
            }
            true
        });
        assert!(agree.await, "{address} knows other keys");
        check(&deployment, &site).await;
    }
    site.ledger.counts()
}
