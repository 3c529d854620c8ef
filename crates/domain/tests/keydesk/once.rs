use domain::{Caller, Keydesk, Told};
use model::{Action, Key, KeyError, KeyId, KeyStatus, ListQuery, Overlap, Selection, SettingsPatch};
use store::{on_both_databases, testing::TestDatabase};

use crate::{
    selection::put_like,
    test_keydesk::{DONE, SECOND, TestKeydesk, new_key, once, overlap, within},
};

on_both_databases!(
    a_change_that_is_sent_again_is_made_once,
    a_token_is_for_one_request_of_one_caller,
    what_was_taken_back_is_never_done,
    what_was_done_is_told_to_whoever_takes_it_back,
    a_reveal_that_is_sent_again_is_one_entry,
    a_link_is_told_again_while_it_can_be_opened,
    a_deletion_sent_twice_at_once_is_made_once_and_undone_whole,
    a_deletion_that_was_left_half_way_is_finished_and_undone_whole,
    a_deletion_that_is_taken_back_half_way_goes_no_further,
    what_a_request_made_is_told_to_its_sender
);

/// The operator, with a token.
fn with(desk: &TestKeydesk, token: &str) -> Caller {
    desk.operator.clone().once(once(token, token))
}

fn recalling(desk: &TestKeydesk, token: &str) -> Caller {
    desk.operator.clone().recalling(once(token, token).unwrap())
}

async fn entries(desk: &TestKeydesk, action: Action) -> usize {
    let audit = desk.audit(&desk.operator).await;
    audit.iter().filter(|entry| entry.action == action.as_str()).count()
}

async fn total(keydesk: &Keydesk, caller: &Caller) -> u64 {
    keydesk.list(caller, &ListQuery { limit: 1, ..ListQuery::default() }).await.unwrap().total - 1
}

/// What a verb answers, as text.
async fn answer<T: std::fmt::Debug>(verb: impl Future<Output = Result<T, KeyError>>) -> String {
    format!("{:?}", verb.await.unwrap())
}

async fn a_change_that_is_sent_again_is_made_once(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let other = desk.second_node().await;
    let nodes = [&desk.keydesk, &other, &desk.keydesk];
    let (one, two) = (desk.issue("One").await.key, desk.issue("Two").await.key);
    let id = one.id;
    let both = Selection::Ids(vec![id, two.id]);
    let mut made = Vec::new();
    for (verb, node) in (0..8).flat_map(|verb| nodes.map(|node| (verb, node))) {
        let caller = with(&desk, &format!("token {verb}"));
        let all = Selection::Ids(vec![id, two.id]);
        let said = match verb {
            // The second time the version is another, and so is the name that others would find.
            0 => answer(node.update(&caller, id, SettingsPatch::name("Renamed"), Some(1))).await,
            1 => answer(node.rotate(&caller, id, overlap(60), None)).await.split("secret").next().unwrap().to_owned(),
            2 => answer(node.end_overlap(&caller, id, None)).await,
            3 => answer(node.set_enabled_selected(&caller, &all, false)).await,
            4 => answer(node.delete(&caller, id, None)).await,
            5 => answer(node.restore(&caller, id)).await,
            6 => answer(node.delete_selected(&caller, &all)).await,
            _ => {
                let undone = desk.keydesk.delete_selected(&with(&desk, "token 6"), &both).await.unwrap();
                answer(node.undo_delete(&caller, &undone.changes)).await
            }
        };
        let written = desk.audit(&desk.operator).await.len();
        made.push((verb, said, written));
    }
    for three in made.chunks(3) {
        assert!(three.iter().all(|one| *one == three[0]), "{three:?}");
    }
    assert!(made.windows(2).all(|pair| pair[0].0 == pair[1].0 || pair[0].2 < pair[1].2), "each was made: {made:?}");
    assert_eq!(total(&desk.keydesk, &desk.operator).await, 2);
}

