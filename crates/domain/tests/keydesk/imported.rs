//! Keys that another system issued go on working, by whatever is known of them.

use domain::LookedUp;
use model::{Action, Code, KeyError, KeyId, Overlap};
use serde_json::json;
use store::{KnownBy, on_both_databases, testing::TestDatabase};
use verify::{Call, SlowKeyCounters};

use crate::{
    import::{SLOW_HASH, SLOW_KEY, WHOLE, foreign, import, ndjson, number, sha256, sha512, short, told},
    test_keydesk::{DONE, HOUR, KNOWN, SECOND, START, TestKeydesk, code, verify, within},
};

on_both_databases!(
    keys_go_on_working_by_what_is_known_of_them,
    what_is_known_by_a_hash_gets_a_digest_of_its_own_when_it_is_used,
    imported_keys_are_keys_like_any_other,
    another_node_knows_at_once_what_was_imported,
);

async fn keys_go_on_working_by_what_is_known_of_them(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let (keydesk, verifier) = (&desk.keydesk, desk.keydesk.verifier());
    let asked = |key: String| async move { (code(keydesk, &key).await, verifier.counters().cache_misses) };
    // Where nothing was imported, such a text is none of ours by its form.
    assert_eq!(asked(foreign(1)).await, (Code::NotFound, 0));
    let rows = [
        json!({"client_name": "Whole", "key": foreign(1), "scopes": ["calls:read"]}),
        json!({"client_name": "256", "hash": sha256(&foreign(2))}),
        json!({"client_name": "512", "hash": sha512(&foreign(3))}),
        json!({"client_name": "Slow", "hash": SLOW_HASH, "prefix": "acme_01."}),
        json!({"client_name": "Off", "key": foreign(5), "enabled": false}),
        json!({"client_name": "Ends", "key": foreign(6), "expires_at": "2026-11-22T22:00:00Z"}),
    ];
    told(&desk, WHOLE, &ndjson(&rows)).await;
    for (key, expected) in [
        (foreign(1), Code::Valid),
        (foreign(2), Code::Valid),
        (foreign(3), Code::Valid),
        (SLOW_KEY.to_owned(), Code::Valid),
        (foreign(5), Code::Disabled),
        (foreign(6), Code::Valid),
        (foreign(7), Code::NotFound),
        (SLOW_KEY.replace("Zm9v", "Zm9w"), Code::NotFound),
        (format!(" {}\n", foreign(1)), Code::Valid),
    ] {
        let verdict = verify(&desk.keydesk, &key).await;
        let expected = if key.contains("Zm9w") { None } else { Some(expected) };
        // Of one prefix, one slow hash is checked a second.
        let found = if verdict.busy_for.is_some() { None } else { Some(verdict.code) };
        assert_eq!(found, expected, "{key}");
    }
    desk.clock.advance(2 * HOUR);
    assert_eq!(code(&desk.keydesk, &foreign(6)).await, Code::Expired);
    // Neither its hash nor its prefix is a key, nor what stands in the database.
    for no_key in [sha256(&foreign(2)), SLOW_HASH.to_owned(), "acme_01.".to_owned(), sha256(&foreign(1))] {
        assert_eq!(code(&desk.keydesk, &no_key).await, Code::NotFound, "{no_key}");
    }
    // Nobody's keys are looked for once.
    let misses = verifier.counters().cache_misses;
    assert_eq!(asked(foreign(7)).await, (Code::NotFound, misses));
    assert_eq!(asked(foreign(8)).await, (Code::NotFound, misses + 1));
    assert_eq!(asked(foreign(8)).await, (Code::NotFound, misses + 1));
    // An address that has sent too many that are nobody's asks for none that memory does not know.
    let from = Call { ip: Some([198, 51, 100, 7].into()), ..Call::with("") };
    for number in 100..230 {
        let key = foreign(number);
        let verdict = verifier.verify(Call { key: &key, ..from }, desk.keydesk.now()).await.unwrap();
        assert_eq!(verdict.code, Code::NotFound);
        assert_eq!(verdict.slowed_for.is_some(), number >= 200, "{number}");
    }
    assert_eq!(verifier.counters().cache_misses, misses + 1 + 100);
    let key = foreign(1);
    let verdict = verifier.verify(Call { key: &key, ..from }, desk.keydesk.now()).await.unwrap();
    assert_eq!(verdict.code, Code::Valid, "good keys go on");
}

