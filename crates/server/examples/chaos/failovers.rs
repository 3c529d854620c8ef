//! The primary is killed and a standby that lags takes its place: changes that were answered are lost, and no node goes on as if
//! they were not.

use std::time::{Duration, Instant};

use crate::{
    cluster::{self, Cluster},
    rounds::{Callers, Counts, Deed, Deployment, Random, Site, check, folder, forwarder::Forwarder},
    support::wait_until,
};

/// What is promised after a change on another node, and how long memory is trusted without a proof.
const ELSEWHERE: Duration = Duration::from_secs(5);

/// The number of the newest change in the new history, beside that which the nodes knew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Epoch {
    Lower,
    Equal,
    Higher,
}

/// Why the rounds can't be made here.
pub(crate) fn possible() -> Result<(), String> {
    let there = cluster::programs().is_some();
    if there { Ok(()) } else { Err("no PostgreSQL below /usr/lib/postgresql with pg_basebackup".to_owned()) }
}

pub(crate) async fn round(mut random: Random) -> Counts {
    let cluster = Cluster::new();
    let mut primary = cluster.primary().await;
    let forwarder = Forwarder::to(&primary.address).await;
    let data = folder();
    let deployment = Deployment::new(data.path(), &forwarder.address_of(&primary.address)).await;
    let nodes = [deployment.serve().await, deployment.serve().await];
    let addresses = [nodes[0].address.as_str(), nodes[1].address.as_str()];
    let standby = cluster.standby(&primary).await;

    // What both databases know.
    let site = Site::new(&deployment, &addresses, ELSEWHERE);
    let at_work = Callers::start(&site, &mut random, 3, 2);
    at_work.have_changed(20).await;
    at_work.stop().await;
    site.ask_again(&mut random).await;
    let ours = Site::new(&deployment, &addresses, ELSEWHERE);
    for number in 0..6 {
        ours.create(&mut random, format!("Ours {number}")).await.expect("a key");
    }
    standby.catches_up_with(&primary).await;
    standby.follows_no_more().await;

    // What the standby never learns: keys that are made, and keys that are deleted.
    let lost = Site::new(&deployment, &addresses, ELSEWHERE);
    let changes = Callers::start(&lost, &mut random, 2, 1);
    changes.have_changed(8).await;
    changes.stop().await;
    let keys = ours.ledger.all();
    let (condemned, resurrected) = keys.split_at(keys.len() / 2);
    for place in condemned.len()..keys.len() {
        assert!(ours.take(&mut random, place, Deed::Delete).await, "nothing fails yet");
    }
    let knew = primary.epoch().await;

    let verifying = Callers::start(&site, &mut random, 0, 3);
    forwarder.cut();
    primary.is_killed().await;
    standby.is_promoted().await;
    // Another session takes keys away in the new history, and changes more.
    let direct = Deployment { database: standby.address.clone(), data: deployment.data.clone(), key: String::new() };
    let wanted = random.one_of(&[Epoch::Lower, Epoch::Equal, Epoch::Higher]);
    let least = if wanted == Epoch::Lower { 0 } else { knew + if wanted == Epoch::Higher { 3 } else { 0 } };
    for key in condemned {
        direct.succeed(&["key", "delete", &key.id]).await;
    }
    let deleted = Instant::now();
    let revoked: Vec<_> = condemned.iter().map(|key| key.secret.clone()).collect();
    while standby.epoch().await < least {
        direct.succeed(&["key", "create", "--client-name", "In another session"]).await;
    }
    let newest = standby.epoch().await;
    let is = [newest < knew, newest == knew, newest > knew][wanted as usize];
    assert!(is, "the trial wanted {wanted:?}: change {newest} and {knew}");
    tokio::time::sleep(random.millis(0, 1_500)).await;
    forwarder.point_to(&standby.address);

    // What the new history says is revoked.
    for node in &nodes {
        let told = async || {
            is_refused(&ours, &mut random, &revoked, deleted, node.printed().as_str()).await;
            node.printed().contains("was set back or replaced")
        };
        assert!(wait_until(told).await, "{wanted:?}: a node does not notice: {}", node.printed());
    }
    while deleted.elapsed() < ELSEWHERE + Duration::from_secs(1) {
        is_refused(&ours, &mut random, &revoked, deleted, "").await;
    }
    verifying.stop().await;
    // What is true: what was deleted in the other history alone works, and what was made in it alone does not.
    for address in addresses {
        ours.moves_to(&[address]);
        for key in resurrected {
            let code = async || ours.code_of(&mut Random::new(0), &key.secret).await;
            assert!(wait_until(async || code().await.as_deref() == Some("VALID")).await, "{wanted:?}: {key:?}");
        }
        for key in lost.ledger.all() {
            let code = ours.code_of(&mut random, &key.secret).await;
            assert_eq!(code.as_deref(), Some("NOT_FOUND"), "{wanted:?}: {key:?}");
        }
    }
    let at_work = Callers::start(&site, &mut random, 2, 2);
    at_work.have_changed(6).await;
    at_work.stop().await;
    for address in addresses {
        site.moves_to(&[address]);
        tokio::time::sleep(Duration::from_secs(1)).await;
        check(&deployment, &site).await;
    }
    let mut counts = site.ledger.counts();
    counts += lost.ledger.counts();
    counts
}

/// 5 s after it was said that these were deleted nobody lets them in.
async fn is_refused(site: &Site, random: &mut Random, secrets: &[String], deleted: Instant, printed: &str) {
    for secret in secrets {
        let sent = Instant::now();
        let code = site.code_of(random, secret).await;
        let late = sent.saturating_duration_since(deleted);
        let refused = code.as_deref() != Some("VALID") || late < ELSEWHERE;
        assert!(refused, "false allow {late:?} after the deletion: {printed}");
    }
}
