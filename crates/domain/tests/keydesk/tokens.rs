//! Derived tokens: made by people and by keys, known on every node, and ended with their key.

use std::{fs, time::Duration};

use domain::{ChangeKeyringError, Keydesk, KeyringKind, LookedUp, MadeToken, Told};
use model::{Action, Actor, Code, KeyError, KeyId, Overlap, RefusalCode, SettingsPatch, TokenLife, TokenWish};
use store::{on_both_databases, testing::TestDatabase};
use uuid::Uuid;
use verify::Call;

use crate::test_keydesk::{HOUR, SECOND, TestKeydesk, code, once, overlap, scopes, settings, verify, within};

on_both_databases!(
    a_token_that_a_person_makes_is_told_in_the_audit_log_and_shown_again,
    a_token_that_a_key_makes_is_known_on_every_node,
    a_token_ends_with_its_key_on_every_node,
    a_token_ends_with_the_secret_that_made_it,
    calls_with_a_token_count_for_its_key,
    an_expired_token_is_explained,
    a_token_that_somebody_finds_is_looked_up,
    signing_keys_are_rotated_with_an_overlap
);

async fn made(desk: &TestKeydesk, id: KeyId, wish: TokenWish) -> MadeToken {
    desk.keydesk.make_token(&desk.operator, id, wish).await.unwrap()
}

/// A token that a key makes for itself, on this node.
async fn own(keydesk: &Keydesk, secret: &str) -> MadeToken {
    let record = verify(keydesk, secret).await.record.unwrap();
    keydesk.verifier().make_token(&record, "default", TokenWish::default(), Uuid::nil(), keydesk.now()).unwrap()
}

async fn a_token_that_a_person_makes_is_told_in_the_audit_log_and_shown_again(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let issued = desk.issue("Acme").await;
    let id = issued.key.id;
    let narrow = TokenWish {
        scopes: Some(scopes(&["contacts:read"])),
        origin: Some("https://shop.example".parse().unwrap()),
        expires_in: TokenLife::try_from(60).unwrap(),
        resources: None,
        limits: None,
    };
    let caller = desk.operator.clone().once(once("form", "token"));
    let first = desk.keydesk.make_token(&caller, id, narrow.clone()).await.unwrap();
    let claims = &first.claims;
    assert_eq!((claims.sub, claims.inst.as_str(), claims.exp - claims.iat), (id, "default", 60));
    let again = desk.keydesk.make_token(&caller, id, narrow).await.unwrap();
    assert_eq!(again.token.expose(), first.token.expose(), "the form was sent again");
    let Some(Told::Token(told)) = desk.keydesk.told(&desk.operator, "form").await.unwrap() else { panic!("a token") };
    assert_eq!(told.token.expose(), first.token.expose(), "the page shows it");
    let entries = desk.audit(&desk.operator).await;
    let entries: Vec<_> = entries.iter().filter(|entry| entry.action == Action::KeyTokenCreate.as_str()).collect();
    assert_eq!(entries.len(), 1);
    let entry = format!("{:?}", entries[0]);
    assert!(entry.contains(&claims.jti.to_string()) && entry.contains("https://shop.example"), "{entry}");
    assert!(!entry.contains("eyJ"), "{entry}");
    for (wish, expected) in [
        (
            TokenWish { scopes: Some(scopes(&["keys:read"])), ..TokenWish::default() },
            KeyError::InvalidSetting {
                field: "scopes".to_owned(),
                reason: "The key does not hold keys:read.".to_owned(),
            },
        ),
        (TokenWish::default(), KeyError::NotFound),
    ] {
        let id = if expected == KeyError::NotFound { KeyId(Uuid::nil()) } else { id };
        let refused = desk.keydesk.make_token(&desk.operator, id, wish).await;
        assert_eq!(refused.map(drop), Err(expected));
    }
    assert_eq!(desk.keydesk.make_token(&desk.other, id, TokenWish::default()).await.map(drop), Err(KeyError::NotFound));
    desk.clock.advance(11 * 60 * SECOND);
    assert!(desk.keydesk.told(&desk.operator, "form").await.unwrap().is_none(), "the page shows it no longer");
}

