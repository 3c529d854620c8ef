//! What the page of the audit log asks, of a log that has an entry for each of a million keys.

use std::{net::SocketAddr, path::Path, time::Instant};

use model::AuditCursor;
use serde_json::Value;

use crate::{
    Failed, Programs,
    http::{Connection, request},
    percentile, say,
};

/// How often each is asked.
const ASKED: usize = 100;
/// Keys of one client: as many as a filter of a client looks at.
const OF_ONE: usize = 500;

pub(crate) fn measure(programs: &Programs, database: &str, dir: &Path, address: SocketAddr) -> Result<(), Failed> {
    let create = |name: &str, more: &[&str]| {
        let key = ["key", "create", "--client-name", name, "--scope", "audit:read", "--no-rate"];
        programs.document(database, dir, &[&key, more].concat())
    };
    let text = |document: &Value, name: &str| Ok::<_, Failed>(document[name].as_str().ok_or("no text")?.to_owned());
    let maker = create("Maker", &["--scope", "keys:write", "--scope", "keys:reveal"])?;
    let (maker, maker_id) = (text(&maker, "key")?, text(&maker, "id")?);
    let tester = text(&create("Tester", &["--environment", "test"])?, "key")?;
    let mut connection = Connection::open(address)?;
    let mut ask = |call: &[u8], expected: u16| -> Result<Value, Failed> {
        let answer = connection.send(call)?;
        if answer.status != expected {
            return Err(format!("status {}: {}", answer.status, String::from_utf8_lossy(&answer.body)).into());
        }
        Ok(serde_json::from_slice(&answer.body)?)
    };
    let mut id = String::new();
    for _ in 0..OF_ONE {
        id = text(&ask(&request("POST", "/api/v1/keys", &maker, "{\"client_name\":\"Many\"}"), 201)?, "id")?;
        ask(&request("POST", &format!("/api/v1/keys/{id}/reveal"), &maker, ""), 200)?;
    }
    // An instant in the middle of the log.
    let newest = ask(&request("GET", "/api/v1/audit?limit=1", &maker, ""), 200)?;
    let entries = newest["items"][0]["number"].as_i64().ok_or("no number")?;
    let cursor: AuditCursor = text(&newest, "next_cursor")?.parse()?;
    let oldest = ask(&request("GET", "/api/v1/audit?actor=system&limit=1", &maker, ""), 200)?;
    let first: model::Instant = text(&oldest["items"][0], "at")?.parse()?;
    let middle = first.plus_millis((cursor.at.as_millis() - first.as_millis()) / 2);

    say(&format!("  the audit log, with {entries} entries:"));
    let mut worst = 0.0_f64;
    for (what, query, key) in [
        ("first page", String::new(), &maker),
        ("from the middle on", format!("to={middle}"), &maker),
        ("the older half, an action", format!("to={middle}&action=key.issue"), &maker),
        ("an action that most entries have", "action=key.issue".to_owned(), &maker),
        ("an action that few have", "action=key.reveal".to_owned(), &maker),
        ("an action that none has", "action=backup.restore".to_owned(), &maker),
        ("the operator", "actor=operator".to_owned(), &maker),
        ("a key's own changes", format!("actor={maker_id}"), &maker),
        ("actor and action", "actor=operator&action=key.rename".to_owned(), &maker),
        ("one client", "client_name=Acme+Airlines+CRM+000007".to_owned(), &maker),
        ("a client of 500 keys", "client_name=many".to_owned(), &maker),
        ("the same, actor and action", format!("client_name=many&action=key.reveal&actor={maker_id}"), &maker),
        ("one key", format!("key_id={id}"), &maker),
        (
            "one key, actor, action, range",
            format!("key_id={id}&actor={maker_id}&action=key.issue&from={middle}"),
            &maker,
        ),
        ("as a test key", String::new(), &tester),
        ("as a test key, an action of live keys", "action=key.reveal".to_owned(), &tester),
    ] {
        let call = request("GET", &format!("/api/v1/audit?{query}"), key, "");
        let mut latencies = Vec::with_capacity(ASKED);
        let mut shown = 0;
        for _ in 0..ASKED {
            let sent = Instant::now();
            let page = ask(&call, 200)?;
            latencies.push(sent.elapsed());
            shown = page["items"].as_array().map_or(0, Vec::len);
        }
        latencies.sort_unstable();
        let (p50, p99) = (percentile(&latencies, 50) / 1e3, percentile(&latencies, 99) / 1e3);
        worst = worst.max(p99);
        say(&format!("    {what}: p50 {p50:.1} ms, p99 {p99:.1} ms, {shown} entries"));
    }
    say(&format!("    the slowest of these: p99 {worst:.1} ms"));
    Ok(())
}
