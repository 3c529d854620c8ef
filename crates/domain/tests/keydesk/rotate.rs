use domain::{Answered, NewKey};
use model::{Action, Code, Instant, KeyError, Overlap, RESTORE_WINDOW_MS, SettingsPatch};
use store::{on_both_databases, testing::TestDatabase};

use crate::test_keydesk::{DONE, HOUR, START, TestKeydesk, code, once, overlap, scopes, settings, verify, within};

on_both_databases!(
    both_secrets_work_until_the_overlap_ends,
    a_rotation_that_is_sent_again_rotates_once,
    rotating_again_ends_the_oldest,
    an_overlap_can_be_ended_now,
    last_use_is_told_for_each_secret,
    an_ended_secret_is_forgotten_after_30_days,
    the_default_key_is_rotated_like_any_other,
    whoever_gets_a_secret_holds_its_scopes,
    an_edit_applies_to_both_secrets,
    a_list_is_told_which_keys_have_several_secrets
);

fn hour() -> Overlap {
    overlap(3_600)
}

async fn both_secrets_work_until_the_overlap_ends(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let old = desk.issue("Acme").await;
    let new = desk.keydesk.rotate(&desk.operator, old.key.id, hour(), Some(1)).await.unwrap();
    assert_ne!(new.secret.expose(), old.secret.expose());
    assert_eq!((new.key.version, &new.key.hint), (2, &new.secret.hint()));
    assert_eq!(desk.keydesk.get(&desk.operator, old.key.id).await.unwrap(), new.key);
    let revealed = desk.keydesk.reveal(&desk.operator, old.key.id).await.unwrap();
    assert_eq!(revealed.expose(), new.secret.expose());
    for (now, expected) in [(0, Code::Valid), (HOUR - 1, Code::Valid), (HOUR, Code::Revoked)] {
        desk.clock.set(START + now);
        for node in [&desk.keydesk, &desk.second_node().await] {
            assert_eq!(code(node, old.secret.expose()).await, expected, "{now}");
            assert_eq!(code(node, new.secret.expose()).await, Code::Valid, "{now}");
        }
    }
    let entry =
        desk.audit(&desk.operator).await.into_iter().rev().find(|entry| entry.action().unwrap() == Action::KeyRotate);
    assert!(entry.unwrap().detail.contains("\"overlap_seconds\":3600"));
    let moved = desk.keydesk.rotate(&desk.operator, old.key.id, Overlap::NONE, Some(1)).await.map(drop);
    assert_eq!(moved, Err(KeyError::VersionMoved { current: 2 }));
    desk.keydesk.delete(&desk.operator, old.key.id, None).await.unwrap();
    let gone = desk.keydesk.rotate(&desk.operator, old.key.id, Overlap::NONE, None).await.map(drop);
    assert_eq!(gone, Err(KeyError::NotFound));
}

async fn a_rotation_that_is_sent_again_rotates_once(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let first = desk.issue("Acme").await;
    let id = first.key.id;
    let rotate = async |mark: &str, body: &str, version: Option<i64>| {
        let answer = desk.keydesk.rotate_once(&desk.operator, id, hour(), version, once(mark, body)).await;
        answer.and_then(Answered::issued)
    };
    let second = rotate("a", "x", Some(1)).await.unwrap();
    // The answer was lost. This same rotation has moved the version meanwhile.
    let again = rotate("a", "x", Some(1)).await.unwrap();
    assert_eq!((&again.key, again.secret.expose()), (&second.key, second.secret.expose()));
    assert_eq!(desk.keydesk.get(&desk.operator, id).await.unwrap(), second.key);
    for issued in [&first, &second] {
        assert_eq!(code(&desk.keydesk, issued.secret.expose()).await, Code::Valid);
    }
    assert_eq!(rotate("a", "y", None).await.map(drop), Err(KeyError::IdempotencyMismatch));
    assert_eq!(rotate("b", "x", Some(1)).await.map(drop), Err(KeyError::VersionMoved { current: 2 }));
    let weak = desk.caller(&["keys:write"]).await;
    let refused = desk.keydesk.rotate_once(&weak, id, hour(), None, once("a", "x")).await;
    assert_eq!(refused.map(drop).unwrap_err().kind().code, "scope_escalation");
    let third = rotate("b", "x", None).await.unwrap();
    assert_ne!(third.secret.expose(), second.secret.expose());
    assert_eq!(code(&desk.keydesk, first.secret.expose()).await, Code::Revoked);
}

