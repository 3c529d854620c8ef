//! How the first administrator is created: with the link that `serve` and `doctor` show, and on the command line.

use std::path::Path;

use crate::support::{Program, init, keydesk, post_form, request};

/// The first set-up link in a text, which may be JSON.
fn link(text: &str) -> Option<String> {
    let mut words = text.split(|c: char| c.is_whitespace() || c == '"');
    words.find(|word| word.contains("/setup#")).map(str::to_owned)
}

async fn doctor(data: &Path, args: &[&str]) -> String {
    let ran = keydesk(data, &[&["doctor"], args].concat()).await;
    assert_eq!(ran.status.code(), Some(0));
    String::from_utf8(ran.stdout).unwrap()
}

async fn create(data: &Path, email: &str, role: &str, password: &str) -> (Option<i32>, String, String) {
    let file = data.join("password");
    std::fs::write(&file, format!("{password}\n")).unwrap();
    let file = file.display().to_string();
    let args =
        ["admin", "create", "--email", email, "--name", "Ada Lovelace", "--role", role, "--password-file", &file];
    let ran = keydesk(data, &args).await;
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (ran.status.code(), text(ran.stdout), text(ran.stderr))
}

#[tokio::test]
async fn the_set_up_link_is_shown_to_the_operator_and_logged_by_no_request() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let program = Program::serve(data, &["--log-level", "trace"]).await;
    program.line("Nobody can sign in yet. To make the first owner, open ").await;
    program.line("no administrator yet").await;
    let printed = program.printed();
    let shown = link(&printed).unwrap();
    let (address, path) = shown.split_at(shown.find("/setup").unwrap());
    assert_eq!(address, format!("http://{}", program.address));
    let token = path.split_once('#').unwrap().1;
    assert_eq!(printed.matches(token).count(), 1, "for people, and not in the log");
    assert!(link(&doctor(data, &["--listen", &program.address]).await).is_some_and(|link| link == shown));
    let advice = doctor(data, &["--public-url", "https://desk.example/"]).await;
    assert_eq!(link(&advice).as_deref(), Some(format!("https://desk.example{path}").as_str()));

    let post = async || {
        let own = format!("http://{}", program.address);
        let headers = [("Host", program.address.as_str()), ("Origin", &own)];
        post_form(&program.address, "/setup", &headers, &format!("code={token}")).await.unwrap()
    };
    let page = post().await;
    assert!(page.contains("Create owner"), "{page}");
    assert_eq!(program.printed().matches(token).count(), 1, "{}", program.printed());

    let (code, out, _) = create(data, "ada@example.com", "owner", "correct horse battery").await;
    assert_eq!(code, Some(0));
    assert!(out.contains("ada@example.com") && !out.contains("horse"), "{out}");
    let page = post().await;
    assert!(page.contains("This set-up link is not valid"), "{page}");
    assert_eq!(link(&doctor(data, &[]).await), None);
    program.kill().await;
    let program = Program::serve(data, &[]).await;
    assert_eq!(link(&program.printed()), None);
    program.kill().await;
}

#[tokio::test]
async fn the_set_up_link_stays_the_same_when_the_server_starts_again_and_a_backup_does_not_open_it() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let shown = async || {
        let program = Program::serve(data, &[]).await;
        program.line("Nobody can sign in yet").await;
        let link = link(&program.printed()).unwrap();
        program.kill().await;
        link.split_once('#').unwrap().1.to_owned()
    };
    let first = shown().await;
    assert_eq!(shown().await, first);
    let backup = data.join("backup");
    assert_eq!(keydesk(data, &["backup", &backup.display().to_string()]).await.status.code(), Some(0));
    assert_eq!(create(data, "ada@example.com", "owner", "correct horse battery staple").await.0, Some(0));
    // The operator puts the backup back, as the documentation said before there was a command for it.
    for ending in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(data.join(format!("keydesk.db{ending}")));
    }
    std::fs::copy(&backup, data.join("keydesk.db")).unwrap();
    let second = shown().await;
    assert_ne!(second, first);
    let program = Program::serve(data, &[]).await;
    let own = format!("http://{}", program.address);
    let headers = [("Host", program.address.as_str()), ("Origin", &own)];
    for (token, words) in [(&first, "This set-up link is not valid"), (&second, "Create owner")] {
        let page = post_form(&program.address, "/setup", &headers, &format!("code={token}")).await.unwrap();
        assert!(page.contains(words), "{page}");
    }
    program.kill().await;
}

