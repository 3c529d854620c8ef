//! What the page of usage asks, of a day in which a million keys were called.

use std::{
    fs,
    io::{self, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    path::Path,
    time::{Duration, Instant},
};

use domain::{Clock as _, SystemClock};

use crate::{
    Failed, Programs,
    http::{Connection, request},
    percentile, say,
};

/// How often each is asked.
const ASKED: usize = 200;
/// Of the person who looks at the page.
const PASSWORD: &str = "a long password of the bench";

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
    page(programs, database, dir, address)
}

/// The page itself, as a browser asks for it.
fn page(programs: &Programs, database: &str, dir: &Path, address: SocketAddr) -> Result<(), Failed> {
    let file = dir.join("password");
    fs::write(&file, PASSWORD)?;
    let person =
        ["admin", "create", "--email", "ada@example.com", "--name", "Ada", "--role", "owner", "--password-file"];
    programs.document(database, dir, &[&person[..], &[file.to_str().ok_or("no text")?]].concat())?;
    let form = format!("email=ada%40example.com&password={}", PASSWORD.replace(' ', "+"));
    let signed_in = ask_once(
        address,
        &format!(
            "POST /login HTTP/1.1\r\nHost: {address}\r\nOrigin: http://{address}\r\nConnection: close\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
            form.len()
        ),
    )?;
    let header = |line: &str| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("set-cookie").then(|| value.split(';').next().unwrap_or(value).to_owned())
    };
    let cookies =
        signed_in.lines().take_while(|line| !line.is_empty()).filter_map(header).collect::<Vec<_>>().join("; ");
    for (what, path) in [("a day", "/usage?range=24h"), ("7 days", "/usage?range=7d"), ("30 days", "/usage?range=30d")]
    {
        let call = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nCookie: {cookies}\r\nConnection: close\r\n\r\n");
        let mut latencies = Vec::with_capacity(ASKED);
        for _ in 0..ASKED {
            let sent = Instant::now();
            let answer = ask_once(address, &call)?;
            latencies.push(sent.elapsed());
            if !answer.starts_with("HTTP/1.1 200") || !answer.contains("id=\"usage-numbers\"") {
                return Err(format!("{path}: {}", answer.lines().next().unwrap_or_default()).into());
            }
        }
        latencies.sort_unstable();
        say(&format!(
            "  the page `/usage`, {what}: p50 {:.1} ms, p99 {:.1} ms",
            percentile(&latencies, 50) / 1e3,
            percentile(&latencies, 99) / 1e3
        ));
    }
    Ok(())
}

/// An instant as a parameter.
fn days_ago(days: i64) -> model::Instant {
    SystemClock.now().plus_millis(-days * 24 * 60 * 60 * 1000)
}

/// Sends a request on a connection of its own, and reads all that comes until the server closes it.
fn ask_once(address: SocketAddr, request: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(120)))?;
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
