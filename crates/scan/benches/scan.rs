//! How many bytes of a file, and of a history, are gone through in a second, by one thread. Reading them costs nothing here.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use model::{BODY_LEN, Environment, SecretFormat};
use scan::{Finder, stream};

/// As large as that no cache holds it.
const BYTES: usize = 64 << 20;

fn format() -> SecretFormat {
    SecretFormat::new("ccc").expect("a prefix")
}

/// Source text, with a key now and then, each line after a mark.
fn text(mark: &str) -> String {
    let source =
        [include_str!("../src/finder.rs"), include_str!("../src/history.rs"), include_str!("../src/walk.rs")].concat();
    let mut text = String::with_capacity(BYTES + source.len());
    let mut number = 0;
    while text.len() < BYTES {
        for line in source.lines() {
            text.push_str(mark);
            text.push_str(line);
            text.push('\n');
        }
        number = (number + 1) % 62;
        let key = format().write(Environment::Live, &[number; BODY_LEN]);
        text.push_str(&format!("{mark}KEY={}\n", key.expose()));
    }
    text
}

fn history() -> String {
    let lines = text("+");
    let count = lines.lines().count();
    format!("commit 1234567\n\n    Add\n\ndiff --git a/x b/x\n--- /dev/null\n+++ b/x\n@@ -0,0 +1,{count} @@\n{lines}")
}

fn scanning(criterion: &mut Criterion) {
    let finder = Finder::new(format());
    let mut group = criterion.benchmark_group("scan");
    group.sample_size(10);
    let zeros = "\0".repeat(BYTES);
    for (name, text) in [("source", text("")), ("history", history()), ("zeros", zeros)] {
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(name, |bencher| bencher.iter(|| stream(&finder, black_box(text.as_bytes())).bytes));
    }
    group.finish();
}

criterion_group!(benches, scanning);
criterion_main!(benches);