async fn a_token_that_a_key_makes_is_known_on_every_node(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let issued = desk.issue("Acme").await;
    let node = desk.second_node().await;
    let token = own(&desk.keydesk, issued.secret.expose()).await;
    for keydesk in [&desk.keydesk, &node] {
        let verdict = verify(keydesk, token.token.expose()).await;
        let record = verdict.record.unwrap();
        assert_eq!((verdict.code, record.key_id()), (Code::Valid, issued.key.id));
        assert_eq!(record.expires_at(), Some(token.claims.expires_at()));
        let warm = keydesk.verifier().verify_from_memory(Call::with(token.token.expose()), keydesk.now());
        assert!(warm.is_some_and(|verdict| verdict.allowed()), "it is remembered");
        assert_eq!(keydesk.verifier().public_token_keys().len(), 1);
    }
    assert_eq!(node.verifier().token_counters().checked, 1, "once");
    assert_eq!(node.verifier().public_token_keys(), desk.keydesk.verifier().public_token_keys());
    let other = TestKeydesk::open(TestDatabase::sqlite().await).await;
    assert_eq!(code(&other.keydesk, token.token.expose()).await, Code::NotFound, "another deployment's");
    let foreign = Call { installation: Some(desk.other.installation), ..Call::with(token.token.expose()) };
    assert_eq!(desk.keydesk.verifier().verify(foreign, desk.keydesk.now()).await.unwrap().code, Code::NotFound);
}

async fn a_token_ends_with_its_key_on_every_node(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let issued = desk.issue("Acme").await;
    let node = desk.second_node().await;
    let background = node.start();
    let token = own(&desk.keydesk, issued.secret.expose()).await;
    let text = token.token.expose();
    assert_eq!(code(&node, text).await, Code::Valid);
    let narrowed = SettingsPatch { scopes: Some(scopes(&["calls:read"])), ..SettingsPatch::default() };
    desk.keydesk.update(&desk.operator, issued.key.id, narrowed, None).await.unwrap();
    let wanted = ["contacts:read".parse().unwrap()];
    let call = Call { scopes: &wanted, ..Call::with(text) };
    let here = desk.keydesk.verifier().verify(call, desk.keydesk.now()).await.unwrap();
    assert_eq!(here.code, Code::InsufficientScope, "narrowed at once");
    desk.keydesk.set_enabled(&desk.operator, issued.key.id, false, None).await.unwrap();
    assert_eq!(code(&desk.keydesk, text).await, Code::Disabled);
    within(Duration::from_secs(10), "disabled there", async || code(&node, text).await == Code::Disabled).await;
    desk.keydesk.set_enabled(&desk.operator, issued.key.id, true, None).await.unwrap();
    assert_eq!(code(&desk.keydesk, text).await, Code::Valid);
    desk.keydesk.delete(&desk.operator, issued.key.id, None).await.unwrap();
    assert_eq!(code(&desk.keydesk, text).await, Code::Revoked);
    within(Duration::from_secs(10), "revoked there", async || code(&node, text).await == Code::Revoked).await;
    background.stop().await;
}

async fn a_token_ends_with_the_secret_that_made_it(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let issued = desk.issue("Acme").await;
    let of_old = own(&desk.keydesk, issued.secret.expose()).await;
    let rotated = desk.keydesk.rotate(&desk.operator, issued.key.id, overlap(60), None).await.unwrap();
    let of_new = own(&desk.keydesk, rotated.secret.expose()).await;
    let by_person = made(&desk, issued.key.id, TokenWish::default()).await;
    assert_eq!(by_person.claims.secret_id, of_new.claims.secret_id, "of the newest");
    assert_eq!(code(&desk.keydesk, of_old.token.expose()).await, Code::Valid, "while both work");
    desk.clock.advance(60 * SECOND);
    assert_eq!(code(&desk.keydesk, of_old.token.expose()).await, Code::Revoked);
    assert_eq!(code(&desk.keydesk, of_new.token.expose()).await, Code::Valid);
    desk.keydesk.rotate(&desk.operator, issued.key.id, Overlap::NONE, None).await.unwrap();
    for token in [&of_new, &by_person] {
        assert_eq!(code(&desk.keydesk, token.token.expose()).await, Code::Revoked);
    }
}

