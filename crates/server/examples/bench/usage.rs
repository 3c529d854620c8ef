//! What the page of usage asks, of a day in which a million keys were called.

use std::{net::SocketAddr, path::Path, time::Instant};

use domain::{Clock as _, SystemClock};

use crate::{
    Failed, Programs,
    http::{Connection, request},
    percentile, say,
};

/// How often each is asked.
const ASKED: usize = 200;

pub(crate) fn measure(programs: &Programs, database: &str, dir: &Path, address: SocketAddr) -> Result<(), Failed> {
    let key = ["key", "create", "--client-name", "Reader", "--scope", "usage:read"];
    let reader = programs.secret(database, dir, &key)?;
    let mut connection = Connection::open(address)?;
    let mut all = Vec::new();
    let mut whole = vec![0.0; ASKED];
    for (what, query) in [
        ("by quarters", "step=quarter"),
        ("by hours of Adelaide, 7 days", "step=hour&time_zone=Australia/Adelaide&from=7"),
        ("by code", "step=hour&group_by=code"),
        ("by scope", "step=hour&group_by=scope"),
        ("the first ten clients", "step=hour&group_by=client&limit=10"),
        ("one client", "step=hour&client=Acme%20Airlines%20CRM%20000007"),
        ("keys, a page of 50", "step=hour&group_by=key"),
    ] {
        let query = match query.strip_suffix("from=7") {
            Some(query) => format!("{query}from={}", days_ago(7)),
            None => query.to_owned(),
        };
        let call = request("GET", &format!("/api/v1/usage?{query}"), &reader, "");
        let mut latencies = Vec::with_capacity(ASKED);
        for whole in &mut whole {
            let sent = Instant::now();
            let answer = connection.send(&call)?;
            if answer.status != 200 {
                return Err(format!("{query}: status {}", answer.status).into());
            }
            latencies.push(sent.elapsed());
            *whole += sent.elapsed().as_secs_f64() * 1e3;
        }
        latencies.sort_unstable();
        all.push(format!(
            "    {what}: p50 {:.1} ms, p99 {:.1} ms",
            percentile(&latencies, 50) / 1e3,
            percentile(&latencies, 99) / 1e3
        ));
    }
    whole.sort_by(f64::total_cmp);
    let last = whole[(ASKED * 99 / 100).min(ASKED - 1)];
    say(&format!(
        "  usage of a day, all of these one after the other: p50 {:.1} ms, p99 {last:.1} ms",
        whole[ASKED / 2]
    ));
    all.iter().for_each(|line| say(line));
    Ok(())
}

/// An instant as a parameter.
fn days_ago(days: i64) -> model::Instant {
    SystemClock.now().plus_millis(-days * 24 * 60 * 60 * 1000)
}
