use domain::{HandoverSender, NewInstallation, Via};
use model::{Action, Actor, HANDOVER_LIFE_MS, HandoverId, KeyError, PlainSecret, Role};
use store::{on_both_databases, testing::TestDatabase};

use crate::{
    people::{add, caller},
    test_keydesk::{DONE, START, TestKeydesk, new_key, overlap, within},
};

on_both_databases!(
    a_link_shows_the_secret_once,
    looking_does_not_use_a_link_up,
    one_of_many_readers_at_once_sees_the_secret,
    a_link_is_over_after_seven_days,
    rotating_and_deleting_withdraw_a_link,
    a_link_is_withdrawn_and_the_key_stays,
    the_secret_of_an_expired_link_is_erased,
    a_link_can_not_be_guessed,
    whoever_opens_a_link_is_told_who_sent_it,
    without_copies_there_is_nothing_to_hand_over
);

async fn a_link_shows_the_secret_once(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let issued = desk.issue("Acme").await;
    let made = desk.keydesk.create_handover(&desk.operator, issued.key.id).await.unwrap();
    assert_eq!(made.token.expose().len(), 43);
    assert_eq!(
        desk.keydesk.handovers(&desk.operator, issued.key.id).await.unwrap(),
        std::slice::from_ref(&made.handover)
    );
    desk.clock.advance(1);
    let opened = desk.keydesk.open_handover(&made.token, &Via::default()).await.unwrap();
    assert_eq!((opened.secret.expose(), opened.key.id), (issued.secret.expose(), issued.key.id));
    assert_eq!(desk.keydesk.open_handover(&made.token, &Via::default()).await.map(drop), Err(KeyError::HandoverOver));
    assert_eq!(desk.keydesk.handover_sender(made.token.expose(), &Via::default()).await, Ok(None));
    let listed = desk.keydesk.handovers(&desk.operator, issued.key.id).await.unwrap();
    assert_eq!(listed[0].opened_at.map(|at| at.as_millis()), Some(START + 1));
    let log = desk.audit(&desk.operator).await;
    let [create, open] = log.last_chunk().unwrap();
    assert_eq!((create.action().unwrap(), open.action().unwrap()), (Action::HandoverCreate, Action::HandoverOpen));
    assert_eq!((open.key, open.actor.as_str()), (Some(issued.key.id), r#"{"kind":"bearer"}"#));
    let left = "SELECT COUNT(*) FROM handover WHERE sealed_secret IS NOT NULL";
    assert_eq!(desk.database.raw().await.number(left).await, 0, "the sealed secret is gone");
}

/// Whether the link with this token can be opened.
async fn is_open(desk: &TestKeydesk, token: &str) -> bool {
    desk.keydesk.handover_sender(token, &Via::default()).await.unwrap().is_some()
}

async fn looking_does_not_use_a_link_up(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let id = desk.issue("Acme").await.key.id;
    let made = desk.keydesk.create_handover(&desk.operator, id).await.unwrap();
    let before = desk.database.raw().await.dump().await;
    for _ in 0..3 {
        assert!(is_open(&desk, made.token.expose()).await);
    }
    assert_eq!(desk.database.raw().await.dump().await, before);
    assert!(desk.keydesk.open_handover(&made.token, &Via::default()).await.is_ok());
}

async fn one_of_many_readers_at_once_sees_the_secret(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let id = desk.issue("Acme").await.key.id;
    let made = desk.keydesk.create_handover(&desk.operator, id).await.unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let (keydesk, token) = (desk.keydesk.clone(), made.token.clone());
        tasks.spawn(async move { keydesk.open_handover(&token, &Via::default()).await.is_ok() });
    }
    assert_eq!(tasks.join_all().await.into_iter().filter(|seen| *seen).count(), 1);
}

async fn a_link_is_over_after_seven_days(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let id = desk.issue("Acme").await.key.id;
    let made = desk.keydesk.create_handover(&desk.operator, id).await.unwrap();
    desk.clock.advance(HANDOVER_LIFE_MS - 1);
    assert!(is_open(&desk, made.token.expose()).await);
    desk.clock.advance(1);
    assert!(!is_open(&desk, made.token.expose()).await);
    assert_eq!(desk.keydesk.open_handover(&made.token, &Via::default()).await.map(drop), Err(KeyError::HandoverOver));
    let listed = desk.keydesk.handovers(&desk.operator, id).await.unwrap();
    assert!(!listed[0].is_open(desk.keydesk.now()) && listed[0].opened_at.is_none());
}

async fn rotating_and_deleting_withdraw_a_link(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    for verb in ["rotate", "delete", "bulk_delete"] {
        let id = desk.issue("Acme").await.key.id;
        let made = desk.keydesk.create_handover(&desk.operator, id).await.unwrap();
        match verb {
            "rotate" => drop(desk.keydesk.rotate(&desk.operator, id, overlap(3_600), None).await.unwrap()),
            "delete" => desk.keydesk.delete(&desk.operator, id, None).await.unwrap(),
            _ => drop(desk.keydesk.bulk_delete(&desk.operator, &[id]).await.unwrap()),
        }
        assert_eq!(
            desk.keydesk.open_handover(&made.token, &Via::default()).await.map(drop),
            Err(KeyError::HandoverOver),
            "{verb}"
        );
        if verb != "rotate" {
            desk.keydesk.restore(&desk.operator, id).await.unwrap();
        }
        assert!(!is_open(&desk, made.token.expose()).await, "{verb}");
        let listed = desk.keydesk.handovers(&desk.operator, id).await.unwrap();
        assert!(listed[0].withdrawn_at.is_some() && listed[0].opened_at.is_none(), "{verb}");
    }
    let id = desk.issue("Acme").await.key.id;
    let made = desk.keydesk.create_handover(&desk.operator, id).await.unwrap();
    desk.keydesk.set_module(Actor::Operator, "default", false).await.unwrap();
    assert_eq!(
        desk.keydesk.open_handover(&made.token, &Via::default()).await.map(drop),
        Err(KeyError::ModuleUnavailable { contact: None })
    );
    desk.keydesk.set_module(Actor::Operator, "default", true).await.unwrap();
    assert!(desk.keydesk.open_handover(&made.token, &Via::default()).await.is_ok());
}

async fn a_link_is_withdrawn_and_the_key_stays(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let keydesk = &desk.keydesk;
    let issued = desk.issue("Acme").await;
    let id = issued.key.id;
    let made = keydesk.create_handover(&desk.operator, id).await.unwrap();
    let kept = keydesk.create_handover(&desk.operator, id).await.unwrap();
    let link = made.handover.id;
    assert_eq!(keydesk.withdraw_handover(&desk.other, id, link).await, Err(KeyError::NotFound));
    let never = HandoverId(keydesk.request_id(keydesk.now()));
    assert_eq!(keydesk.withdraw_handover(&desk.operator, id, never).await, Err(KeyError::NotFound));
    desk.clock.advance(1);
    assert_eq!(keydesk.withdraw_handover(&desk.operator, id, link).await, Ok(()));
    assert_eq!(keydesk.open_handover(&made.token, &Via::default()).await.map(drop), Err(KeyError::HandoverOver));
    assert_eq!(keydesk.withdraw_handover(&desk.operator, id, link).await, Err(KeyError::HandoverOver));
    let log = desk.audit(&desk.operator).await;
    let withdrawn = log.last().unwrap();
    assert_eq!((withdrawn.action().unwrap(), withdrawn.key), (Action::HandoverWithdraw, Some(id)));
    let listed = keydesk.handovers(&desk.operator, id).await.unwrap();
    let at = listed.iter().find(|handover| handover.id == link).unwrap().withdrawn_at;
    assert_eq!(at.map(|at| at.as_millis()), Some(START + 1));
    // Neither the key nor its other links are touched.
    assert_eq!(keydesk.get(&desk.operator, id).await.unwrap(), issued.key);
    assert_eq!(
        keydesk.open_handover(&kept.token, &Via::default()).await.unwrap().secret.expose(),
        issued.secret.expose()
    );
    let opened = keydesk.withdraw_handover(&desk.operator, id, kept.handover.id).await;
    assert_eq!(opened, Err(KeyError::HandoverOver));
}

async fn the_secret_of_an_expired_link_is_erased(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let id = desk.issue("Acme").await.key.id;
    desk.keydesk.create_handover(&desk.operator, id).await.unwrap();
    let sealed = "SELECT COUNT(*) FROM handover WHERE sealed_secret IS NOT NULL";
    desk.clock.advance(HANDOVER_LIFE_MS);
    assert_eq!(desk.database.raw().await.number(sealed).await, 1);
    let background = desk.keydesk.start();
    // The job runs once when it is started.
    within(DONE, "the secret is gone", async || desk.database.raw().await.number(sealed).await == 0).await;
    background.stop().await;
}

async fn a_link_can_not_be_guessed(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let id = desk.issue("Acme").await.key.id;
    let made = desk.keydesk.create_handover(&desk.operator, id).await.unwrap();
    let token = made.token.expose();
    let other = if token.starts_with('A') { "B" } else { "A" };
    let near = format!("{other}{}", &token[1..]);
    let hash = desk.database.raw().await.dump().await;
    assert!(!hash.iter().any(|cell| cell.bytes == token.as_bytes()));
    for wrong in ["", "x", &near, &token[..42], &format!("{token}="), &format!("{token}A"), &format!(" {token}"), "é"]
    {
        let outcome = desk.keydesk.open_handover(&PlainSecret::new(wrong.to_owned()), &Via::default()).await.map(drop);
        assert_eq!(outcome, Err(KeyError::HandoverOver), "{wrong:?}");
        assert!(!is_open(&desk, wrong).await);
    }
    assert!(desk.keydesk.open_handover(&made.token, &Via::default()).await.is_ok());
}

async fn whoever_opens_a_link_is_told_who_sent_it(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let keydesk = &desk.keydesk;
    add(&desk, "owner@example.com", Role::Owner).await;
    let name = add(&desk, "grace@example.com", Role::Manager).await.name;
    let grace = caller(keydesk, "grace@example.com").await;
    let id = desk.issue("Acme").await.key.id;
    let sent = |name: Option<&str>| HandoverSender {
        organisation: "Contact centre".to_owned(),
        name: name.map(str::to_owned),
    };
    let hers = keydesk.create_handover(&grace, id).await.unwrap().token;
    let of_nobody = keydesk.create_handover(&desk.operator, id).await.unwrap().token;
    for (token, expected) in [(&hers, sent(Some(&name))), (&of_nobody, sent(None))] {
        assert_eq!(keydesk.handover_sender(token.expose(), &Via::default()).await, Ok(Some(expected)));
    }
    assert_eq!(keydesk.open_handover(&of_nobody, &Via::default()).await.unwrap().sender, sent(None));
    // The name is that of now, and of nobody once she is forgotten.
    keydesk.forget(&desk.operator, "grace@example.com").await.unwrap();
    assert_eq!(keydesk.handover_sender(hers.expose(), &Via::default()).await, Ok(Some(sent(None))));
    assert_eq!(keydesk.open_handover(&hers, &Via::default()).await.unwrap().sender, sent(None));
}

async fn without_copies_there_is_nothing_to_hand_over(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let new = NewInstallation { name: "once".to_owned(), title: "Once".to_owned(), recoverable: false };
    let once = domain::Caller::operator(desk.keydesk.create_installation(Actor::Operator, new).await.unwrap().id);
    let id = desk.keydesk.issue(&once, new_key("Acme")).await.unwrap().key.id;
    assert_eq!(desk.keydesk.create_handover(&once, id).await.map(drop), Err(KeyError::NotRecoverable));
}
