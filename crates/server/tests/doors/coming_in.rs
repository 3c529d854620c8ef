//! How the first administrator is created: with the link that `serve` and `doctor` show, and on the command line.

use std::path::Path;

use crate::support::{Program, keydesk, request};

/// The first set-up link in a text, which may be JSON.
fn link(text: &str) -> Option<String> {
    let mut words = text.split(|c: char| c.is_whitespace() || c == '"');
    words.find(|word| word.contains("/setup?token=")).map(str::to_owned)
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
    let token = path.split_once('=').unwrap().1;
    assert_eq!(printed.matches(token).count(), 1, "for people, and not in the log");
    assert!(link(&doctor(data, &["--listen", &program.address]).await).is_some_and(|link| link == shown));
    let advice = doctor(data, &["--public-url", "https://desk.example/"]).await;
    assert_eq!(link(&advice).as_deref(), Some(format!("https://desk.example{path}").as_str()));

    let page = request(&program.address, "GET", path, None, None).await.unwrap().1;
    assert!(page.contains("Create owner"), "{page}");
    assert_eq!(program.printed().matches(token).count(), 1, "{}", program.printed());

    let (code, out, _) = create(data, "ada@example.com", "owner", "correct horse battery").await;
    assert_eq!(code, Some(0));
    assert!(out.contains("ada@example.com") && !out.contains("horse"), "{out}");
    let page = request(&program.address, "GET", path, None, None).await.unwrap().1;
    assert!(page.contains("This set-up link is not valid"), "{page}");
    assert_eq!(link(&doctor(data, &[]).await), None);
    program.kill().await;
    let program = Program::serve(data, &[]).await;
    assert_eq!(link(&program.printed()), None);
    program.kill().await;
}

#[tokio::test]
async fn a_refused_administrator_is_told_why() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let good = "correct horse battery";
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
    assert!(err.contains("http://desk.example is no public address"), "{err}");
}
