//! Letters to a mail server, over the wire.
#![expect(clippy::unwrap_used, reason = "a test stops where it can't go on")]

use mail::{Letter, MailOptions, Mailer, testing::MailServer};
use uuid::Uuid;
use zeroize::Zeroizing;

fn mailer(smtp_url: &str) -> Mailer {
    Mailer::new(&MailOptions {
        smtp_url: Zeroizing::new(smtp_url.to_owned()),
        password: None,
        from: "Keydesk <keydesk@example.com>".to_owned(),
        roots: Vec::new(),
        unencrypted: false,
    })
    .unwrap()
}

fn letter() -> Letter {
    Letter {
        id: Uuid::from_u128(7),
        to: "ada@example.com".to_owned(),
        subject: "Grüezi".to_owned(),
        text: "Open https://desk.example/invite#0123456789012345678901234567890123456789012\nGrüsse".to_owned(),
        html: "<p>Open <a href=\"https://desk.example/invite#0123456789\">the link</a></p>".to_owned(),
    }
}

#[tokio::test]
async fn a_letter_arrives_whole() {
    let server = MailServer::start().await;
    mailer(&server.url()).send(&letter()).await.unwrap();
    let [received] = <[_; 1]>::try_from(server.letters()).unwrap();
    assert_eq!(received.to, ["ada@example.com"]);
    assert_eq!(received.header("From"), Some("Keydesk <keydesk@example.com>"));
    assert!(received.text.contains("https://desk.example/invite#0123456789012345678901234567890123456789012"));
    assert!(received.text.contains("Grüsse") && received.text.contains("<p>Open <a href="), "{}", received.text);
}

#[tokio::test]
async fn who_has_no_mailbox_is_not_written_to_again_and_who_is_busy_is() {
    let server = MailServer::start().await;
    let mailer = mailer(&server.url());
    for (answer, for_good) in [
        ("550 5.1.1 <ada@example.com>: no such mailbox", true),
        ("451 4.7.1 <ada@example.com>: come back later", false),
        ("554 5.7.1 <ada@example.com>: not today", false),
        ("535 5.7.8 sign in", false),
    ] {
        server.refuse(Some(answer));
        let unsent = mailer.send(&letter()).await.unwrap_err();
        assert_eq!(unsent.for_good, for_good, "{answer}");
        // What is written down names nobody; the operator sees the server's own words.
        assert_eq!(unsent.to_string(), format!("the mail server answered {}", &answer[..3]));
        assert!(unsent.answer.unwrap().contains(&answer[4..]), "{answer}");
    }
    server.refuse(None);
    mailer.send(&letter()).await.unwrap();
    assert_eq!(server.letters().len(), 1);
}

#[tokio::test]
async fn a_server_that_is_not_there_or_speaks_no_smtp_is_said_so() {
    let gone = MailServer::start().await.url();
    let unsent = mailer(&gone).send(&letter()).await.unwrap_err();
    assert!(!unsent.for_good && unsent.reason.starts_with("no connection to the mail server: "), "{unsent}");
    let server = MailServer::start().await;
    let wrapped = server.url().replace("smtp://", "smtps://");
    let unsent = mailer(&wrapped).send(&letter()).await.unwrap_err();
    assert!(!unsent.for_good && !unsent.reason.contains("ada@"), "{unsent}");
    assert!(server.letters().is_empty());
}

#[tokio::test]
async fn a_server_that_takes_up_no_tls_gets_neither_letter_nor_password() {
    let server = MailServer::start().await;
    // Another way to write this machine's address, which is not known to be one: TLS is asked for.
    let port = server.url().rsplit(':').next().unwrap().to_owned();
    let asked = mailer(&format!("smtp://ada:secret@127.1:{port}"));
    let unsent = asked.send(&letter()).await.unwrap_err();
    assert!(!unsent.for_good && unsent.reason.contains("take up TLS"), "{unsent}");
    assert_eq!((server.connections(), server.letters().len()), (1, 0));
}
