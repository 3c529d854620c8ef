//! Letters to people, at a mail server that the test runs.

use domain::{Keydesk, MailOptions, NewInvitation, NewKey, OpenOptions};
use mail::testing::MailServer;
use model::{KeyId, Role, SettingsPatch};
use store::{on_both_databases, testing::TestDatabase};
use zeroize::Zeroizing;

use crate::{
    people::{HOME, PASSWORD, add, secret},
    test_keydesk::{HOUR, SECOND, TestKeydesk, options, settings},
};

on_both_databases!(
    an_invitation_and_a_link_for_a_new_password_are_sent,
    a_letter_goes_when_its_link_is_withdrawn_or_used,
    a_letter_survives_its_node_and_is_sent_once,
    a_letter_that_is_never_taken_is_given_up,
    nothing_of_a_letter_is_in_the_database,
    owners_are_told_14_3_and_1_days_before_once_each,
    who_can_not_be_told_any_more_is_not,
    where_no_mail_is_sent_nothing_is_written
);

const DAY: i64 = 24 * HOUR;
const ADDRESS: &str = "https://desk.example.com";

async fn node(desk: &TestKeydesk, server: &MailServer) -> Keydesk {
    let mail = MailOptions {
        smtp_url: Zeroizing::new(server.url()),
        password: None,
        from: "Keydesk <keydesk@example.com>".to_owned(),
        roots: Vec::new(),
        unencrypted: false,
    };
    let options = OpenOptions { mail: Some(mail), ..options(&desk.database, &desk.clock) };
    let keydesk = Keydesk::open(options).await.unwrap();
    keydesk.set_address(ADDRESS);
    keydesk
}

async fn open(database: TestDatabase) -> (TestKeydesk, Keydesk, MailServer) {
    let (desk, server) = (TestKeydesk::open(database).await, MailServer::start().await);
    let keydesk = node(&desk, &server).await;
    (desk, keydesk, server)
}

fn grace() -> NewInvitation {
    NewInvitation { email: "Grace@example.com".to_owned(), name: "Grace <b>".to_owned(), role: Role::Manager }
}

async fn rows(desk: &TestKeydesk) -> i64 {
    desk.database.raw().await.number("SELECT COUNT(*) FROM letter").await
}

async fn an_invitation_and_a_link_for_a_new_password_are_sent(database: TestDatabase) {
    let (desk, keydesk, server) = open(database).await;
    let invited = keydesk.invite(&desk.operator, grace()).await.unwrap();
    add(&desk, "ada@example.com", Role::Owner).await;
    let reset = keydesk.reset_password(&desk.operator, "ada@example.com").await.unwrap();
    assert!(invited.mailed && reset.mailed);
    keydesk.send_letters().await;
    // In whichever order they arrive.
    let mut letters = server.letters();
    letters.sort_by(|one, other| one.to.cmp(&other.to));
    let [invitation, new_password] = <[_; 2]>::try_from(letters).unwrap();
    assert_eq!(invitation.to, ["Grace@example.com"]);
    assert_eq!(invitation.header("Subject"), Some("Your invitation to Keydesk: Contact centre"));
    assert!(invitation.text.contains(&format!("{ADDRESS}/invite#{}", invited.token.expose())));
    assert!(invitation.text.contains("Hello Grace <b>\r\n") && invitation.text.contains("Hello Grace &lt;b&gt;"));
    assert_eq!(new_password.to, ["ada@example.com"]);
    assert!(new_password.text.contains(&format!("{ADDRESS}/reset#{}", reset.token.expose())));
    assert_eq!(rows(&desk).await, 0, "what was sent is gone");
    keydesk.send_letters().await;
    assert_eq!(server.letters().len(), 2);
    let counters = keydesk.letter_counters();
    assert_eq!((counters.sent, counters.failed, counters.given_up, counters.waiting_now), (2, 0, 0, 0));
}

