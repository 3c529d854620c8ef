//! How long 100,000 rows take to import, and how long revocations beside it: `bench --import [--rows N]`.
//!
//! Rows come over REST, half of them with the key and half with its SHA-256, while another caller deletes a key every 25 ms. It fails where the
//! import takes longer than a minute for 100,000 rows, or one of a hundred deletions longer than 250 ms.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

use crate::{
    Failed, Programs, fresh_postgres,
    http::{Connection, request},
    percentile, say, sqlite_in,
};

/// How often a key is deleted.
const EACH: Duration = Duration::from_millis(25);
/// What is promised.
const ROWS: usize = 100_000;
const WITHIN: Duration = Duration::from_secs(60);
const REVOKED_WITHIN_MS: f64 = 250.0;

pub(crate) fn measure(programs: &Programs, args: &[String]) -> Result<(), Failed> {
    let rows = match args.iter().position(|arg| arg == "--rows") {
        Some(at) => args.get(at + 1).ok_or("--rows wants a number")?.parse()?,
        None => ROWS,
    };
    let dir = tempfile::tempdir()?;
    on(programs, &sqlite_in(dir.path()), rows)?;
    if let Ok(server) = std::env::var("TEST_POSTGRES_URL") {
        on(programs, &fresh_postgres(&server, "import")?, rows)?;
    }
    Ok(())
}

fn on(programs: &Programs, database: &str, rows: usize) -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    programs.document(database, dir.path(), &["init"])?;
    let created = ["key", "create", "--client-name", "Manager", "--scope", "keys:*", "--scope", "calls:*"];
    let manager = &programs.secret(database, dir.path(), &created)?;
    let server = programs.serve_on("0,1", database, dir.path(), &[])?;
    let address = server.address;
    let before = server.memory_mib()?;
    let text = table(rows);
    let over = AtomicBool::new(false);
    let (took, mut revoked) = thread::scope(|scope| {
        let revoking = scope.spawn(|| revoke(address, manager, &over));
        let took = import(address, manager, &text, rows);
        over.store(true, Relaxed);
        let revoked = revoking.join().map_err(|_| "a thread panicked")?;
        Ok::<_, Failed>((took?, revoked?))
    })?;
    revoked.sort_unstable();
    let millis = |percent| percentile(&revoked, percent) / 1e3;
    say(&format!("{rows} rows imported on {}:", database.split(':').next().unwrap_or_default()));
    say(&format!("  {:.1} s, {:.0} rows a second", took.as_secs_f64(), rows as f64 / took.as_secs_f64()));
    say(&format!(
        "  {} deletions beside it: p50 {:.1} ms, p99 {:.1} ms, maximum {:.1} ms",
        revoked.len(),
        millis(50),
        millis(99),
        millis(100)
    ));
    say(&format!("  memory: {before:.0} MiB before, {:.0} MiB after", server.memory_mib()?));
    let within = WITHIN.mul_f64((rows as f64 / ROWS as f64).max(0.1));
    if took > within || millis(99) > REVOKED_WITHIN_MS {
        return Err(format!("it may take {within:?}, and a deletion {REVOKED_WITHIN_MS} ms").into());
    }
    Ok(())
}

fn table(rows: usize) -> String {
    let mut text = String::from("client_name,key,hash,scopes,owner_email\n");
    for number in 0..rows {
        let key = format!("acme_{number:032}");
        let (key, hash) = if number % 2 == 0 { (key, String::new()) } else { (String::new(), sha256(&key)) };
        text.push_str(&format!("Client {number},{key},{hash},calls:read,owner{number}@example.com\n"));
    }
    text
}

fn sha256(key: &str) -> String {
    domain::fingerprint(key.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Sends all rows, and reads what became of them to the end.
fn import(address: SocketAddr, manager: &str, text: &str, rows: usize) -> Result<Duration, Failed> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(600)))?;
    let head = format!(
        "POST /api/v1/keys/import HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {manager}\r\nContent-Type: text/csv\r\n\
         Connection: close\r\nContent-Length: {}\r\n\r\n",
        text.len()
    );
    let begun = Instant::now();
    stream.write_all(head.as_bytes())?;
    stream.write_all(text.as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let took = begun.elapsed();
    let end = String::from_utf8_lossy(&answer[answer.len().saturating_sub(300)..]).into_owned();
    let expected = format!("\"imported\":{rows}");
    if end.contains(&expected) && end.contains("\"kept\":true") { Ok(took) } else { Err(end.into()) }
}

/// Deletes keys until it is over.
fn revoke(address: SocketAddr, manager: &str, over: &AtomicBool) -> Result<Vec<Duration>, Failed> {
    let mut connection = Connection::open(address)?;
    let create = request("POST", "/api/v1/keys", manager, "{\"client_name\":\"Revoked\"}");
    let mut took = Vec::new();
    while !over.load(Relaxed) || took.is_empty() {
        let made: serde_json::Value = serde_json::from_slice(&connection.send(&create)?.body)?;
        let id = made["id"].as_str().ok_or("no key was made")?;
        let delete = request("DELETE", &format!("/api/v1/keys/{id}"), manager, "");
        let sent = Instant::now();
        let status = connection.send(&delete)?.status;
        took.push(sent.elapsed());
        if status != 204 {
            return Err(format!("a deletion is answered by {status}").into());
        }
        thread::sleep(EACH);
    }
    Ok(took)
}
