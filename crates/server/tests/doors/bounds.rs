//! Strangers who hold connections, ask without end, or hold the database's write lock, stop nobody else.

use std::{net::IpAddr, path::Path};

use store::testing::TestDatabase;

use crate::support::{Connection, Program, init, keydesk, post_form, request, wait_until};

/// The value of a metric.
async fn metric(program: &Program, name: &str) -> Option<u64> {
    let (_, page) = request(&program.ops_address, "GET", "/metrics", None, None).await.ok()?;
    page.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
}

/// The status of a call that comes from this address; 0: there was no answer.
async fn status_from(address: [u8; 4], program: &Program) -> u16 {
    let asked = async {
        let mut connection = Connection::open_from(IpAddr::from(address), &program.address).await?;
        connection.write(b"GET /api/v1/whoami HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await?;
        connection.read_to_end().await
    };
    asked.await.ok().and_then(|answer| answer.get(9..12)?.parse().ok()).unwrap_or(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_never_read_leave_places_for_others_and_files_for_the_database() {
    const PUBLIC: &str = "keydesk_connections{listener=\"public\",of=\"strangers\"} ";
    let folder = tempfile::tempdir().unwrap();
    let program = Program::serve_with_files(folder.path(), 256, &["--trusted-proxies", "127.0.0.9"]).await;
    let asset = "GET /api/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n".repeat(50);
    let mut held = Vec::new();
    for source in 10..40 {
        for _ in 0..10 {
            let mut connection =
                Connection::open_from(IpAddr::from([127, 0, 0, source]), &program.address).await.unwrap();
            // It may be closed already.
            let _ = connection.write(asset.as_bytes()).await;
            held.push(connection);
        }
    }
    let refused = async || metric(&program, "keydesk_connections_refused_total{listener=\"public\"} ").await;
    assert!(wait_until(async || refused().await.is_some_and(|refused| refused > 100)).await);
    let strangers = metric(&program, PUBLIC).await.unwrap();
    assert!(strangers < 128, "{strangers}");
    // Those who come through the proxy have places of their own, and what they ask finds a file for the database.
    assert_eq!(status_from([127, 0, 0, 9], &program).await, 401);
    let made = keydesk(folder.path(), &["key", "create", "--client-name", "New", "--scope", "keys:read"]).await;
    assert!(made.status.success());
    program.line("connections are refused").await;
    drop(held);
    assert!(wait_until(async || status_from([127, 0, 0, 10], &program).await == 401).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_address_does_not_take_every_place() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::serve_with_files(folder.path(), 256, &[]).await;
    let mut held = Vec::new();
    for _ in 0..100 {
        held.push(Connection::open_from(IpAddr::from([127, 0, 0, 2]), &program.address).await.unwrap());
    }
    let name = "keydesk_connections_refused_total{listener=\"public\"} ";
    assert!(wait_until(async || metric(&program, name).await.is_some_and(|refused| refused > 50)).await);
    assert_eq!(status_from([127, 0, 0, 3], &program).await, 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_comes_from_elsewhere_gets_a_place_of_those_who_hold_all() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::serve_with_files(folder.path(), 256, &[]).await;
    let asset = "GET /api/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n".repeat(50);
    let mut held = Vec::new();
    // Each address may hold a quarter of the places.
    for source in 10..16 {
        for _ in 0..30 {
            let mut connection =
                Connection::open_from(IpAddr::from([127, 0, 0, source]), &program.address).await.unwrap();
            // It may be closed already.
            let _ = connection.write(asset.as_bytes()).await;
            held.push(connection);
        }
    }
    // The last of them have taken places of the first: all are taken.
    let displaced = async || metric(&program, "keydesk_connections_displaced_total{listener=\"public\"} ").await;
    assert!(wait_until(async || displaced().await.is_some_and(|displaced| displaced > 0)).await);
    program.line("connections are closed for others").await;
    // Each stays, so that the next needs another place.
    let mut good = Vec::new();
    for source in 100..120 {
        let from = IpAddr::from([127, 0, 0, source]);
        let ask = async || {
            let mut connection = Connection::open_from(from, &program.address).await.ok()?;
            connection.write(b"GET /api/v1/whoami HTTP/1.1\r\nHost: x\r\n\r\n").await.ok()?;
            let answer = connection.read_until("\r\n\r\n").await.ok()?;
            answer.starts_with("HTTP/1.1 401").then_some(connection)
        };
        // While several connections are being closed, nobody else is let in for a moment.
        let mut got = None;
        for _ in 0..50 {
            got = ask().await;
            if got.is_some() {
                break;
            }
        }
        good.push(got.unwrap_or_else(|| panic!("127.0.0.{source} was kept out")));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_number_of_open_files_is_raised_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::serve_with_soft_files(folder.path(), 64, &[]).await;
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", program.id())).unwrap();
    let files = limits.lines().find_map(|line| line.strip_prefix("Max open files")).unwrap();
    let mut numbers = files.split_whitespace();
    let (soft, hard) = (numbers.next().unwrap(), numbers.next().unwrap());
    assert!(soft == hard || soft == "65536", "{soft} of {hard}");
}

/// A code of a link in the right form, which nobody was given.
fn code(number: usize) -> String {
    // The last letter has four bits only.
    format!("{number:042}0")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_posts_codes_of_links_without_end_is_told_to_wait() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::serve(folder.path(), &[]).await;
    let origin = format!("http://{}", program.address);
    let post = async |path: &str, form: String| {
        let headers = [("Host", program.address.as_str()), ("Origin", origin.as_str())];
        let answer = post_form(&program.address, path, &headers, &form).await.unwrap();
        answer.get(9..12).unwrap().to_owned()
    };
    let mut statuses = Vec::new();
    for number in 0..100 {
        statuses.push(post("/handover", format!("code={}&show=1", code(number))).await);
        if number >= 20 && statuses.last().is_some_and(|status| status == "429") {
            break;
        }
    }
    assert_eq!(statuses[..20], vec!["410".to_owned(); 20]);
    assert_eq!(statuses.last().unwrap(), "429");
    // What is counted is one, whatever the link is for.
    for path in ["/handover", "/invite", "/reset", "/setup"] {
        let mut told = false;
        for number in 0..100 {
            told |= post(path, format!("code={}", code(number))).await == "429";
        }
        assert!(told, "{path}");
    }
    assert!(metric(&program, "keydesk_links_refused_total ").await.is_some_and(|refused| refused >= 4));
    assert_eq!(metric(&program, "keydesk_occupancy{of=\"changes\"} ").await, Some(0));
}

/// A SQLite database in a data directory, and somebody who holds its write lock.
async fn locked(data: &Path, database: &TestDatabase) -> store::testing::Raw {
    init(data, &[]).await;
    assert!(keydesk(data, &["key", "create", "--client-name", "Acme", "--scope", "keys:read"]).await.status.success());
    let mut raw = database.raw().await;
    raw.execute("BEGIN IMMEDIATE").await.unwrap();
    raw
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_somebody_else_writes_the_command_line_lists_keys() {
    let database = TestDatabase::sqlite().await;
    let _held = locked(&database.dir(), &database).await;
    let listed = keydesk(&database.dir(), &["key", "list", "--json"]).await;
    let text = String::from_utf8_lossy(&listed.stdout).into_owned();
    assert!(listed.status.success() && text.contains("Acme"), "{text} {listed:?}");
}
