//! Derived tokens: what a verifier makes of them, beside their keys.
#![expect(clippy::unwrap_used, reason = "a test stops where it can't go on")]

use model::{CallFacts, CallOrigin, Code, Instant, LifeCycle, OriginSet, ScopeSet, TokenWish};
use store::{Store, StoredRecord};
use support::{Known, OURS, key_id};
use uuid::Uuid;
use verify::{Call, MadeToken, TokenKey, TokenKeys, Verifier};

mod support;

const NOW: Instant = Instant::from_millis(1_795_382_400_000);

fn keys(seeds: &[(&str, u8)]) -> TokenKeys {
    TokenKeys::new(seeds.iter().map(|(id, seed)| TokenKey::new(id, &[*seed; 32]).unwrap()).collect()).unwrap()
}

/// A verifier that knows this many keys.
fn knowing(store: &Store, keys: usize) -> Verifier {
    let Known { verifier, secrets } = support::verifier(store, keys);
    assert_eq!(secrets.len(), keys);
    verifier
}

fn scopes(names: &[&str]) -> ScopeSet {
    names.iter().map(|name| name.parse().unwrap()).collect()
}

/// A token of the first key.
async fn token(verifier: &Verifier, wish: TokenWish) -> MadeToken {
    let record = verifier.recognise(support::secret(0).expose(), None, NOW).await.unwrap().unwrap();
    verifier.make_token(&record, "default", wish, Uuid::from_u128(9), NOW).unwrap()
}

fn code(verifier: &Verifier, token: &str, wanted: &[&str], now: Instant) -> Option<Code> {
    let scopes: Vec<_> = wanted.iter().map(|name| name.parse().unwrap()).collect();
    verifier.verify_from_memory(Call { scopes: &scopes, ..Call::with(token) }, now).map(|verdict| verdict.code)
}

#[tokio::test]
async fn a_token_does_no_more_than_it_and_its_key_may() {
    let (store, _dir) = support::store().await;
    let verifier = knowing(&store, 2);
    verifier.set_token_keys(keys(&[("t1", 1)]));
    let wish = TokenWish { scopes: Some(scopes(&["contacts:read", "calls:read"])), ..TokenWish::default() };
    let made = token(&verifier, wish).await;
    let token = made.token.expose();
    let verdict = verifier.verify_from_memory(Call { installation: Some(OURS), ..Call::with(token) }, NOW).unwrap();
    let record = verdict.record.unwrap();
    assert_eq!((verdict.code, record.key_id()), (Code::Valid, key_id(0)));
    assert_eq!(record.token().unwrap().id(), Uuid::from_u128(9));
    assert_eq!(*record.scopes(), scopes(&["contacts:read", "calls:read"]));
    assert_eq!(code(&verifier, token, &["contacts:read"], NOW), Some(Code::Valid));
    assert_eq!(code(&verifier, token, &["wraps:read"], NOW), Some(Code::InsufficientScope), "the key has it");
    // The key is narrowed: so is the token, and not a part of it more.
    verifier.apply(vec![StoredRecord { scopes: scopes(&["calls:*", "data:read"]), epoch: 2, ..support::stored(0) }]);
    assert_eq!(code(&verifier, token, &["contacts:read"], NOW), Some(Code::InsufficientScope));
    assert_eq!(code(&verifier, token, &["calls:read"], NOW), Some(Code::Valid));
    assert_eq!(code(&verifier, token, &["calls:make"], NOW), Some(Code::InsufficientScope));
    assert_eq!(code(&verifier, token, &["data:read"], NOW), Some(Code::InsufficientScope), "it never had that");
    for (epoch, (life, expected)) in (3..).zip([
        (LifeCycle { disabled_at: Some(NOW), ..LifeCycle::default() }, Code::Disabled),
        (LifeCycle { expires_at: Some(NOW), ..LifeCycle::default() }, Code::Expired),
        (LifeCycle { deleted_at: Some(NOW), ..LifeCycle::default() }, Code::Revoked),
        (LifeCycle::default(), Code::Valid),
    ]) {
        verifier.apply(vec![StoredRecord { life, epoch, ..support::stored(0) }]);
        assert_eq!(code(&verifier, token, &[], NOW), Some(expected));
    }
    let ended = StoredRecord { secret_expires_at: Some(NOW), epoch: 99, ..support::stored(0) };
    verifier.apply(vec![ended]);
    assert_eq!(code(&verifier, token, &[], NOW), Some(Code::Revoked), "it ends with the secret that made it");
}

