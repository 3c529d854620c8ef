//! Links that are printed for people to open, wherever the server listens.

use serde_json::Value;

use crate::support::{Program, init, ran};

const PUBLIC: &str = "KEYDESK_PUBLIC_URL";
const LISTEN: &str = "KEYDESK_LISTEN";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_leads_to_where_people_open_keydesk_or_says_what_is_not_known() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().display().to_string();
    init(folder.path(), &[]).await;
    let created =
        ran(&[], &["key", "create", "--client-name", "Acme", "--preset", "crm", "--json", "--data-dir", &data]).await;
    let id = serde_json::from_str::<Value>(&created.out).unwrap()["id"].as_str().unwrap().to_owned();
    for (variables, flags, address, note) in [
        (&[][..], &[][..], "http://127.0.0.1:3000", Some("no address is known: give")),
        (&[(LISTEN, "127.0.0.1:3990")], &[], "http://127.0.0.1:3990", Some("leads to this machine alone")),
        (&[], &["--listen", "0.0.0.0:3991"], "http://127.0.0.1:3991", Some("leads to this machine alone")),
        (&[], &["--listen", "[::]:3991"], "http://[::1]:3991", Some("leads to this machine alone")),
        (&[], &["--listen", "192.0.2.5:80"], "http://192.0.2.5:80", Some("where the server listens, without TLS")),
        (&[], &["--listen", "desk.example:3990"], "http://desk.example:3990", Some("listens, without TLS")),
        (&[(PUBLIC, "https://desk.example"), (LISTEN, "127.0.0.1:3990")], &[], "https://desk.example", None),
        (&[], &["--public-url", "https://desk.example:8443/"], "https://desk.example:8443", None),
    ] {
        let invite = ["admin", "invite", "--email", "ada@example.com", "--name", "Ada", "--role", "owner"];
        for (command, path) in
            [(&["key", "handover", &id][..], "/handover#"), (&invite, "/invite#"), (&["doctor"], "/setup#")]
        {
            let done = ran(variables, &[command, &["--data-dir", &data], flags].concat()).await;
            assert_eq!(done.code, Some(0), "{command:?} {}", done.err);
            assert!(done.out.contains(&format!("{address}{path}")), "{command:?} {variables:?} {flags:?} {}", done.out);
            let said = note.map_or(!done.out.contains("--public-url"), |note| {
                done.out.contains(note) && done.out.contains("--public-url or KEYDESK_PUBLIC_URL")
            });
            assert!(said, "{command:?} {variables:?} {flags:?} {}", done.out);
        }
        let json = ran(variables, &[&invite[..], &["--json", "--data-dir", &data], flags].concat()).await;
        let json: Value = serde_json::from_str(&json.out).unwrap();
        let path = json["path"].as_str().unwrap();
        assert_eq!(json["link"], format!("{address}{path}"));
        assert_eq!(json["note"].as_str().is_some(), note.is_some(), "{json}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_link_is_made_to_where_nothing_can_listen() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().display().to_string();
    init(folder.path(), &[]).await;
    let entries = async || ran(&[], &["audit", "verify", "--data-dir", &data]).await.out;
    let before = entries().await;
    let invite =
        ["admin", "invite", "--email", "ada@example.com", "--name", "Ada", "--role", "owner", "--data-dir", &data];
    for wrong in [":3990", "3990", "x", "127.0.0.1:99999", "unix:/tmp/x"] {
        ran(&[(LISTEN, wrong)], &invite).await.is_refused("is not where a server listens: give a host and a port");
    }
    assert_eq!(entries().await, before, "nothing was made");
    let public = ran(&[(LISTEN, "x"), (PUBLIC, "HTTPS://Desk.example")], &invite).await;
    assert_eq!(public.code, Some(0), "{}", public.err);
    assert!(public.out.contains("https://desk.example/invite#"), "{}", public.out);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_says_where_its_own_link_leads() {
    let folder = tempfile::tempdir().unwrap();
    let here = Program::serve(folder.path(), &[]).await;
    here.line("leads to this machine alone, since no public address is known").await;
    assert!(here.printed().contains(&format!("http://{}/setup#", here.address)), "{}", here.printed());
    here.kill().await;
    let public = Program::serve(folder.path(), &["--public-url", "https://desk.example"]).await;
    public.line("https://desk.example/setup#").await;
    public.line("It works until ").await;
    assert!(!public.printed().contains("this machine alone"), "{}", public.printed());
}
