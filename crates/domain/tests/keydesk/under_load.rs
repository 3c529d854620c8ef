//! What strangers ask for takes no turn among changes, what people read waits for no write, and what they ask for is bounded.

use std::{net::IpAddr, sync::Arc};

use domain::{NewAdministrator, Via};
use model::{Actor, AdminError, KeyError, ListQuery, PlainSecret, Role, SEARCH_MAX, Selection};
use store::{
    on_both_databases,
    testing::{Raw, TestDatabase},
};

use crate::{
    people::in_at_once,
    test_keydesk::{SECOND, TestKeydesk},
};

on_both_databases!(
    a_link_that_is_not_there_takes_no_turn,
    whoever_asks_for_links_that_are_not_there_waits_and_others_do_not,
    a_page_that_only_reads_waits_for_no_write,
    a_search_has_a_bound_at_every_verb
);

/// Somebody else writes, and does not come to an end.
async fn writing(database: &TestDatabase) -> Raw {
    let mut raw = database.raw().await;
    let lock = if database.is_postgres() {
        "BEGIN; SELECT value FROM epoch FOR UPDATE; LOCK TABLE admin_session IN EXCLUSIVE MODE"
    } else {
        "BEGIN IMMEDIATE"
    };
    raw.execute(lock).await.unwrap();
    raw
}

/// A token that nobody was given.
fn random(number: u8) -> PlainSecret {
    let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let letter = letters.chars().nth(usize::from(number)).unwrap();
    PlainSecret::new(format!("{letter}{}", "A".repeat(42)))
}

fn from(address: &str) -> Via {
    Via::from(address.parse::<IpAddr>().unwrap())
}

async fn a_link_that_is_not_there_takes_no_turn(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let keydesk = &desk.keydesk;
    // Whatever would begin a change would wait for this, and fail.
    let held = writing(&desk.database).await;
    let (token, via) = (random(7), from("203.0.113.9"));
    assert_eq!(keydesk.open_handover(&token, &via).await.map(drop), Err(KeyError::HandoverOver));
    assert_eq!(keydesk.handover_sender(token.expose(), &via).await, Ok(None));
    assert_eq!(keydesk.account_link(token.expose(), &via).await, Ok(None));
    let password = || PlainSecret::new("correct horse battery".to_owned());
    let accepted = keydesk.accept_account_link(token.clone(), None, password(), None, &via).await;
    assert_eq!(accepted.map(drop), Err(AdminError::LinkOver));
    assert_eq!(keydesk.set_up_of(token.expose(), &via).await, Ok(None));
    let ada = NewAdministrator {
        email: "ada@example.com".to_owned(),
        name: "Ada".to_owned(),
        role: Role::Owner,
        password: password(),
    };
    assert_eq!(keydesk.set_up(token.expose(), ada, None, &via).await.map(drop), Err(AdminError::SetUpOver));
    assert_eq!(keydesk.session(token.expose()).await.map(|found| found.is_some()), Ok(false));
    assert_eq!(keydesk.sign_out(token.expose(), &via).await, Ok(()));
    let wrong = keydesk.sign_in("ada@example.com", password(), &via, Some(token.expose())).await;
    assert_eq!(wrong.map(drop), Err(AdminError::WrongCredentials));
    drop(held);
}

async fn whoever_asks_for_links_that_are_not_there_waits_and_others_do_not(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let keydesk = &desk.keydesk;
    let id = desk.issue("Acme").await.key.id;
    let made = keydesk.create_handover(&desk.operator, id).await.unwrap();
    let stranger = from("203.0.113.9");
    for number in 0..20 {
        let found = keydesk.open_handover(&random(number), &stranger).await.map(drop);
        assert_eq!(found, Err(KeyError::HandoverOver), "{number}");
    }
    let waits = Err(KeyError::TooManyAttempts { retry_after_seconds: 3 });
    assert_eq!(keydesk.open_handover(&random(20), &stranger).await.map(drop), waits);
    assert_eq!(keydesk.handover_sender(made.token.expose(), &stranger).await.map(drop), waits);
    // What is counted is one, whatever the link is for.
    let waits = Some(AdminError::TooManyAttempts { retry_after_seconds: 3 });
    assert_eq!(keydesk.account_link(random(1).expose(), &stranger).await.err(), waits);
    assert_eq!(keydesk.set_up_of(random(1).expose(), &stranger).await.err(), waits);
    let counters = keydesk.bound_counters();
    assert_eq!((counters.link_misses, counters.links_refused), (1, 4));
    assert!(keydesk.open_handover(&made.token, &from("203.0.113.10")).await.is_ok());
    desk.clock.advance(3 * SECOND);
    assert_eq!(keydesk.open_handover(&random(1), &stranger).await.map(drop), Err(KeyError::HandoverOver));
}

async fn a_page_that_only_reads_waits_for_no_write(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let keydesk = &desk.keydesk;
    let password = || PlainSecret::new("correct horse battery".to_owned());
    let new = NewAdministrator {
        email: "ada@example.com".to_owned(),
        name: "Ada".to_owned(),
        role: Role::Owner,
        password: password(),
    };
    keydesk.create_administrator(Actor::Operator, desk.operator.installation, new).await.unwrap();
    let entered = keydesk.sign_in("ada@example.com", password(), from("203.0.113.9"), None).await;
    let signed_in = in_at_once(entered.unwrap());
    let token = signed_in.token.expose();
    let held = writing(&desk.database).await;
    // Long enough for the use to be written down, and each time before the half hour that one keeps the session is over.
    for _ in 0..3 {
        desk.clock.advance(29 * 60 * SECOND);
        let session = keydesk.session(token).await.unwrap().unwrap();
        let listed = keydesk.list(&session.caller(), &ListQuery { limit: 10, ..ListQuery::default() }).await.unwrap();
        assert_eq!(listed.items.len(), 1);
    }
    assert_eq!(keydesk.bound_counters().session_uses, 1);
    drop(held);
    // Written down at the latest when it is closed; another node then knows it.
    let other = desk.second_node().await;
    desk.keydesk.clone().close().await;
    assert!(other.session(token).await.unwrap().is_some());
}

async fn a_search_has_a_bound_at_every_verb(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let (keydesk, operator) = (Arc::new(desk.keydesk.clone()), &desk.operator);
    desk.issue("Acme").await;
    for (length, refused) in [(SEARCH_MAX, false), (SEARCH_MAX + 1, true), (900_000, true)] {
        let search = "a".repeat(length);
        let matching = Selection::Matching {
            search: search.clone(),
            environment: None,
            status: None,
            preset: None,
            expiring_before: None,
            attention: None,
        };
        let query = ListQuery { search, limit: 10, ..ListQuery::default() };
        let results = [
            keydesk.list(operator, &query).await.map(drop),
            keydesk.deletion_impact(operator, &matching).await.map(drop),
            keydesk.delete_selected(operator, &matching).await.map(drop),
            keydesk.set_enabled_selected(operator, &matching, false).await.map(drop),
        ];
        for result in results {
            match result {
                Err(KeyError::InvalidSetting { field, .. }) => assert!(refused && field == "search"),
                other => assert_eq!((other, refused), (Ok(()), false), "{length}"),
            }
        }
    }
}
