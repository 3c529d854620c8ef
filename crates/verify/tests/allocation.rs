//! A verification from memory allocates nothing.
#![expect(unsafe_code, reason = "an allocator that counts can't be written otherwise")]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

use model::{Code, InstallationId, Instant, LifeCycle, Restriction, Scope, TokenWish, Trial};
use store::StoredRecord;
use support::OURS;
use verify::{Call, TokenKey, TokenKeys};

mod support;

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

fn count() {
    // The counter is gone while the thread ends; nothing is measured then.
    let _ = ALLOCATIONS.try_with(|allocations| allocations.set(allocations.get() + 1));
}

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: as our caller promised.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: as our caller promised.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: as our caller promised.
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as our caller promised.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How often `work` allocates on this thread.
fn allocations(work: impl FnOnce()) -> u64 {
    let before = ALLOCATIONS.get();
    work();
    ALLOCATIONS.get() - before
}

#[tokio::test]
async fn a_verification_from_memory_allocates_nothing() {
    assert!(allocations(|| drop(std::hint::black_box(Box::new(1_u64)))) > 0, "the allocator does not count");
    let (store, _dir) = support::store().await;
    let support::Known { verifier, mut secrets } = support::verifier(&store, 100);
    let now = Instant::from_millis(1_795_382_400_000);
    let deleted = secrets.pop().unwrap();
    let life = LifeCycle { deleted_at: Some(now), ..LifeCycle::default() };
    verifier.apply(vec![StoredRecord { life, epoch: 2, ..support::stored(99) }]);
    let held = [Scope::parse("contacts:read").unwrap(), Scope::parse("calls:make").unwrap()];
    let not_held = [Scope::parse("data:write").unwrap()];
    let foreign = InstallationId(uuid::Uuid::nil());
    let malformed = secrets[0].expose().replace("ccc_", "ccd_");
    let mistyped = format!("{}x", &secrets[0].expose()[..44]);
    verifier.set_token_keys(TokenKeys::new(vec![TokenKey::new("t1", &[7; 32]).unwrap()]).unwrap());
    let record = verifier.recognise(secrets[6].expose(), None, now).await.unwrap().unwrap();
    let made = verifier.make_token(&record, "default", TokenWish::default(), uuid::Uuid::nil(), now).unwrap();
    drop(record);
    // The first call with a key queues it, and the queue allocates blocks as it fills.
    for secret in &secrets {
        let call = Call { scopes: &held, ..Call::with(secret.expose()) };
        assert_eq!(verifier.verify_from_memory(call, now).unwrap().code, Code::Valid);
    }
    let _ = verifier.verify_from_memory(Call::with(deleted.expose()), now);
    for (name, key, installation, scopes, expected) in [
        ("valid", secrets[7].expose(), Some(OURS), &held[..], Code::Valid),
        ("a token", made.token.expose(), Some(OURS), &held, Code::Valid),
        ("a token that lacks a scope", made.token.expose(), None, &not_held, Code::InsufficientScope),
        ("without a scope", secrets[7].expose(), None, &[], Code::Valid),
        ("insufficient", secrets[7].expose(), None, &not_held, Code::InsufficientScope),
        ("revoked", deleted.expose(), None, &[], Code::Revoked),
        ("foreign", secrets[7].expose(), Some(foreign), &[], Code::NotFound),
        ("malformed", &malformed, None, &[], Code::NotFound),
        ("mistyped", &mistyped, None, &[], Code::NotFound),
        ("empty", "", None, &[], Code::NotFound),
    ] {
        let ip = Some(std::net::IpAddr::from([203, 0, 113, 9]));
        let call = Call { installation, scopes, ip, ..Call::with(key) };
        // The first call that is refused for a scope makes room for what is counted of such, and a burst of keys that are not found is
        // noted once for its address.
        for _ in 0..200 {
            let _ = verifier.verify_from_memory(call, now);
        }
        let allocated = allocations(|| {
            for _ in 0..1_000 {
                assert_eq!(verifier.verify_from_memory(call, now).unwrap().code, expected);
            }
        });
        assert_eq!(allocated, 0, "{name}: in a thousand calls");
    }
    let all = allocations(|| {
        for secret in &secrets {
            let call = Call { scopes: &held, ..Call::with(secret.expose()) };
            assert!(verifier.verify_from_memory(call, now).unwrap().allowed());
        }
    });
    assert_eq!(all, 0, "one call with each key");
    // The next minute, whose calls are counted apart; in that before, this key was refused nothing.
    let next = now.plus_millis(60_000);
    let call = Call { scopes: &held, ..Call::with(secrets[8].expose()) };
    let turned = allocations(|| assert!(verifier.verify_from_memory(call, next).unwrap().allowed()));
    assert_eq!(turned, 0, "in another minute");
    // What a trial would let pass, once the first such call has queued it.
    let restriction = Restriction { scopes: held.iter().cloned().collect(), ..Restriction::default() };
    let trial = Trial { started_at: now, ends_at: next.plus_millis(60_000), restriction };
    verifier.apply(vec![StoredRecord { trial: Some(trial), epoch: 2, ..support::stored(9) }]);
    let call = Call { scopes: &held, ..Call::with(secrets[9].expose()) };
    assert!(verifier.verify_from_memory(call, next).unwrap().allowed());
    let tried = allocations(|| {
        for _ in 0..1_000 {
            assert!(verifier.verify_from_memory(call, next).unwrap().allowed());
        }
    });
    assert_eq!(tried, 0, "that a trial lets pass");
}