async fn rotating_again_ends_the_oldest(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let first = desk.issue("Acme").await;
    let second = desk.keydesk.rotate(&desk.operator, first.key.id, hour(), None).await.unwrap();
    // In the same millisecond, so that no order of ids can tell which is the newest.
    let third = desk.keydesk.rotate(&desk.operator, first.key.id, hour(), None).await.unwrap();
    let codes = [&first, &second, &third].map(|issued| code(&desk.keydesk, issued.secret.expose()));
    let [first_code, second_code, third_code] = codes;
    assert_eq!((first_code.await, second_code.await, third_code.await), (Code::Revoked, Code::Valid, Code::Valid));
    let secrets = desk.keydesk.secrets(&desk.operator, first.key.id).await.unwrap();
    let hints: Vec<_> = secrets.iter().map(|secret| secret.hint.clone()).collect();
    assert_eq!(hints, [third.secret.hint(), second.secret.hint(), first.secret.hint()]);
    let ends: Vec<_> = secrets.iter().map(|secret| secret.expires_at).collect();
    assert_eq!(ends, [None, Some(Instant::from_millis(START + HOUR)), Some(Instant::from_millis(START))]);
    let revealed = desk.keydesk.reveal(&desk.operator, first.key.id).await.unwrap();
    assert_eq!(revealed.expose(), third.secret.expose());
}

async fn an_overlap_can_be_ended_now(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let old = desk.issue("Acme").await;
    let new = desk.keydesk.rotate(&desk.operator, old.key.id, hour(), None).await.unwrap();
    let key = desk.keydesk.end_overlap(&desk.operator, old.key.id, Some(2)).await.unwrap();
    assert_eq!((key.version, &key.hint), (3, &new.secret.hint()));
    assert_eq!(code(&desk.keydesk, old.secret.expose()).await, Code::Revoked);
    assert_eq!(code(&desk.keydesk, new.secret.expose()).await, Code::Valid);
    assert_eq!(desk.audit(&desk.operator).await.pop().unwrap().action().unwrap(), Action::KeyEndOverlap);
}

async fn last_use_is_told_for_each_secret(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let old = desk.issue("Acme").await;
    let (id, used) = (old.key.id, |ms| Some(Instant::from_millis(START + ms)));
    desk.keydesk.rotate(&desk.operator, id, hour(), None).await.unwrap();
    let new = desk.keydesk.reveal(&desk.operator, id).await.unwrap();
    let seen = async || {
        desk.keydesk.start().stop().await;
        let secrets = desk.keydesk.secrets(&desk.operator, id).await.unwrap();
        let key = desk.keydesk.get(&desk.operator, id).await.unwrap();
        (secrets[0].last_used_at, secrets[1].last_used_at, key.last_used_at)
    };
    assert_eq!(seen().await, (None, None, None));
    desk.clock.set(START + 10);
    assert_eq!(code(&desk.keydesk, old.secret.expose()).await, Code::Valid);
    assert_eq!(seen().await, (None, used(10), used(10)));
    desk.clock.set(START + 20);
    assert_eq!(code(&desk.keydesk, new.expose()).await, Code::Valid);
    assert_eq!(seen().await, (used(20), used(10), used(20)));
    desk.clock.set(START + 30);
    assert_eq!(code(&desk.keydesk, old.secret.expose()).await, Code::Valid);
    assert_eq!(seen().await, (used(20), used(30), used(30)));
}

