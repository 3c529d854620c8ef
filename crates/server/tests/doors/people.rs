//! `keydesk admin` and signing in, as a person meets them.

use std::{path::Path, process::Stdio};

use serde_json::{Value, json};
use store::testing::TestDatabase;
use tokio::io::AsyncWriteExt;

use crate::support::{Connection, Program, command, init, keydesk};

const GOOD: &str = "correct horse battery";

/// Runs `keydesk admin ARGS`; returns its exit status, standard output and standard error.
async fn admin(data: &Path, args: &[&str]) -> (Option<i32>, String, String) {
    let ran = keydesk(data, &[&["admin"], args].concat()).await;
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (ran.status.code(), text(ran.stdout), text(ran.stderr))
}

/// `keydesk admin create` with the password on standard input; returns its exit status and standard error.
async fn create(data: &Path, email: &str, password: &[u8]) -> (Option<i32>, String) {
    let mut child = command()
        .args(["admin", "create", "--email", email, "--name", "Wanda", "--role", "owner", "--password-file", "-"])
        .arg("--data-dir")
        .arg(data)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // A program that has refused already reads no more.
    let _ = stdin.write_all(password).await;
    drop(stdin);
    let ended = child.wait_with_output().await.unwrap();
    (ended.status.code(), String::from_utf8(ended.stderr).unwrap())
}

/// Posts the form of the sign-in page, and returns the answer's head.
async fn post_login(address: &str, email: &str, password: &str) -> String {
    let form = format!("email={email}&password={password}");
    let head = format!(
        "POST /login HTTP/1.1\r\nHost: {address}\r\nOrigin: http://{address}\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n",
        form.len()
    );
    let mut connection = Connection::open(address).await.unwrap();
    connection.write(format!("{head}{form}").as_bytes()).await.unwrap();
    connection.read_to_end().await.unwrap()
}

/// Whether the password is right.
async fn signs_in(address: &str, email: &str, password: &str) -> bool {
    let answer = post_login(address, email, password).await;
    let location = answer.lines().find_map(|line| line.strip_prefix("location: "));
    match location {
        Some("/keys") => true,
        Some(refused) if refused.contains("refused=wrong_credentials") => false,
        _ => panic!("{answer}"),
    }
}

#[tokio::test]
async fn a_password_is_the_same_from_the_command_line_as_from_every_keyboard() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let program = Program::serve(data, &[]).await;
    let address = &program.address;
    let made = (Some(0), String::new());
    // A Mac's keyboard takes accents apart.
    assert_eq!(create(data, "nfc@example.com", "caf\u{e9} correct battery".as_bytes()).await, made);
    assert!(signs_in(address, "nfc@example.com", "cafe%CC%81+correct+battery").await);
    assert!(signs_in(address, "nfc@example.com", "caf%C3%A9+correct+battery").await);
    // Windows puts a byte order mark before a text, or writes UTF-16.
    assert_eq!(create(data, "bom@example.com", b"\xef\xbb\xbfcorrect horse battery\r\n").await, made);
    assert!(signs_in(address, "bom@example.com", "correct+horse+battery").await);
    let wide: Vec<u8> = "\u{feff}correct horse battery\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(create(data, "wide@example.com", &wide).await, made);
    assert!(signs_in(address, "wide@example.com", "correct+horse+battery").await);
    for (password, words) in [
        (&b"correct\nhorse\nbattery\n"[..], "There is no password in -: it has more than one line."),
        (&wide[2..], "it is not plain text; save it as UTF-8"),
        (b"caf\xe9 correct battery", "it is neither UTF-8 nor UTF-16 with a byte order mark"),
        (&[b'a'; 5000], "it is longer than 4096 bytes"),
        (b"password1234", "This password is easy to guess. This is a very common password."),
        (b"lines@example.com", "This password is easy to guess."),
    ] {
        let (code, err) = create(data, "lines@example.com", password).await;
        assert_eq!(code, Some(1), "{words}");
        assert!(err.contains(words) && err.lines().count() == 1, "{err}");
    }
    program.kill().await;
}

#[tokio::test]
async fn who_must_have_a_second_factor_is_said_at_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    init(data, &[]).await;
    let set = async |who: &str| {
        let args = ["installation", "set", "default", "--required-second-factor", who, "--json"];
        let ran = keydesk(data, &args).await;
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (ran.status.code(), text(ran.stdout), text(ran.stderr))
    };
    for who in ["owners", "everyone", "none"] {
        let (code, out, err) = set(who).await;
        assert_eq!((code, err.as_str()), (Some(0), ""), "{who}");
        let set: Value = serde_json::from_str(&out).unwrap();
        assert_eq!(set["required_second_factor"], who);
    }
    let (code, _, err) = set("all").await;
    assert_eq!(code, Some(2));
    assert!(err.contains("none, owners or everyone"), "{err}");
}

