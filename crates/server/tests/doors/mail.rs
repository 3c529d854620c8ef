//! Letters, by the program as it is installed, to a mail server that the test runs.

use std::{fs, time::Duration};

use mail::testing::MailServer;
use serde_json::Value;

use crate::support::{Program, init, ran};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_program_sends_what_its_commands_write() {
    let server = MailServer::start().await;
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().display().to_string();
    init(folder.path(), &[]).await;
    let config = folder.path().join("keydesk.toml");
    fs::write(&config, format!("[mail]\nsmtp_url = \"{}\"\n", server.url())).unwrap();
    let place = ["--data-dir", &data, "--config", config.to_str().unwrap()];
    let invite = ["admin", "invite", "--email", "grace@example.com", "--name", "Grace", "--role", "owner", "--json"];
    let invited = ran(&[], &[&invite[..], &place].concat()).await;
    let printed: Value = serde_json::from_str(&invited.out).unwrap();
    assert_eq!(printed["mailed"], true);
    assert!(server.letters().is_empty(), "commands send nothing: they end before a mail server answers");

    let program = Program::serve(folder.path(), &["--config", config.to_str().unwrap()]).await;
    let sent = tokio::time::timeout(Duration::from_secs(30), async {
        while server.letters().is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    sent.await.unwrap();
    let letter = server.letters().remove(0);
    let token = printed["path"].as_str().unwrap().split_once('#').unwrap().1;
    assert_eq!(letter.to, ["grace@example.com"]);
    // Where links lead is known to the server, and not to the command.
    assert!(letter.text.contains(&format!("http://{}/invite#{token}", program.address)), "{}", letter.text);
    program.line("a letter was sent").await;
    assert!(!program.printed().contains(token) && !program.printed().contains("grace@"), "{}", program.printed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_operator_tries_the_mail_server_out() {
    let server = MailServer::start().await;
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().display().to_string();
    init(folder.path(), &[]).await;
    let test = ["mail", "test", "ada@example.com", "--data-dir", &data];
    ran(&[], &test).await.is_refused("no mail server is configured: give its address as smtp_url in [mail]");
    let config = folder.path().join("keydesk.toml");
    fs::write(&config, format!("[mail]\nsmtp_url = \"{}\"\nfrom = \"Desk <desk@example.com>\"\n", server.url()))
        .unwrap();
    let with = [&test[..], &["--config", config.to_str().unwrap()]].concat();
    let sent = ran(&[], &with).await;
    assert_eq!(sent.code, Some(0), "{}", sent.err);
    assert!(sent.out.contains("has taken a letter to ada@example.com"), "{}", sent.out);
    assert_eq!(server.letters()[0].header("From"), Some("Desk <desk@example.com>"));
    server.refuse(Some("550 5.1.1 no such mailbox"));
    ran(&[], &with).await.is_refused("the mail server answered 550");
    fs::write(&config, "[mail]\nsmtp_url = \"smtp://ada:secret@\"\n").unwrap();
    let wrong = ran(&[], &with).await;
    assert!(wrong.err.contains("mail.smtp_url must be") && !wrong.err.contains("secret"), "{}", wrong.err);
}