async fn a_token_is_for_one_request_of_one_caller(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let keydesk = &desk.keydesk;
    let id = desk.issue("Acme").await.key.id;
    keydesk.set_enabled(&with(&desk, "a"), id, false, None).await.unwrap();
    let another = desk.operator.clone().once(once("a", "another body"));
    assert_eq!(keydesk.set_enabled(&another, id, true, None).await, Err(KeyError::IdempotencyMismatch));
    // Another verb under the same token and body is a mistake of ours, and does nothing.
    for refused in [
        keydesk.delete(&with(&desk, "a"), id, None).await.map(drop),
        keydesk.delete_selected(&with(&desk, "a"), &Selection::Ids(vec![id])).await.map(drop),
        keydesk.reveal(&with(&desk, "a"), id).await.map(drop),
        keydesk.rotate(&with(&desk, "a"), id, Overlap::NONE, None).await.map(drop),
        keydesk.create_handover(&with(&desk, "a"), id).await.map(drop),
    ] {
        assert_eq!(refused, Err(KeyError::IdempotencyMismatch));
    }
    let somebody = desk.caller(&["keys:write", "contacts:*", "calls:*", "wraps:*"]).await.once(once("a", "a"));
    assert_eq!(keydesk.set_enabled(&somebody, id, false, None).await.map(|key: Key| key.version), Ok(2));
}

async fn what_was_taken_back_is_never_done(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let keydesk = &desk.keydesk;
    let key = desk.issue("Acme").await.key;
    let all = Selection::Ids(vec![key.id]);
    let entries = desk.audit(&desk.operator).await.len();
    for make in [recalling, with, recalling, with] {
        for refused in [
            keydesk.update(&make(&desk, "update"), key.id, SettingsPatch::name("Late"), None).await.map(drop),
            keydesk.issue_once(&make(&desk, "issue"), new_key("Late"), None).await.map(drop),
            keydesk.delete_selected(&make(&desk, "delete"), &all).await.map(drop),
            keydesk.set_enabled_selected(&make(&desk, "switch"), &all, false).await.map(drop),
            keydesk.reveal(&make(&desk, "reveal"), key.id).await.map(drop),
        ] {
            assert_eq!(refused, Err(KeyError::Recalled));
        }
    }
    assert_eq!(desk.audit(&desk.operator).await.len(), entries);
    assert_eq!(keydesk.get(&desk.operator, key.id).await.unwrap(), key);
    assert_eq!(total(keydesk, &desk.operator).await, 1);
}

async fn what_was_done_is_told_to_whoever_takes_it_back(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let keydesk = &desk.keydesk;
    let first = keydesk.issue(&with(&desk, "issue"), new_key("Acme")).await.unwrap();
    let again = keydesk.issue(&recalling(&desk, "issue"), new_key("Acme")).await.unwrap();
    assert_eq!((again.key.id, again.secret.expose()), (first.key.id, first.secret.expose()));
    let all = Selection::Ids(vec![first.key.id]);
    let deleted = keydesk.delete_selected(&with(&desk, "delete"), &all).await.unwrap();
    assert_eq!(keydesk.delete_selected(&recalling(&desk, "delete"), &all).await, Ok(deleted.clone()));
    assert_eq!(keydesk.undo_delete(&desk.operator, &deleted.changes).await, Ok(1));
}

async fn a_reveal_that_is_sent_again_is_one_entry(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let keydesk = &desk.keydesk;
    let first = desk.issue("Acme").await;
    let id = first.key.id;
    for _ in 0..3 {
        let shown = keydesk.reveal(&with(&desk, "a"), id).await.unwrap();
        assert_eq!(shown.expose(), first.secret.expose());
    }
    assert_eq!(entries(&desk, Action::KeyReveal).await, 1);
    keydesk.reveal(&with(&desk, "b"), id).await.unwrap();
    assert_eq!(entries(&desk, Action::KeyReveal).await, 2, "another reveal");
    // Another secret was not shown before, whatever the token.
    let second = keydesk.rotate(&desk.operator, id, Overlap::NONE, None).await.unwrap();
    let shown = keydesk.reveal(&with(&desk, "a"), id).await.unwrap();
    assert_eq!(shown.expose(), second.secret.expose());
    assert_eq!(entries(&desk, Action::KeyReveal).await, 3);
    desk.clock.advance(10 * 60 * SECOND);
    keydesk.reveal(&with(&desk, "a"), id).await.unwrap();
    assert_eq!(entries(&desk, Action::KeyReveal).await, 4, "a later look is told");
}