async fn what_is_known_by_a_hash_gets_a_digest_of_its_own_when_it_is_used(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let rows = [
        json!({"client_name": "256", "hash": sha256(&foreign(2))}),
        json!({"client_name": "512", "hash": sha512(&foreign(3))}),
        json!({"client_name": "Slow", "hash": SLOW_HASH, "prefix": "acme_01."}),
        json!({"client_name": "Unused", "hash": sha256(&foreign(4))}),
    ];
    let text = ndjson(&rows);
    told(&desk, WHOLE, &text).await;
    let left = || desk.keydesk.verifier().imported_counters().left;
    assert_eq!(left(), [(KnownBy::Sha256, 2), (KnownBy::Sha512, 1), (KnownBy::Slow, 1)]);
    for key in [foreign(2), foreign(3), SLOW_KEY.to_owned()] {
        assert_eq!(code(&desk.keydesk, &key).await, Code::Valid);
    }
    let background = desk.keydesk.start();
    let done = [(KnownBy::Sha256, 1), (KnownBy::Sha512, 0), (KnownBy::Slow, 0)];
    within(DONE, "they have digests of their own", async || left() == done).await;
    background.stop().await;
    assert_eq!(
        number(&desk, "SELECT COUNT(*) FROM imported_secret WHERE hash IS NOT NULL OR prefix IS NOT NULL").await,
        0
    );
    // In another process, too, and no hash is computed for them.
    let node = desk.second_node().await;
    for key in [foreign(2), foreign(3), SLOW_KEY.to_owned(), foreign(4)] {
        assert_eq!(code(&node, &key).await, Code::Valid);
    }
    assert_eq!(node.verifier().imported_counters().slow, SlowKeyCounters::default());
    assert_eq!(node.verifier().counters().used_secrets, 1);
    // They are known again by what they were known by.
    let (lines, _) = told(&desk, WHOLE, &text).await;
    assert_eq!(lines, ["unchanged"; 4]);
}

async fn imported_keys_are_keys_like_any_other(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let (keydesk, operator) = (&desk.keydesk, &desk.operator);
    let rows = [
        json!({"client_name": "Whole", "key": foreign(1), "preset": "crm"}),
        json!({"client_name": "Hash", "hash": sha256(&foreign(2)), "prefix": "acme_0"}),
    ];
    let (lines, _) = import(keydesk, operator, WHOLE, &ndjson(&rows)).await;
    let [whole, hash] = [0, 1].map(|at| serde_json::from_value::<KeyId>(lines[at]["id"].clone()).unwrap());
    let key = keydesk.get(operator, whole).await.unwrap();
    assert_eq!((key.hint.0.as_str(), key.imported), ("acme…0001", true));
    assert_eq!(keydesk.get(operator, hash).await.unwrap().hint.0, "acme_0…");
    assert_eq!(keydesk.reveal(operator, whole).await.unwrap().expose(), foreign(1));
    assert_eq!(keydesk.reveal(operator, hash).await.err(), Some(KeyError::NotRecoverable));
    let history = keydesk.history(operator, hash, None).await.unwrap();
    let [entry] = &history.entries[..] else { panic!("{history:?}") };
    assert_eq!((entry.action, entry.actor), (Action::KeyImport, operator.actor));
    // The entry of all says how many and what they may do, and nothing of a key.
    let entries = desk.audit(operator).await;
    let told = entries.iter().find(|entry| entry.action().unwrap() == Action::KeyImport).unwrap();
    assert!(told.detail.contains("\"keys\":2") && told.detail.contains("contacts:read"), "{}", told.detail);
    assert!(!told.detail.contains("acme"));
    assert!(
        matches!(keydesk.look_up_key(operator, &foreign(1)).await, Ok(LookedUp::Found(found)) if found.id == whole)
    );
    assert!(matches!(keydesk.look_up_key(operator, &foreign(2)).await, Ok(LookedUp::Found(found)) if found.id == hash));
    assert!(matches!(keydesk.look_up_key(operator, &foreign(3)).await, Ok(LookedUp::NoKey)));
    // Its new secret is one of ours, and the former has its overlap.
    let rotated = keydesk.rotate(operator, hash, Overlap::try_from(60).unwrap(), None).await.unwrap();
    assert!(rotated.secret.expose().starts_with("ccc_live_"));
    assert_eq!([code(keydesk, rotated.secret.expose()).await, code(keydesk, &foreign(2)).await], [Code::Valid; 2]);
    desk.clock.advance(61 * SECOND);
    assert_eq!(code(keydesk, &foreign(2)).await, Code::Revoked);
    keydesk.delete(operator, whole, None).await.unwrap();
    assert_eq!(code(keydesk, &foreign(1)).await, Code::Revoked);
    keydesk.restore(operator, whole).await.unwrap();
    assert_eq!(code(keydesk, &foreign(1)).await, Code::Valid);
    assert_eq!(keydesk.now().as_millis(), START + 61 * SECOND);
}

async fn another_node_knows_at_once_what_was_imported(database: TestDatabase) {
    let desk = TestKeydesk::open(database).await;
    let node = desk.second_node().await;
    let background = node.start();
    assert_eq!(code(&node, &foreign(1)).await, Code::NotFound);
    told(&desk, WHOLE, &format!("client_name,key\nAcme,{}\nBeta,{}\n", foreign(1), foreign(2))).await;
    within(KNOWN, "it is known there", async || code(&node, &foreign(1)).await == Code::Valid).await;
    // And is read into memory there.
    within(DONE, "memory has both", async || {
        node.verifier().verify_from_memory(Call::with(&foreign(2)), node.now()).is_some()
    })
    .await;
    let (lines, _) = import(&node, &desk.operator, WHOLE, &format!("client_name,key\nAcme,{}\n", foreign(1))).await;
    assert_eq!(short(&lines[0]), "unchanged");
    // What was nobody's there and is imported then is somebody's.
    assert_eq!(code(&node, &foreign(3)).await, Code::NotFound);
    told(&desk, WHOLE, &format!("client_name,key\nAcme,{}\n", foreign(3))).await;
    within(KNOWN, "it is known there, too", async || code(&node, &foreign(3)).await == Code::Valid).await;
    background.stop().await;
}
