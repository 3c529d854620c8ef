//! Rounds in one mode: a fault among calls and changes, and what is so afterwards.

use std::{
    fs,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use crate::{
    FOLDER, Failed,
    cluster::{Cluster, Mode},
    compare::compare,
    faults::Fault,
    ledger::Counts,
    machine::wait_until,
    network::Hosts,
    nodes::Nodes,
    report::{Report, Row},
    say,
    traffic::Traffic,
};

/// Calls and changes before a fault.
const BEFORE: Duration = Duration::from_secs(2);
/// And after it, when all is well again: whatever was revoked before must be known by then.
const AFTER: Duration = Duration::from_millis(5_500);

/// In this order: calls end first, then the nodes, then what they stand on.
pub(crate) struct Trial {
    traffic: Traffic,
    nodes: Nodes,
    cluster: Cluster,
    mode: Mode,
}

impl Trial {
    pub(crate) fn begin(hosts: &Hosts, mode: Mode) -> Result<Self, Failed> {
        let folder: PathBuf = Path::new(FOLDER).join(mode.name());
        fs::create_dir(&folder)?;
        let began = Instant::now();
        let cluster = Cluster::start(hosts, mode, &folder)?;
        let primary = cluster.primary()?;
        cluster.run(primary, "CREATE ROLE keydesk LOGIN")?;
        cluster.run(primary, "CREATE DATABASE keydesk OWNER keydesk")?;
        let nodes = Nodes::start(hosts, &folder)?;
        wait_until(|| nodes.are_well())?;
        say(&format!("{}: all is well after {:.0} s", mode.name(), began.elapsed().as_secs_f64()));
        let traffic = Traffic::start(&nodes.manager);
        Ok(Self { traffic, nodes, cluster, mode })
    }

    /// Tries one fault many times.
    pub(crate) fn rounds(&mut self, fault: Fault, rounds: u32, report: &mut Report) -> Result<(), Failed> {
        let mut row = Row::new(self.mode, Some(fault));
        let tried = (1..=rounds).try_for_each(|round| self.round(fault, round, &mut row));
        if let Err(error) = &tried {
            row.wrong(&error.to_string());
        }
        report.push(row);
        tried
    }

    fn round(&mut self, fault: Fault, round: u32, row: &mut Row) -> Result<(), Failed> {
        let began = Instant::now();
        let set_back = self.nodes.set_back();
        self.traffic.ledger().begin_round();
        self.traffic.go_on();
        thread::sleep(BEFORE);
        let happened = fault.happen(&mut self.cluster, &mut self.nodes, self.mode, round);
        let healed = happened.and_then(|()| wait_until(|| self.cluster.is_well().and_then(|()| self.nodes.are_well())));
        if healed.is_ok() {
            thread::sleep(AFTER);
        }
        self.traffic.pause();
        let counts = self.traffic.ledger().end_round();
        healed?;
        let found = compare(&self.traffic, false)?;
        row.add(&counts, &found);
        for ended in self.nodes.ended()? {
            row.wrong(&ended);
        }
        let lost = found.lost_keys + found.lost_revocations;
        if lost > 0 {
            let said = self.nodes.set_back();
            let silent = set_back.iter().zip(said).filter(|(before, after)| *before == after).count();
            if silent > 0 {
                row.wrong(&format!("{silent} nodes did not say that changes were lost"));
            }
        }
        self.tell(fault, round, began, &counts, lost, row);
        Ok(())
    }

    fn tell(&self, fault: Fault, round: u32, began: Instant, counts: &Counts, lost: usize, row: &Row) {
        say(&format!(
            "{} {} {round}: {:.0} s, {} calls, {} changes, {:.1} s without one, {lost} lost{}",
            self.mode.name(),
            fault.name(),
            began.elapsed().as_secs_f64(),
            counts.calls,
            counts.changes,
            counts.longest_gap.as_secs_f64(),
            if row.is_broken() { ", and something went wrong" } else { "" }
        ));
    }

    /// Compares everything once more, checks the audit log, and asks the nodes to end.
    pub(crate) fn end(mut self, report: &mut Report) -> Result<(), Failed> {
        let mut row = Row::new(self.mode, None);
        let found = compare(&self.traffic, true)?;
        row.add(&Counts::default(), &found);
        if !found.lost.is_empty() {
            row.wrong("what was so after its round is no longer");
        }
        if let Err(error) = self.nodes.command(&["audit", "verify"]) {
            row.wrong(&error.to_string());
        }
        for node in &mut self.nodes.machines {
            let status = node.stop()?;
            if !status.success() {
                row.wrong(&format!("{} ended with {status} when it was asked to", node.host.name));
            }
        }
        report.push(row);
        Ok(())
    }
}