async fn a_letter_goes_when_its_link_is_withdrawn_or_used(database: TestDatabase) {
    let (desk, keydesk, server) = open(database).await;
    add(&desk, "ada@example.com", Role::Owner).await;
    let first = keydesk.invite(&desk.operator, grace()).await.unwrap();
    // Again: the link of the first letter is withdrawn.
    let second = keydesk.invite(&desk.operator, grace()).await.unwrap();
    keydesk.reset_password(&desk.operator, "ada@example.com").await.unwrap();
    let last = keydesk.reset_password(&desk.operator, "ada@example.com").await.unwrap();
    assert_eq!(rows(&desk).await, 2);
    keydesk.accept_account_link(last.token, None, secret(PASSWORD), None, HOME).await.unwrap();
    assert_eq!(rows(&desk).await, 1, "it is used");
    keydesk.send_letters().await;
    let [only] = <[_; 1]>::try_from(server.letters()).unwrap();
    assert!(only.text.contains(second.token.expose()) && !only.text.contains(first.token.expose()));
    keydesk.invite(&desk.operator, grace()).await.unwrap();
    keydesk.remove_administrator(&desk.operator, "grace@example.com").await.unwrap();
    keydesk.reset_password(&desk.operator, "ada@example.com").await.unwrap();
    keydesk.invite(&desk.operator, grace()).await.unwrap();
    let again = keydesk.invite(&desk.operator, grace()).await.unwrap();
    assert_eq!(rows(&desk).await, 2);
    keydesk.accept_account_link(again.token, None, secret(PASSWORD), None, HOME).await.unwrap();
    assert_eq!(rows(&desk).await, 1, "the one for a new password");
}

async fn a_letter_survives_its_node_and_is_sent_once(database: TestDatabase) {
    let (desk, keydesk, server) = open(database).await;
    keydesk.invite(&desk.operator, grace()).await.unwrap();
    // Its node dies while it tries: the letter is taken, and was not sent.
    let store = desk.database.store().await;
    let taken = store.letters_due(keydesk.now(), keydesk.now().plus_millis(DAY), 10).await.unwrap().remove(0);
    assert!(store.claim_letter(taken.id, 0, keydesk.now().plus_millis(120 * SECOND)).await.unwrap());
    keydesk.send_letters().await;
    assert_eq!(server.letters().len(), 0, "it is another's");
    desk.clock.advance(120 * SECOND);
    let other = node(&desk, &server).await;
    tokio::join!(keydesk.send_letters(), other.send_letters(), keydesk.send_letters());
    assert_eq!(server.letters().len(), 1);
    assert_eq!(rows(&desk).await, 0);
}

async fn a_letter_that_is_never_taken_is_given_up(database: TestDatabase) {
    let (desk, keydesk, server) = open(database).await;
    server.refuse(Some("550 5.1.1 <grace@example.com>: no such mailbox"));
    keydesk.invite(&desk.operator, grace()).await.unwrap();
    keydesk.send_letters().await;
    let counters = keydesk.letter_counters();
    assert_eq!((counters.given_up, counters.waiting_now), (1, 0));
    let found = keydesk.examine().await.into_iter().find(|finding| finding.what == "mail").unwrap();
    assert!(!found.ok && found.found.ends_with("because the mail server answered 550"), "{found:?}");
    // A server that is busy is asked again, and not for ever.
    server.refuse(Some("451 come back later"));
    add(&desk, "ada@example.com", Role::Owner).await;
    keydesk.reset_password(&desk.operator, "ada@example.com").await.unwrap();
    for (minutes, tries) in [(0, 1), (1, 1), (1, 2), (4, 2), (1, 3), (14, 3), (1, 4), (60, 4)] {
        desk.clock.advance(minutes * 60 * SECOND);
        keydesk.send_letters().await;
        assert_eq!(server.connections(), 1 + tries, "after {minutes} more minutes");
    }
    assert_eq!(keydesk.letter_counters().given_up, 2, "its link would be over before the next try");
    assert_eq!(server.letters(), []);
    assert_eq!(rows(&desk).await, 2);
    let cells = desk.database.raw().await.dump().await;
    assert!(
        cells
            .iter()
            .filter(|cell| cell.table == "letter" && cell.column == "sealed_letter")
            .all(|cell| cell.bytes.is_empty())
    );
}