const CREDENTIALS: &str = "email=ada@example.com&password=correct+horse+battery+staple";

/// Where a sign-in leads; its code where it leads nowhere.
fn led(answer: &str) -> &str {
    let location = answer.lines().find_map(|line| line.strip_prefix("location: "));
    location.unwrap_or_else(|| answer.rsplit("\r\n\r\n").next().unwrap())
}

#[tokio::test]
async fn people_sign_in_behind_a_proxy_that_changes_the_host_and_are_not_throttled_together() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    init(data, &[]).await;
    assert_eq!(create(data, "ada@example.com", "owner", "correct horse battery staple").await.0, Some(0));
    let program = Program::serve(data, &["--public-url", "https://desk.example.test"]).await;
    program.line("no proxy is trusted").await;
    let own = ("Origin", "https://desk.example.test");
    for host in ["desk.example.test", "keydesk:3000", "desk.example.test:443"] {
        let answer = post_form(&program.address, "/login", &[("Host", host), own], CREDENTIALS).await.unwrap();
        assert_eq!(led(&answer), "/keys", "{host}");
        assert!(answer.contains("set-cookie: __Host-keydesk-device-"), "{answer}");
    }
    let forwarded = [("Host", "keydesk:3000"), ("X-Forwarded-Host", "desk.example.test"), own];
    assert_eq!(led(&post_form(&program.address, "/login", &forwarded, CREDENTIALS).await.unwrap()), "/keys");
    let foreign = [("Host", "desk.example.test"), ("Origin", "https://evil.example")];
    let refused = post_form(&program.address, "/login", &foreign, CREDENTIALS).await.unwrap();
    assert_eq!(led(&refused), "\"foreign_origin\"");
    // Everybody has the proxy's address; one guesses, at many accounts.
    let headers = [("Host", "desk.example.test"), own, ("X-Forwarded-For", "198.51.100.7")];
    for n in 0..30 {
        let guess = format!("email=x{n}@example.com&password=wrong+wrong+wrong");
        post_form(&program.address, "/login", &headers, &guess).await.unwrap();
    }
    let headers = [("Host", "desk.example.test"), own, ("X-Forwarded-For", "203.0.113.5")];
    assert_eq!(led(&post_form(&program.address, "/login", &headers, CREDENTIALS).await.unwrap()), "/keys");
    program.kill().await;
    let told = doctor(data, &["--public-url", "https://desk.example.test"]).await;
    assert!(told.contains("no proxy is trusted"), "{told}");
    for args in [&[][..], &["--public-url", "https://desk.example.test", "--trusted-proxies", "127.0.0.1"]] {
        let told = doctor(data, args).await;
        assert!(!told.contains("proxy"), "{told}");
    }
}