#[tokio::test]
async fn a_token_expires_and_says_so() {
    let (store, _dir) = support::store().await;
    let verifier = knowing(&store, 1);
    verifier.set_token_keys(keys(&[("t1", 1)]));
    let made = token(&verifier, TokenWish::default()).await;
    let (token, end) = (made.token.expose(), made.claims.expires_at());
    assert_eq!(end, NOW.plus_millis(900_000));
    assert_eq!(code(&verifier, token, &[], end.plus_millis(-1)), Some(Code::Valid));
    assert_eq!(code(&verifier, token, &[], end), Some(Code::Expired));
    assert_eq!(code(&verifier, token, &["keys:read"], end), Some(Code::Expired), "the earlier reason");
    let facts =
        CallFacts { wanted: &[], environment: model::AcceptedEnvironment::Any, ip: None, origin: CallOrigin::Unknown };
    let record = verifier.verify_from_memory(Call::with(token), NOW).unwrap().record.unwrap();
    assert!(verifier.still_allows(&record, facts, end.plus_millis(-1)).await.is_some());
    assert!(verifier.still_allows(&record, facts, end).await.is_none(), "what is open ends with it");
    verifier.forget_purged(end);
    assert_eq!(verifier.occupancy().iter().find(|room| room.of == "tokens").unwrap().used, 0);
}

#[tokio::test]
async fn a_token_is_for_the_pages_of_its_origin() {
    let (store, _dir) = support::store().await;
    let verifier = knowing(&store, 1);
    verifier.set_token_keys(keys(&[("t1", 1)]));
    let before = verifier.generation();
    let wish = TokenWish { origin: Some("https://shop.example".parse().unwrap()), ..TokenWish::default() };
    let made = token(&verifier, wish).await;
    assert_ne!(verifier.generation(), before, "browsers ask for its page from now on");
    assert!(verifier.living_origins(NOW).allows("https://shop.example"));
    assert!(!verifier.living_origins(made.claims.expires_at()).allows("https://shop.example"));
    let from = |origin| {
        let call = Call { origin, ..Call::with(made.token.expose()) };
        verifier.verify_from_memory(call, NOW).unwrap().code
    };
    assert_eq!(from(CallOrigin::Named("https://shop.example")), Code::Valid);
    assert_eq!(from(CallOrigin::Named("https://other.example")), Code::OriginNotAllowed);
    assert_eq!(from(CallOrigin::Unknown), Code::OriginNotAllowed);
    let origins = OriginSet::new(["https://else.example".parse().unwrap()]).unwrap();
    verifier.apply(vec![StoredRecord { origins, epoch: 2, ..support::stored(0) }]);
    assert_eq!(from(CallOrigin::Named("https://shop.example")), Code::OriginNotAllowed, "its key may no more");
    assert_eq!(from(CallOrigin::Named("https://else.example")), Code::OriginNotAllowed, "and it never might");
}

#[tokio::test]
async fn keys_are_rotated_with_an_overlap() {
    let (store, _dir) = support::store().await;
    let verifier = knowing(&store, 1);
    verifier.set_token_keys(keys(&[("t1", 1)]));
    let old = token(&verifier, TokenWish::default()).await;
    verifier.set_token_keys(keys(&[("t1", 1), ("t2", 2)]));
    assert_eq!(verifier.public_token_keys().iter().map(|key| key.id.as_str()).collect::<Vec<_>>(), ["t1", "t2"]);
    verifier.set_token_keys(keys(&[("t2", 2), ("t1", 1)]));
    let new = token(&verifier, TokenWish::default()).await;
    assert_ne!(old.token.expose(), new.token.expose());
    assert_eq!(code(&verifier, new.token.expose(), &[], NOW), Some(Code::Valid));
    // It was forgotten with the keys, and its key is in no database here.
    assert_eq!(code(&verifier, old.token.expose(), &[], NOW), None, "it has to be looked at again");
    verifier.set_token_keys(keys(&[("t2", 2)]));
    for token in [&old, &new] {
        assert_eq!(code(&verifier, token.token.expose(), &[], NOW), None);
    }
    assert_eq!(verifier.verify(Call::with(old.token.expose()), NOW).await.unwrap().code, Code::NotFound);
    assert_eq!(verifier.token_counters().forged, 1);
    assert_eq!(code(&verifier, old.token.expose(), &[], NOW), Some(Code::NotFound), "which is remembered");
}

#[tokio::test]
async fn what_has_the_form_of_a_token_and_is_none_is_not_found() {
    let (store, _dir) = support::store().await;
    let verifier = knowing(&store, 1);
    verifier.set_token_keys(keys(&[("t1", 1)]));
    let made = token(&verifier, TokenWish::default()).await;
    let mut forged = made.token.expose().to_owned().into_bytes();
    let at = forged.len() - 20;
    forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
    let forged = String::from_utf8(forged).unwrap();
    let foreign = format!("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.{}", "a".repeat(80));
    for text in [forged.as_str(), &foreign, &"eyJ".repeat(60)] {
        let call = Call::with(text);
        assert_eq!(verifier.verify(call, NOW).await.unwrap().code, Code::NotFound, "{text}");
        assert!(verifier.recognise(text, None, NOW).await.unwrap().is_err());
    }
}
