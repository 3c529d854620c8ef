//! What a verification costs in process, by its outcome, and what its parts cost.

use std::{hint::black_box, time::Duration};

use aws_lc_rs::hmac;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use domain::{Call, Caller, Keydesk, NewKey, OpenOptions};
use model::{
    CallFacts, Environment, KeyFacts, LifeCycle, NetworkSet, OriginSet, PlainSecret, Preset, Scope, SettingsPatch,
    decide,
};
use tokio::runtime::Runtime;

struct Desk {
    keydesk: Keydesk,
    secrets: Vec<PlainSecret>,
    /// The database lives as long as this.
    _dir: tempfile::TempDir,
}

/// A Keydesk with so many keys, all in memory.
async fn desk(keys: usize) -> Desk {
    let memory = std::path::Path::new("/dev/shm");
    let dir = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    let dir = dir.expect("a temporary folder");
    let database = format!("sqlite:{}", dir.path().join("keydesk.db").display());
    let keydesk = Keydesk::open(OpenOptions::new(database, dir.path())).await.expect("an open Keydesk");
    let first = keydesk.installation("default").await.expect("a database").expect("the first installation");
    let operator = Caller::operator(first.id);
    let new = |number| {
        NewKey::of(SettingsPatch { preset: Some(Preset::Crm), ..SettingsPatch::name(format!("Client {number}")) })
    };
    let mut secrets = Vec::with_capacity(keys);
    for first in (0..keys).step_by(1_000) {
        let chunk = (first..keys.min(first + 1_000)).map(new).collect();
        let issued = keydesk.issue_many(&operator, chunk).await.expect("keys");
        secrets.extend(issued.into_iter().map(|issued| issued.secret));
    }
    Desk { keydesk, secrets, _dir: dir }
}

fn call<'a>(key: &'a str, scopes: &'a [Scope]) -> Call<'a> {
    Call { scopes, ..Call::with(key) }
}

fn verify(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let wanted = [Scope::parse("contacts:read").expect("a scope")];
    let mut group = criterion.benchmark_group("verify");
    group.throughput(Throughput::Elements(1));
    for keys in [1, 100_000] {
        let desk = runtime.block_on(desk(keys));
        let now = desk.keydesk.now();
        // A stride that is prime to the number of keys: every call meets another key, in no order that a cache likes.
        let mut at = 0;
        // In one piece: a key that has just come over the wire is near, wherever its record may be.
        let presented: String = desk.secrets.iter().map(PlainSecret::expose).collect();
        let length = presented.len() / keys;
        group.bench_function(BenchmarkId::new("warm", keys), |bencher| {
            bencher.iter(|| {
                at = (at + 61_813) % keys;
                let key = &presented[at * length..(at + 1) * length];
                desk.keydesk.verify_from_memory(call(black_box(key), &wanted), now)
            });
        });
        if keys == 1 {
            outcomes(&mut group, &runtime, &desk);
        }
    }
    group.finish();
}

fn outcomes(
    group: &mut criterion::BenchmarkGroup<'_, criterion::measurement::WallTime>,
    runtime: &Runtime,
    desk: &Desk,
) {
    let (keydesk, now) = (&desk.keydesk, desk.keydesk.now());
    let secret = desk.secrets[0].expose();
    group.bench_function("warm, clock and all", |bencher| {
        bencher.iter(|| runtime.block_on(keydesk.verify(call(black_box(secret), &[]))));
    });
    group.bench_function("malformed", |bencher| {
        bencher.iter(|| keydesk.verify_from_memory(call(black_box("Bearer nonsense"), &[]), now));
    });
    let mistyped = format!("{}{}", &secret[..44], if secret.ends_with('x') { 'y' } else { 'x' });
    group.bench_function("mistyped", |bencher| {
        bencher.iter(|| keydesk.verify_from_memory(call(black_box(&mistyped), &[]), now));
    });
    // Another deployment's key: well-formed, looked up once, and known to be nobody's from then on.
    let other = runtime.block_on(self::desk(1));
    let unknown = other.secrets[0].expose();
    let verdict = runtime.block_on(keydesk.verify(call(unknown, &[])));
    assert!(verdict.is_ok_and(|verdict| verdict.record.is_none()), "the key is somebody's");
    group.bench_function("unknown", |bencher| {
        bencher.iter(|| keydesk.verify_from_memory(call(black_box(unknown), &[]), now));
    });
    let elsewhere = Call { installation: Some(model::InstallationId(uuid::Uuid::nil())), ..call(secret, &[]) };
    group.bench_function("foreign", |bencher| {
        bencher.iter(|| keydesk.verify_from_memory(black_box(elsewhere), now));
    });
    runtime.block_on(async {
        let operator = Caller::operator(keydesk.installation("default").await.expect("a database").expect("one").id);
        let verdict = keydesk.verify(call(secret, &[])).await.expect("an answer");
        let id = verdict.record.expect("a key").key_id();
        keydesk.delete(&operator, id, None).await.expect("a deletion");
    });
    group.bench_function("revoked", |bencher| {
        bencher.iter(|| keydesk.verify_from_memory(call(black_box(secret), &[]), now));
    });
}

fn parts(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("parts");
    let scopes = Preset::Crm.scopes();
    let wanted = [Scope::parse("contacts:read").expect("a scope")];
    let facts = KeyFacts {
        life: LifeCycle::default(),
        secret_expires_at: None,
        networks: &NetworkSet::ANY,
        origins: &OriginSet::ANY,
        scopes: &scopes,
    };
    let call = CallFacts { wanted: &wanted, ..CallFacts::default() };
    group.bench_function("decide", |bencher| {
        bencher.iter(|| decide(black_box(facts), black_box(call), model::Instant::from_millis(1)));
    });
    let pepper = hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]);
    let secret = "ccc_live_000000000000000000000000000000abcdef";
    group.bench_function("digest", |bencher| {
        bencher.iter(|| hmac::sign(&pepper, black_box(secret).as_bytes()));
    });
    let format = model::SecretFormat::new("ccc").expect("a prefix");
    let secret = format.write(Environment::Live, &[7; model::BODY_LEN]);
    group.bench_function("read", |bencher| bencher.iter(|| format.read(black_box(secret.expose()))));
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3));
    targets = parts, verify
}
criterion_main!(benches);
