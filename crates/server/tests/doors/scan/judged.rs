use std::{path::Path, process::Stdio};

use serde_json::Value;
use tokio::{io::AsyncWriteExt as _, process::Command};

/// A log, once it is one by the schema of SARIF 2.1.0.
pub(super) async fn judge(log: &str) -> Value {
    let ours = Path::new(env!("CARGO_MANIFEST_DIR"));
    let end2end = ours.join("../../end2end");
    assert!(
        end2end.join("node_modules/@microsoft/jest-sarif").exists(),
        "`cargo xtask test` installs the schema below {}",
        end2end.display()
    );
    let mut node = Command::new("node")
        .arg(ours.join("tests/doors/scan/sarif.mjs"))
        .arg(&end2end)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("node");
    let mut input = node.stdin.take().unwrap();
    input.write_all(log.as_bytes()).await.unwrap();
    drop(input);
    let output = node.wait_with_output().await.unwrap();
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}{} of {log}", said(&output.stdout), said(&output.stderr));
    serde_json::from_str(log).unwrap()
}
