//! Many commands at once on one database, and commands while another program writes.

use std::collections::BTreeSet;

use futures::future::join_all;
use serde_json::Value;
use store::testing::TestDatabase;

use crate::support::{init, ran};

async fn twenty_keys_made_at_once_are_all_made(database: TestDatabase) {
    let data = database.dir().join("data");
    init(&data, &["--database", database.address()]).await;
    let data = data.display().to_string();
    let on = |args: &[&str]| -> Vec<String> {
        let more = ["--database", database.address(), "--data-dir", &data];
        args.iter().chain(&more).map(|arg| (*arg).to_owned()).collect()
    };
    let run = async |args: Vec<String>| ran(&[], &args.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let names: BTreeSet<String> = (0..20).map(|number| format!("Client {number}")).collect();
    let made = join_all(names.iter().map(|name| run(on(&["key", "create", "--client-name", name])))).await;
    for made in made {
        assert_eq!((made.code, made.err.as_str()), (Some(0), ""), "{}", made.out);
    }
    let list = run(on(&["key", "list", "--json"])).await;
    let list: Value = serde_json::from_str(&list.out).unwrap();
    let listed: BTreeSet<_> =
        list["items"].as_array().unwrap().iter().map(|key| key["client_name"].as_str().unwrap()).collect();
    assert!(names.iter().all(|name| listed.contains(name.as_str())), "{listed:?}");
    assert_eq!(run(on(&["audit", "verify"])).await.code, Some(0));
}

store::on_both_databases!(twenty_keys_made_at_once_are_all_made);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_only_reads_waits_for_nobody_who_writes() {
    let database = TestDatabase::sqlite().await;
    let data = database.dir();
    init(&data, &[]).await;
    let data = data.display().to_string();
    // While there is no administrator, the doctor makes a link.
    let file = database.dir().join("password");
    std::fs::write(&file, "correct horse battery\n").unwrap();
    let file = file.display().to_string();
    let ada =
        ["admin", "create", "--email", "ada@example.com", "--name", "Ada", "--role", "owner", "--password-file", &file];
    assert_eq!(ran(&[], &[&ada[..], &["--data-dir", &data]].concat()).await.code, Some(0));
    let mut other = database.raw().await;
    other.execute("BEGIN IMMEDIATE").await.unwrap();
    for args in [
        &["key", "list"][..],
        &["key", "default"],
        &["admin", "list"],
        &["installation", "list"],
        &["audit", "verify"],
        &["audit", "head"],
        &["migrate", "--check"],
        &["doctor"],
    ] {
        let read = ran(&[], &[args, &["--data-dir", &data]].concat()).await;
        assert_eq!((read.code, read.err.as_str()), (Some(0), ""), "{args:?} {}", read.out);
    }
    other.execute("ROLLBACK").await.unwrap();
}
