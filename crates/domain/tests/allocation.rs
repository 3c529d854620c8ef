//! A verification from memory allocates nothing.
#![expect(unsafe_code, reason = "an allocator that counts can't be written otherwise")]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

use domain::{Call, Caller, Keydesk, NewKey, OpenOptions};
use model::{Code, Preset, Scope, SettingsPatch};

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

fn count() {
    // Gone while the thread ends, and then nothing is measured.
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
    assert!(allocations(|| drop(Box::new(1_u64))) > 0, "the allocator does not count");
    let dir = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}", dir.path().join("keydesk.db").display());
    let keydesk = Keydesk::open(OpenOptions::new(database, dir.path())).await.unwrap();
    let operator = Caller::operator(keydesk.installation("default").await.unwrap().unwrap().id);
    let mut secrets = Vec::new();
    for _ in 0..100 {
        let new = NewKey::of(SettingsPatch { preset: Some(Preset::Crm), ..SettingsPatch::name("Acme") });
        let issued = keydesk.issue(&operator, new).await.unwrap();
        secrets.push((issued.key.id, issued.secret));
    }
    let (id, deleted) = secrets.pop().unwrap();
    keydesk.delete(&operator, id, None).await.unwrap();
    let held = [Scope::parse("contacts:read").unwrap(), Scope::parse("calls:make").unwrap()];
    let not_held = [Scope::parse("data:write").unwrap()];
    let foreign = model::InstallationId(keydesk.request_id(keydesk.now()));
    let malformed = secrets[0].1.expose().replace("ccc_", "ccd_");
    let mistyped = format!("{}x", &secrets[0].1.expose()[..44]);
    let now = keydesk.now();
    // Each key waits to have its usage written down from its first call on, and the queue grows by blocks as it fills.
    for (_, secret) in &secrets {
        let call = Call { scopes: &held, ..Call::with(secret.expose()) };
        assert_eq!(keydesk.verify_from_memory(call, now).unwrap().code, Code::Valid);
    }
    let _ = keydesk.verify_from_memory(Call::with(deleted.expose()), now);
    for (name, key, installation, scopes, expected) in [
        ("valid", secrets[7].1.expose(), Some(operator.installation), &held[..], Code::Valid),
        ("without a scope", secrets[7].1.expose(), None, &[], Code::Valid),
        ("insufficient", secrets[7].1.expose(), None, &not_held, Code::InsufficientScope),
        ("revoked", deleted.expose(), None, &[], Code::Revoked),
        ("foreign", secrets[7].1.expose(), Some(foreign), &[], Code::NotFound),
        ("malformed", &malformed, None, &[], Code::NotFound),
        ("mistyped", &mistyped, None, &[], Code::NotFound),
        ("empty", "", None, &[], Code::NotFound),
    ] {
        let call = Call { installation, scopes, ..Call::with(key) };
        let allocated = allocations(|| {
            for _ in 0..1_000 {
                assert_eq!(keydesk.verify_from_memory(call, now).unwrap().code, expected);
            }
        });
        assert_eq!(allocated, 0, "{name}: in a thousand calls");
    }
    let all = allocations(|| {
        for (_, secret) in &secrets {
            let call = Call { scopes: &held, ..Call::with(secret.expose()) };
            assert!(keydesk.verify_from_memory(call, now).unwrap().allowed());
        }
    });
    assert_eq!(all, 0, "one call with each key");
}