async fn a_link_is_told_again_while_it_can_be_opened(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let keydesk = &desk.keydesk;
    let id = desk.issue("Acme").await.key.id;
    let first = keydesk.create_handover(&with(&desk, "a"), id).await.unwrap();
    let again = keydesk.create_handover(&with(&desk, "a"), id).await.unwrap();
    assert_eq!((again.handover.id, again.token.expose()), (first.handover.id, first.token.expose()));
    assert_eq!(keydesk.handovers(&desk.operator, id).await.unwrap().len(), 1);
    for _ in 0..2 {
        keydesk.withdraw_handover(&with(&desk, "b"), id, first.handover.id).await.unwrap();
    }
    let gone = keydesk.create_handover(&with(&desk, "a"), id).await;
    assert_eq!(gone.map(drop), Err(KeyError::HandoverOver));
    assert_eq!(keydesk.told(&desk.operator, "a").await.map(drop), Err(KeyError::HandoverOver));
    assert_eq!(entries(&desk, Action::HandoverWithdraw).await, 1);
}

/// More keys than one change deletes, in two halves that a search tells apart.
const MANY: u16 = 2_100;

async fn many(desk: &TestKeydesk) -> Selection {
    let key = desk.issue("Acme").await.key;
    put_like(&desk.database.store().await, desk.operator.installation, &key, MANY - 1).await;
    Selection::Matching {
        search: "acme".to_owned(),
        environment: None,
        status: None,
        preset: None,
        expiring_before: None,
        attention: None,
    }
}

async fn a_deletion_sent_twice_at_once_is_made_once_and_undone_whole(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let (selection, caller, other) = (many(&desk).await, with(&desk, "a"), desk.second_node().await);
    let (one, two, three) = tokio::join!(
        desk.keydesk.delete_selected(&caller, &selection),
        other.delete_selected(&caller, &selection),
        desk.keydesk.delete_selected(&caller, &selection),
    );
    let deleted = one.unwrap();
    assert_eq!((deleted.deleted, deleted.skipped, deleted.changes.len()), (u64::from(MANY), 0, 2));
    assert_eq!((two.unwrap(), three.unwrap()), (deleted.clone(), deleted.clone()));
    // What is made since is not part of it.
    let later = desk.issue("Acme").await.key;
    assert_eq!(other.delete_selected(&caller, &selection).await.unwrap(), deleted);
    assert_eq!(desk.keydesk.get(&desk.operator, later.id).await.unwrap().status, KeyStatus::Active);
    let undoing = with(&desk, "b");
    let undo = || desk.keydesk.undo_delete(&undoing, &deleted.changes);
    let undone = tokio::join!(undo(), undo());
    assert_eq!(undone, (Ok(u64::from(MANY)), Ok(u64::from(MANY))));
    assert_eq!(entries(&desk, Action::KeyRestore).await, usize::from(MANY));
}

async fn a_deletion_that_was_left_half_way_is_finished_and_undone_whole(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let selection = many(&desk).await;
    // Named, so that a repetition would otherwise take those that are gone for somebody else's work.
    let ids = named(&desk).await;
    let selection = if ids.len() == usize::from(MANY) { Selection::Ids(ids) } else { selection };
    let (keydesk, caller, asked) = (desk.keydesk.clone(), with(&desk, "a"), selection.clone());
    let hung_up = tokio::spawn(async move { keydesk.delete_selected(&caller, &asked).await });
    let all = u64::from(MANY);
    within(DONE, "the first part", async || total(&desk.keydesk, &desk.operator).await < all).await;
    hung_up.abort();
    let deleted = desk.keydesk.delete_selected(&with(&desk, "a"), &selection).await.unwrap();
    assert_eq!((deleted.deleted, deleted.skipped, deleted.changes.len()), (all, 0, 2));
    assert_eq!(entries(&desk, Action::KeyDelete).await, usize::from(MANY));
    assert_eq!(desk.keydesk.undo_delete(&desk.operator, &deleted.changes).await, Ok(all));
}

