//! What it costs to write down the usage of many keys, in SQLite: everything, as once a minute for each of them.

use std::time::Duration;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use model::Instant;
use support::Known;
use tokio::runtime::Runtime;
use verify::Call;

#[path = "support/insert.rs"]
mod insert;
#[path = "../tests/support/mod.rs"]
mod support;

/// As the binary has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn flush(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let wanted = [model::Scope::parse("contacts:read").expect("a scope")];
    let mut group = criterion.benchmark_group("usage");
    for keys in [1, 10_000] {
        let (store, _dir) = runtime.block_on(support::store());
        runtime.block_on(insert::insert(&store, keys));
        let Known { verifier, secrets } = &support::verifier(&store, keys);
        group.throughput(Throughput::Elements(keys as u64));
        let (mut at, mut now) = (0, Instant::from_millis(1_795_382_400_000));
        group.bench_function(BenchmarkId::new("flush", keys), |bencher| {
            let called = || {
                now = now.plus_millis(60_000);
                for _ in 0..keys {
                    // A stride that is prime to the number of keys: all of them, in no table's order.
                    at = (at + 6_007) % keys;
                    let ip = Some(std::net::IpAddr::from([10, 0, (at >> 8) as u8, at as u8]));
                    let call = Call { ip, scopes: &wanted, ..Call::with(secrets[at].expose()) };
                    let verdict = verifier.verify_from_memory(call, now);
                    assert!(verdict.is_some_and(|verdict| verdict.allowed()));
                }
            };
            bencher.iter_batched(called, |()| runtime.block_on(verifier.flush_usage()), BatchSize::PerIteration);
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(5));
    targets = flush
}
criterion_main!(benches);