/// On the data of a server that runs, since sessions must end there.
async fn the_life_of_an_administrator(database: TestDatabase) {
    let (data, address) = (database.dir(), database.address().to_owned());
    let data = data.as_path();
    let on = ["--database", &address];
    let run = async |args: &[&str]| admin(data, &[args, &on].concat()).await;
    let call = async |args: &[&str]| -> Value {
        let (code, out, err) = run(&[args, &["--json"]].concat()).await;
        assert_eq!((code, err.as_str()), (Some(0), ""), "{args:?}");
        serde_json::from_str(&out).unwrap()
    };
    let file = data.join("password");
    std::fs::write(&file, GOOD).unwrap();
    let file = file.display().to_string();
    let (ada, grace) = (["--email", "ada@example.com"], ["--email", "grace@example.com"]);
    let create = [&["create", "--name", "Ada", "--role", "owner", "--password-file", &file][..], &ada].concat();
    init(data, &on).await;
    let made = call(&create).await;
    let program = Program::serve(data, &on).await;
    let serving = &program.address;

    // The only owner has forgotten the password.
    let (code, _, err) = run(&create).await;
    assert_eq!(code, Some(1));
    assert!(err.contains("`keydesk admin reset-password` makes a link for a new password"), "{err}");
    let before = post_login(serving, "ada@example.com", "correct+horse+battery").await;
    let cookie = before.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
    let cookie = cookie.split(';').next().unwrap();
    let public = ["--public-url", "https://desk.example/"];
    let reset = call(&[&["reset-password"][..], &ada, &public].concat()).await;
    let link = reset["link"].as_str().unwrap();
    let token = link.strip_prefix("https://desk.example/reset#").unwrap();
    assert_eq!((token.len(), reset["email"].as_str()), (43, Some("ada@example.com")));
    let listed = call(&["list"]).await;
    let person = &listed["items"][0];
    assert_eq!((&person["id"], &person["status"], &person["sessions"]), (&made["id"], &json!("active"), &json!(1)));

    let invited = call(&[&["invite", "--name", "Grace", "--role", "viewer"][..], &grace].concat()).await;
    assert!(invited["link"].as_str().unwrap().contains("/invite#"), "{invited}");
    let (_, table, _) = run(&["list"]).await;
    let lines: Vec<_> = table.lines().collect();
    assert!(lines[0].starts_with("EMAIL") && lines[0].ends_with("INVITED UNTIL"), "{table}");
    assert!(lines[2].starts_with("grace@example.com  Grace  viewer  invited") && lines[2].ends_with('Z'), "{table}");
    assert_eq!(call(&[&["remove"][..], &grace].concat()).await["removed"], "invitation");

    for refused in [&["remove"][..], &["disable"], &["set-role", "--role", "viewer"]] {
        let (code, _, err) = run(&[refused, &ada].concat()).await;
        assert_eq!(code, Some(1));
        assert!(err.contains("the last owner"), "{err}");
        let (code, _, err) = run(&[refused, &grace].concat()).await;
        assert_eq!(code, Some(1));
        assert!(err.contains("no administrator with this email address"), "{err}");
    }
    let keys = async || {
        let mut connection = Connection::open(serving).await.unwrap();
        let ask = format!(
            "GET /keys HTTP/1.1\r\nHost: {serving}\r\nAccept: text/html\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n"
        );
        connection.write(ask.as_bytes()).await.unwrap();
        connection.read_to_end().await.unwrap()[9..12].parse::<u16>().unwrap()
    };
    assert_eq!(keys().await, 200);
    assert_eq!(call(&[&["end-sessions"][..], &ada].concat()).await, json!({"sessions_ended": 1}));
    assert_eq!(keys().await, 303, "it has ended at the server that runs");
    let none = json!({"email": "ada@example.com", "reset": false});
    assert_eq!(call(&[&["reset-second-factor"][..], &ada].concat()).await, none);
    assert_eq!(call(&["list"]).await["items"][0]["second_factor"], false);

    let second = [&["create", "--name", "Grace", "--role", "owner", "--password-file", &file][..], &grace].concat();
    call(&second).await;
    assert_eq!(call(&[&["set-role", "--role", "manager"][..], &ada].concat()).await["role"], "manager");
    call(&[&["disable"][..], &ada].concat()).await;
    let refused = post_login(serving, "ada@example.com", "correct+horse+battery").await;
    assert!(refused.contains("refused=account_disabled"), "{refused}");
    call(&[&["enable"][..], &ada].concat()).await;
    assert!(signs_in(serving, "ada@example.com", "correct+horse+battery").await);
    let (code, out, _) = run(&[&["remove"][..], &ada].concat()).await;
    assert_eq!((code, out.as_str()), (Some(0), "ada@example.com  removed\n"));
    assert!(!signs_in(serving, "ada@example.com", "correct+horse+battery").await);
    program.kill().await;
}

store::on_both_databases!(the_life_of_an_administrator);