async fn an_ended_secret_is_forgotten_after_30_days(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let old = desk.issue("Acme").await;
    let id = old.key.id;
    let new = desk.keydesk.rotate(&desk.operator, id, Overlap::NONE, None).await.unwrap();
    for (now, expected, listed) in [(RESTORE_WINDOW_MS - 1, Code::Revoked, 2), (RESTORE_WINDOW_MS, Code::NotFound, 1)] {
        desk.clock.set(START + now);
        // Whether or not the job has removed the rows.
        for node in [&desk.keydesk, &desk.second_node().await] {
            assert_eq!(code(node, old.secret.expose()).await, expected);
            assert_eq!(node.secrets(&desk.operator, id).await.unwrap().len(), listed);
        }
    }
    let background = desk.keydesk.start();
    let rows = "SELECT COUNT(*) FROM api_key_secret s JOIN api_key k ON k.id = s.key_id WHERE k.kind = 'issued'";
    within(DONE, "purged", async || desk.database.raw().await.number(rows).await == 1).await;
    background.stop().await;
    assert_eq!(code(&desk.keydesk, old.secret.expose()).await, Code::NotFound);
    assert_eq!(code(&desk.keydesk, new.secret.expose()).await, Code::Valid);
}

async fn the_default_key_is_rotated_like_any_other(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let default = desk.keydesk.default_key(&desk.operator).await.unwrap();
    let old = desk.keydesk.reveal(&desk.operator, default.id).await.unwrap();
    let new = desk.keydesk.rotate(&desk.operator, default.id, hour(), None).await.unwrap();
    assert_eq!(new.key.hint, new.secret.hint());
    for secret in [&old, &new.secret] {
        assert_eq!(code(&desk.keydesk, secret.expose()).await, Code::Valid);
    }
    desk.keydesk.end_overlap(&desk.operator, default.id, None).await.unwrap();
    assert_eq!(code(&desk.keydesk, old.expose()).await, Code::Revoked);
    let revealed = desk.keydesk.reveal(&desk.operator, default.id).await.unwrap();
    assert_eq!(revealed.expose(), new.secret.expose());
    let refused = desk.keydesk.update(&desk.operator, default.id, SettingsPatch::name("Mine"), None).await;
    assert_eq!(refused, Err(KeyError::DefaultKeyProtected));
}

async fn whoever_gets_a_secret_holds_its_scopes(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let new = NewKey::of(SettingsPatch { scopes: Some(scopes(&["data:read", "calls:read"])), ..settings("Acme") });
    let id = desk.keydesk.issue(&desk.operator, new).await.unwrap().key.id;
    for (held, allowed) in [
        (&["keys:write"][..], false),
        (&["keys:write", "calls:read"], false),
        (&["keys:write", "calls:read", "data:*"], true),
        (&["keys:write", "keys:reveal"], false),
    ] {
        let caller = desk.caller(held).await;
        for (verb, outcome) in [
            ("rotate", desk.keydesk.rotate(&caller, id, Overlap::NONE, None).await.map(drop)),
            ("reveal", desk.keydesk.reveal(&caller, id).await.map(drop)),
            ("hand over", desk.keydesk.create_handover(&caller, id).await.map(drop)),
        ] {
            match outcome {
                Ok(()) => assert!(allowed, "{verb} {held:?}"),
                Err(error) => assert_eq!((error.kind().code, allowed), ("scope_escalation", false), "{verb} {held:?}"),
            }
        }
    }
}

async fn an_edit_applies_to_both_secrets(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let old = desk.issue("Acme").await;
    let new = desk.keydesk.rotate(&desk.operator, old.key.id, hour(), None).await.unwrap();
    desk.keydesk.update(&desk.operator, old.key.id, SettingsPatch::name("Beta"), None).await.unwrap();
    for secret in [&old.secret, &new.secret] {
        let record = verify(&desk.keydesk, secret.expose()).await.record.unwrap();
        assert_eq!(record.client_name().as_str(), "Beta");
    }
    desk.keydesk.delete(&desk.operator, old.key.id, None).await.unwrap();
    for secret in [&old.secret, &new.secret] {
        assert_eq!(code(&desk.keydesk, secret.expose()).await, Code::Revoked);
    }
}

async fn a_list_is_told_which_keys_have_several_secrets(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let (one, other) = (desk.issue("Acme").await, desk.issue("Borealis").await);
    desk.keydesk.rotate(&desk.operator, one.key.id, hour(), None).await.unwrap();
    let ids = [one.key.id, other.key.id];
    let several = async || desk.keydesk.several_secrets(&desk.operator, &ids).await.unwrap();
    assert_eq!(several().await, [(one.key.id, 2)].into());
    desk.clock.set(START + HOUR);
    assert!(several().await.is_empty(), "the overlap is over");
}