async fn calls_with_a_token_count_for_its_key(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let limits = serde_json::from_str(r#"[{"name": "few", "limit": 5, "window_seconds": 60}]"#).unwrap();
    let new = SettingsPatch { rate_limits: Some(limits), ..settings("Acme") };
    let issued = desk.keydesk.issue(&desk.operator, domain::NewKey::of(new)).await.unwrap();
    // One call to make it, and two with each.
    let token = own(&desk.keydesk, issued.secret.expose()).await;
    for key in [issued.secret.expose(), token.token.expose(), issued.secret.expose(), token.token.expose()] {
        assert_eq!(code(&desk.keydesk, key).await, Code::Valid);
    }
    for key in [issued.secret.expose(), token.token.expose()] {
        assert_eq!(code(&desk.keydesk, key).await, Code::RateLimited, "it has no limits of its own");
    }
    desk.keydesk.verifier().flush_usage().await;
    let activity = desk.keydesk.activity(&desk.operator, &[issued.key.id]).await.unwrap();
    assert_eq!(activity[0].days.iter().sum::<u32>(), 5);
    let key = desk.keydesk.get(&desk.operator, issued.key.id).await.unwrap();
    assert_eq!(key.last_used_at, Some(desk.keydesk.now()));
}

async fn an_expired_token_is_explained(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let issued = desk.issue("Acme").await;
    let token = own(&desk.keydesk, issued.secret.expose()).await;
    desk.clock.advance(900 * SECOND);
    let request = desk.keydesk.request_id(desk.keydesk.now());
    let call = Call { request_id: Some(request), ..Call::with(token.token.expose()) };
    let verdict = desk.keydesk.verifier().verify(call, desk.keydesk.now()).await.unwrap();
    assert_eq!((verdict.code, verdict.record.unwrap().key_id()), (Code::Expired, issued.key.id));
    for key in [token.token.expose(), issued.secret.expose()] {
        let known = desk.keydesk.verifier().recognise(key, None, desk.keydesk.now()).await.unwrap().unwrap();
        let domain::Explained::Refused { first, .. } = desk.keydesk.explain(&known, request).await.unwrap() else {
            panic!("a reason")
        };
        assert_eq!((first.code, first.ended_at), (RefusalCode::TokenExpired, Some(token.claims.expires_at())));
        assert!(first.mend.contains("another token"), "{}", first.mend);
    }
    desk.clock.advance(HOUR);
    assert_eq!(code(&desk.keydesk, token.token.expose()).await, Code::Expired, "however long ago");
}

async fn a_token_that_somebody_finds_is_looked_up(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let issued = desk.issue("Acme").await;
    let token = made(&desk, issued.key.id, TokenWish::default()).await;
    let pasted = format!("Authorization: Bearer {}\r\n", token.token.expose());
    let found = desk.keydesk.look_up_key(&desk.operator, &pasted).await.unwrap();
    assert!(matches!(found, LookedUp::Found(key) if key.id == issued.key.id));
    let others = desk.keydesk.look_up_key(&desk.other, &pasted).await.unwrap();
    assert!(matches!(others, LookedUp::Unknown));
}

async fn signing_keys_are_rotated_with_an_overlap(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let issued = desk.issue("Acme").await;
    let ids = |keydesk: &Keydesk| -> Vec<String> {
        keydesk.verifier().public_token_keys().into_iter().map(|key| key.id).collect()
    };
    assert_eq!(ids(&desk.keydesk), ["master:m1"], "derived, so that every node has the same");
    let old = own(&desk.keydesk, issued.secret.expose()).await;
    assert_eq!(desk.keydesk.add_keyring_key(KeyringKind::Token).await.unwrap(), "t1");
    assert_eq!(ids(&desk.keydesk), ["master:m1", "t1"], "published, and it signs nothing yet");
    assert!(desk.keydesk.use_keyring_key(KeyringKind::Token, "t1").await.unwrap());
    assert!(!desk.keydesk.use_keyring_key(KeyringKind::Token, "t1").await.unwrap());
    assert_eq!(ids(&desk.keydesk), ["t1", "master:m1"]);
    let new = own(&desk.keydesk, issued.secret.expose()).await;
    // Another node reads the same file.
    let node = desk.second_node().await;
    for keydesk in [&desk.keydesk, &node] {
        for token in [&old, &new] {
            assert_eq!(code(keydesk, token.token.expose()).await, Code::Valid, "both, during the overlap");
        }
    }
    let in_use = desk.keydesk.retire_keyring_key(KeyringKind::Token, "t1", false).await;
    assert!(matches!(in_use, Err(ChangeKeyringError::InUse { .. })));
    let unknown = desk.keydesk.retire_keyring_key(KeyringKind::Token, "t7", false).await;
    assert!(matches!(unknown, Err(ChangeKeyringError::Unknown { .. })));
    assert_eq!(desk.keydesk.add_keyring_key(KeyringKind::Token).await.unwrap(), "t2");
    assert!(desk.keydesk.use_keyring_key(KeyringKind::Token, "t2").await.unwrap());
    assert!(desk.keydesk.retire_keyring_key(KeyringKind::Token, "t1", false).await.unwrap().line_removed);
    assert_eq!(code(&desk.keydesk, new.token.expose()).await, Code::NotFound, "what it has signed ends with it");
    assert_eq!(code(&desk.keydesk, old.token.expose()).await, Code::Valid);
    assert!(node.reload_keyring(Actor::System).await.unwrap());
    assert_eq!(code(&node, new.token.expose()).await, Code::NotFound);
    let text = fs::read_to_string(desk.database.dir().join("master.key")).unwrap();
    assert!(text.contains("\ntoken t2 ") && !text.contains("token t1"), "{}", text.lines().count());
    let told = desk.audit(&desk.operator).await;
    let count = |action: Action| told.iter().filter(|entry| entry.action == action.as_str()).count();
    assert_eq!((count(Action::KeyringKeyAdded), count(Action::KeyringKeyRetired)), (2, 1));
}