async fn nothing_of_a_letter_is_in_the_database(database: TestDatabase) {
    let (desk, keydesk, _server) = open(database).await;
    let invited = keydesk.invite(&desk.operator, grace()).await.unwrap();
    let cells = desk.database.raw().await.dump().await;
    let token = invited.token.expose().as_bytes();
    assert!(!cells.iter().any(|cell| cell.bytes.windows(token.len()).any(|window| window == token)));
    let letter: Vec<_> = cells.iter().filter(|cell| cell.table == "letter").collect();
    assert!(!letter.is_empty());
    let address = b"race@example.com";
    assert!(!letter.iter().any(|cell| cell.bytes.windows(address.len()).any(|window| window == address)));
}

/// A key that ends so many days from now, with this owner.
async fn ending(desk: &TestKeydesk, keydesk: &Keydesk, name: &str, owner: &str, days: i64) -> KeyId {
    let patch = SettingsPatch {
        expires_at: Some(Some(keydesk.now().plus_millis(days * DAY))),
        owner_email: Some(Some(owner.parse().unwrap())),
        ..settings(name)
    };
    keydesk.issue(&desk.operator, NewKey::of(patch)).await.unwrap().key.id
}

async fn owners_are_told_14_3_and_1_days_before_once_each(database: TestDatabase) {
    let (desk, keydesk, server) = open(database).await;
    let acme = ending(&desk, &keydesk, "Acme", "bo@example.com", 20).await;
    ending(&desk, &keydesk, "Beta", "bo@example.com", 20).await;
    ending(&desk, &keydesk, "Gamma", "cy@example.com", 20).await;
    let other = node(&desk, &server).await;
    let told = async || {
        let (one, two) = tokio::join!(keydesk.mail_ending(), other.mail_ending());
        keydesk.send_letters().await;
        one.unwrap() + two.unwrap()
    };
    assert_eq!(told().await, 0);
    for (days, letters) in [(5, 0), (1, 2), (0, 0), (1, 0), (9, 0), (1, 2), (1, 0), (1, 2), (1, 0), (5, 0)] {
        desk.clock.advance(days * DAY);
        assert_eq!(told().await, letters, "{days} days later");
    }
    let letters = server.letters();
    assert_eq!(letters.len(), 6);
    let to_bo = letters.iter().find(|letter| letter.to == ["bo@example.com"]).unwrap();
    assert_eq!(to_bo.header("Subject"), Some("2 API keys end soon"));
    assert!(to_bo.text.contains("Acme: ends ") && to_bo.text.contains("Beta: ends "), "{}", to_bo.text);
    assert!(to_bo.text.contains(&format!("{ADDRESS}/keys/{acme}")));
    let to_cy = letters.iter().find(|letter| letter.to == ["cy@example.com"]).unwrap();
    assert!(to_cy.header("Subject").unwrap().starts_with("The API key for Gamma ends on "));
    assert!(letters.iter().all(|letter| !letter.text.contains("ccc_")), "no letter holds anything of a secret");
}

async fn who_can_not_be_told_any_more_is_not(database: TestDatabase) {
    let (desk, keydesk, server) = open(database).await;
    let later = ending(&desk, &keydesk, "Acme", "bo@example.com", 2).await;
    let gone = ending(&desk, &keydesk, "Beta", "cy@example.com", 2).await;
    let off = ending(&desk, &keydesk, "Gamma", "di@example.com", 2).await;
    assert_eq!(keydesk.mail_ending().await.unwrap(), 3);
    // Before the letters leave, one key is given a later end, one is deleted, one is switched off.
    let end = Some(keydesk.now().plus_millis(100 * DAY));
    let patch = SettingsPatch { expires_at: Some(end), ..SettingsPatch::default() };
    keydesk.update(&desk.operator, later, patch, None).await.unwrap();
    keydesk.delete(&desk.operator, gone, None).await.unwrap();
    keydesk.set_enabled(&desk.operator, off, false, None).await.unwrap();
    keydesk.send_letters().await;
    assert_eq!(server.letters(), []);
    assert_eq!(rows(&desk).await, 0);
}

async fn where_no_mail_is_sent_nothing_is_written(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let keydesk = &desk.keydesk;
    assert!(!keydesk.invite(&desk.operator, grace()).await.unwrap().mailed);
    keydesk.send_letters().await;
    assert_eq!(rows(&desk).await, 0);
    assert!(!keydesk.examine().await.iter().any(|finding| finding.what == "mail"));
}