async fn named(desk: &TestKeydesk) -> Vec<KeyId> {
    let mut query = ListQuery { limit: 1_000, search: "acme".to_owned(), ..ListQuery::default() };
    let mut ids = Vec::new();
    loop {
        let page = desk.keydesk.list(&desk.operator, &query).await.unwrap();
        ids.extend(page.items.iter().map(|key| key.id));
        let Some(next) = page.next_cursor else { return ids };
        query.cursor = Some(next.parse().unwrap());
    }
}

async fn a_deletion_that_is_taken_back_half_way_goes_no_further(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let caller = desk.caller(&["keys:read", "keys:write"]).await;
    let model::Actor::Key { id: own } = caller.actor else { panic!("a key calls") };
    let (acme, left) = (desk.issue("Acme").await.key, desk.issue("Beta").await.key);
    // With the first change the calling key deletes itself, so that it stops half-way.
    let selection = Selection::Ids([vec![acme.id, own], vec![own; 1_998], vec![left.id]].concat());
    let stopped = desk.keydesk.delete_selected(&caller.clone().once(once("a", "a")), &selection).await.unwrap();
    assert_eq!((stopped.deleted, stopped.stopped.is_some()), (2, true));
    desk.keydesk.restore(&desk.operator, own).await.unwrap();
    let taken_back = caller.clone().recalling(once("a", "a").unwrap());
    let told = desk.keydesk.delete_selected(&taken_back, &selection).await.unwrap();
    assert_eq!((told.deleted, &told.changes, told.stopped), (2, &stopped.changes, Some(KeyError::Recalled)));
    let late = desk.keydesk.delete_selected(&caller.once(once("a", "a")), &selection).await.unwrap();
    assert_eq!((late.deleted, late.stopped), (2, Some(KeyError::Recalled)));
    assert_eq!(desk.keydesk.get(&desk.operator, left.id).await.unwrap(), left);
}

async fn what_a_request_made_is_told_to_its_sender(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let (keydesk, operator) = (&desk.keydesk, &desk.operator);
    let made = keydesk.issue(&with(&desk, "issue"), new_key("Acme")).await.unwrap();
    let Some(Told::Issued(told)) = keydesk.told(operator, "issue").await.unwrap() else { panic!("a key was made") };
    assert_eq!(told.secret.unwrap().expose(), made.secret.expose());
    let link = keydesk.create_handover(&with(&desk, "link"), made.key.id).await.unwrap();
    let Some(Told::HandOver(told)) = keydesk.told(operator, "link").await.unwrap() else { panic!("a link was made") };
    assert_eq!(told.token.expose(), link.token.expose());
    let shown = keydesk.reveal(&with(&desk, "show"), made.key.id).await.unwrap();
    let Some(Told::Revealed(told)) = keydesk.told(operator, "show").await.unwrap() else { panic!("it was shown") };
    assert_eq!(told.expose(), shown.expose());
    keydesk.set_enabled(&with(&desk, "off"), made.key.id, false, None).await.unwrap();
    assert!(matches!(keydesk.told(operator, "off").await, Ok(Some(Told::Done))));
    let somebody = desk.caller(&["keys:write", "contacts:*", "calls:*", "wraps:*"]).await;
    for caller in [&somebody, &desk.other] {
        assert!(keydesk.told(caller, "issue").await.unwrap().is_none(), "it is nobody else's");
    }
    assert!(keydesk.told(operator, "never sent").await.unwrap().is_none());
    desk.clock.advance(10 * 60 * SECOND);
    assert!(keydesk.told(operator, "show").await.unwrap().is_none(), "it is told for a short while");
    assert!(matches!(keydesk.told(operator, "link").await, Ok(Some(Told::HandOver(_)))));
}
