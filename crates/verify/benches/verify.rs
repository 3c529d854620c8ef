//! What a verification costs in process, by its outcome, and what its parts cost.

use std::{hint::black_box, time::Duration};

use aws_lc_rs::hmac;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use model::{
    AcceptedEnvironment, CallFacts, CallOrigin, Environment, InstallationId, Instant, KeyFacts, LifeCycle, NetworkSet,
    OriginSet, PlainSecret, Preset, Scope, TokenWish, decide,
};
use store::StoredRecord;
use support::Known;
use tokio::runtime::Runtime;
use verify::{Call, TokenKey, TokenKeys};

#[path = "../tests/support/mod.rs"]
mod support;

/// As the binary has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const NOW: Instant = Instant::from_millis(1_795_382_400_000);

fn call<'a>(key: &'a str, scopes: &'a [Scope]) -> Call<'a> {
    Call { scopes, ..Call::with(key) }
}

fn verify(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let wanted = [Scope::parse("contacts:read").expect("a scope")];
    let mut group = criterion.benchmark_group("verify");
    group.throughput(Throughput::Elements(1));
    for keys in [1, 10_000, 100_000] {
        let (store, _dir) = runtime.block_on(support::store());
        let known = support::verifier(&store, keys);
        // A stride that is prime to the number of keys: every call meets another key, in no order that a cache likes.
        let mut at = 0;
        // In one piece: a key that has just come over the wire is near, wherever its record may be.
        let presented: String = known.secrets.iter().map(PlainSecret::expose).collect();
        let length = presented.len() / keys;
        group.bench_function(BenchmarkId::new("warm", keys), |bencher| {
            bencher.iter(|| {
                at = (at + 61_813) % keys;
                let key = &presented[at * length..(at + 1) * length];
                known.verifier.verify_from_memory(call(black_box(key), &wanted), NOW)
            });
        });
        if keys == 1 {
            outcomes(&mut group, &runtime, &known);
        }
    }
    group.finish();
}

/// A derived token in place of the key: remembered, and looked at whole.
fn token(
    group: &mut criterion::BenchmarkGroup<'_, criterion::measurement::WallTime>,
    runtime: &Runtime,
    known: &Known,
) {
    let verifier = &known.verifier;
    let keys = || TokenKeys::new(vec![TokenKey::new("t1", &[1; 32]).expect("a key")]).expect("keys");
    verifier.set_token_keys(keys());
    let record = runtime.block_on(verifier.recognise(known.secrets[0].expose(), None, NOW));
    let record = record.expect("an answer").expect("a known key");
    let made = verifier.make_token(&record, "default", TokenWish::default(), uuid::Uuid::nil(), NOW).expect("a token");
    let token = made.token.expose();
    let wanted = [Scope::parse("contacts:read").expect("a scope")];
    group.bench_function("a token, warm", |bencher| {
        bencher.iter(|| verifier.verify_from_memory(call(black_box(token), &wanted), NOW));
    });
    group.bench_function("a token, made", |bencher| {
        bencher.iter(|| verifier.sign_token(black_box(&made.claims)));
    });
    let forged = format!("{}AAAA", &token[..token.len() - 4]);
    group.bench_function("a token, forged", |bencher| {
        bencher.iter(|| {
            // Nobody is remembered as unknown from here on, so it is looked at each time.
            verifier.set_token_keys(keys());
            runtime.block_on(verifier.verify(call(black_box(&forged), &[]), NOW))
        });
    });
}

fn outcomes(
    group: &mut criterion::BenchmarkGroup<'_, criterion::measurement::WallTime>,
    runtime: &Runtime,
    known: &Known,
) {
    let verifier = &known.verifier;
    let secret = known.secrets[0].expose();
    group.bench_function("warm, as a future", |bencher| {
        bencher.iter(|| runtime.block_on(verifier.verify(call(black_box(secret), &[]), NOW)));
    });
    token(group, runtime, known);
    group.bench_function("malformed", |bencher| {
        bencher.iter(|| verifier.verify_from_memory(call(black_box("Bearer nonsense"), &[]), NOW));
    });
    let mistyped = format!("{}{}", &secret[..44], if secret.ends_with('x') { 'y' } else { 'x' });
    group.bench_function("mistyped", |bencher| {
        bencher.iter(|| verifier.verify_from_memory(call(black_box(&mistyped), &[]), NOW));
    });
    // Well-formed, looked up once, and known to belong to nobody from then on.
    let unknown = support::secret(1_000_000);
    let unknown = unknown.expose();
    let verdict = runtime.block_on(verifier.verify(call(unknown, &[]), NOW));
    assert!(verdict.is_ok_and(|verdict| verdict.record.is_none()), "the key is somebody's");
    group.bench_function("unknown", |bencher| {
        bencher.iter(|| verifier.verify_from_memory(call(black_box(unknown), &[]), NOW));
    });
    let elsewhere = Call { installation: Some(InstallationId(uuid::Uuid::nil())), ..call(secret, &[]) };
    group.bench_function("foreign", |bencher| {
        bencher.iter(|| verifier.verify_from_memory(black_box(elsewhere), NOW));
    });
    let life = LifeCycle { deleted_at: Some(NOW), ..LifeCycle::default() };
    verifier.apply(vec![StoredRecord { life, epoch: 2, ..support::stored(0) }]);
    group.bench_function("revoked", |bencher| {
        bencher.iter(|| verifier.verify_from_memory(call(black_box(secret), &[]), NOW));
    });
}

fn parts(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("parts");
    let scopes = Preset::Crm.scopes();
    let wanted = [Scope::parse("contacts:read").expect("a scope")];
    let facts = KeyFacts {
        life: LifeCycle::default(),
        secret_expires_at: None,
        environment: Environment::Live,
        networks: &NetworkSet::ANY,
        origins: &OriginSet::ANY,
        scopes: &scopes,
    };
    let call =
        CallFacts { wanted: &wanted, environment: AcceptedEnvironment::Live, ip: None, origin: CallOrigin::Unknown };
    group.bench_function("decide", |bencher| {
        bencher.iter(|| decide(black_box(facts), black_box(call), Instant::from_millis(1)));
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
