//! What is done to the cluster, and undone.

use std::{thread, time::Duration};

use crate::{
    Failed,
    cluster::{Cluster, Mode},
    limits,
    nodes::Nodes,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// PostgreSQL's primary and its Patroni are killed.
    Primary,
    /// The leader of etcd is killed.
    Etcd,
    /// A node of Keydesk is killed.
    Node,
    /// The primary's cable is taken out.
    CutPrimary,
    /// The cable of a node of Keydesk is, and its callers go on.
    CutNode,
    /// Standbys stop replaying, and in asynchronous mode receiving; then the primary is killed, and one of them promoted.
    Lagging,
    /// Where nodes decide on rate limits together is gone for a while.
    Limits,
}

/// How long what is broken stays so: longer than Patroni lets a primary be that nobody hears of.
const BROKEN: Duration = Duration::from_secs(13);
/// The same where nobody takes over.
const GONE: Duration = Duration::from_secs(3);
/// For how long standbys fall behind.
const LAGS: Duration = Duration::from_secs(2);

impl Fault {
    pub(crate) const ALL: [Self; 7] =
        [Self::Primary, Self::Etcd, Self::Node, Self::CutPrimary, Self::CutNode, Self::Lagging, Self::Limits];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Etcd => "etcd",
            Self::Node => "node",
            Self::CutPrimary => "cut-primary",
            Self::CutNode => "cut-node",
            Self::Lagging => "lagging",
            Self::Limits => "limits",
        }
    }

    /// Whether the database goes on.
    pub(crate) const fn leaves_the_database(self) -> bool {
        matches!(self, Self::Node | Self::CutNode | Self::Limits)
    }

    /// Breaks something for a while. When this returns everything runs again, and may not be well yet.
    pub(crate) fn happen(self, cluster: &mut Cluster, nodes: &mut Nodes, mode: Mode, round: u32) -> Result<(), Failed> {
        let node = round as usize % nodes.machines.len();
        match self {
            Self::Primary => kill_primary(cluster),
            Self::Etcd => {
                let leader = cluster.etcd_leader()?;
                cluster.etcd[leader].kill()?;
                thread::sleep(GONE);
                cluster.etcd[leader].start()
            }
            Self::Node => {
                nodes.machines[node].kill()?;
                thread::sleep(GONE);
                nodes.machines[node].start()
            }
            Self::CutPrimary => {
                let primary = cluster.primary()?;
                let host = cluster.postgres[primary].host;
                host.cut()?;
                thread::sleep(BROKEN);
                host.join()
            }
            Self::CutNode => {
                let host = nodes.machines[node].host;
                host.cut()?;
                thread::sleep(BROKEN);
                host.join()
            }
            Self::Lagging => lag(cluster, mode),
            Self::Limits => limits::lose(nodes, round),
        }
    }
}

fn kill_primary(cluster: &mut Cluster) -> Result<(), Failed> {
    let primary = cluster.primary()?;
    cluster.postgres[primary].kill()?;
    thread::sleep(BROKEN);
    cluster.postgres[primary].start()
}

fn lag(cluster: &mut Cluster, mode: Mode) -> Result<(), Failed> {
    let primary = cluster.primary()?;
    let standbys: Vec<usize> = (0..cluster.postgres.len()).filter(|machine| *machine != primary).collect();
    for &standby in &standbys {
        cluster.run(standby, "SELECT pg_wal_replay_pause()")?;
        // Whoever is promoted replays first what was received, so nothing would be lost.
        if mode == Mode::Asynchronous {
            cluster.postgres[primary].host.separate(cluster.postgres[standby].host)?;
        }
    }
    thread::sleep(LAGS);
    let killed = kill_primary(cluster);
    for &standby in &standbys {
        if mode == Mode::Asynchronous {
            cluster.postgres[primary].host.unite(cluster.postgres[standby].host)?;
        }
        // The one that was promoted has nothing to resume, and says so.
        let _ = cluster.run(standby, "SELECT pg_wal_replay_resume()");
    }
    killed
}