#[tokio::test]
async fn a_sign_in_that_a_trusted_proxy_took_in_the_clear_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    init(data, &[]).await;
    assert_eq!(create(data, "ada@example.com", "owner", "correct horse battery staple").await.0, Some(0));
    let args = ["--public-url", "https://desk.example.test", "--trusted-proxies", "127.0.0.1"];
    let program = Program::serve(data, &args).await;
    let host = ("Host", "desk.example.test");
    for (scheme, origin, expected) in [
        (Some("http"), "https://desk.example.test", "/login?next=/keys&refused=needs_https"),
        (Some("https"), "https://desk.example.test", "/keys"),
        (None, "https://desk.example.test", "/keys"),
        (None, "http://desk.example.test", "\"needs_https\""),
    ] {
        let mut headers = vec![host, ("Origin", origin)];
        headers.extend(scheme.map(|scheme| ("X-Forwarded-Proto", scheme)));
        let answer = post_form(&program.address, "/login", &headers, CREDENTIALS).await.unwrap();
        assert_eq!(led(&answer), expected, "{scheme:?} {origin}");
        assert_eq!(answer.contains("set-cookie"), expected == "/keys", "{answer}");
    }
    // Past the proxy a page is read in the clear, on the machine itself too.
    let local = format!("http://{}", program.address);
    let headers = [("Host", program.address.as_str()), ("Origin", &local)];
    assert_eq!(led(&post_form(&program.address, "/login", &headers, CREDENTIALS).await.unwrap()), "\"needs_https\"");
    program.kill().await;
    // No proxy is trusted, so none is believed.
    let program = Program::serve(data, &["--public-url", "https://desk.example.test"]).await;
    let headers = [host, ("Origin", "https://desk.example.test"), ("X-Forwarded-Proto", "http")];
    assert_eq!(led(&post_form(&program.address, "/login", &headers, CREDENTIALS).await.unwrap()), "/keys");
    program.kill().await;
}

/// One customer's IPv6 network guesses at Ada's account, each time from another /64.
#[tokio::test]
async fn a_network_that_guesses_does_not_keep_a_person_out_who_comes_from_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    init(data, &[]).await;
    assert_eq!(create(data, "ada@example.com", "owner", "correct horse battery staple").await.0, Some(0));
    let args = ["--public-url", "https://desk.example.test", "--trusted-proxies", "127.0.0.1"];
    let program = Program::serve(data, &args).await;
    let sign_in = async |from: &str, password: &str| {
        let headers =
            [("Host", "desk.example.test"), ("Origin", "https://desk.example.test"), ("X-Forwarded-For", from)];
        let form = format!("email=ada@example.com&password={password}");
        post_form(&program.address, "/login", &headers, &form).await.unwrap()
    };
    let mut refused = 0;
    for n in 0..40 {
        let answer = sign_in(&format!("2001:db8:0:{n:x}::1"), "wrong").await;
        refused += usize::from(led(&answer).contains("refused=too_many_attempts"));
    }
    assert!(refused >= 10, "{refused}");
    assert_eq!(led(&sign_in("203.0.113.5", "correct+horse+battery+staple").await), "/keys");
    let metrics = request(&program.ops_address, "GET", "/metrics", None, None).await.unwrap().1;
    for name in [
        "keydesk_occupancy{of=\"failed_sign_ins\"}",
        "keydesk_throttle_pushed_out_total 0",
        "keydesk_throttle_refused_total",
    ] {
        assert!(metrics.contains(name), "{name} {metrics}");
    }
    program.kill().await;
}

#[tokio::test]
async fn a_refused_administrator_is_told_why() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let good = "correct horse battery";
    init(data, &[]).await;
    assert_eq!(create(data, "ada@example.com", "viewer", good).await.0, Some(0));
    for (email, role, password, code, words) in [
        ("ADA@example.com", "viewer", good, 1, "An administrator with this email address exists;"),
        ("ada", "viewer", good, 1, "Enter an email address"),
        ("eve@example.com", "viewer", "short", 1, "A password has 12 to 256 characters."),
        ("eve@example.com", "king", good, 2, "a role is owner, manager or viewer"),
    ] {
        let (ended, out, err) = create(data, email, role, password).await;
        assert_eq!((ended, out.as_str()), (Some(code), ""), "{email} {role}");
        assert!(err.contains(words) && !err.contains(good), "{err}");
    }
    let missing = ["--email", "eve@example.com", "--name", "Eve", "--role", "owner", "--password-file", "/none"];
    let ran = keydesk(data, &[&["admin", "create"][..], &missing].concat()).await;
    assert_eq!(ran.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&ran.stderr).contains("the password can't be read from /none: "));
}

#[tokio::test]
async fn a_public_address_must_be_https() {
    let folder = tempfile::tempdir().unwrap();
    let ran = keydesk(folder.path(), &["serve", "--public-url", "http://desk.example"]).await;
    assert_eq!(ran.status.code(), Some(1));
    let err = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert!(err.contains("http://desk.example is not a public address"), "{err}");
}
