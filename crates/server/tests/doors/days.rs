//! Whose days they are, on the command line and over REST.

use std::path::Path;

use serde_json::Value;
use store::{on_both_databases, testing::TestDatabase};

use crate::support::{init, keydesk};

on_both_databases!(a_day_is_one_of_the_zone_that_was_given_or_of_the_installation);

/// What a command prints, and its exit status.
async fn run(data: &Path, database: &str, args: &[&str]) -> (Option<i32>, String) {
    let output = keydesk(data, &[args, &["--database", database]].concat()).await;
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(text).expect("text"))
}

async fn a_day_is_one_of_the_zone_that_was_given_or_of_the_installation(database: TestDatabase) {
    let (dir, address) = (database.dir(), database.address().to_owned());
    init(&dir, &["--database", &address]).await;
    let run = async |args: &[&str]| run(&dir, &address, args).await;
    let json = async |args: &[&str]| -> Value {
        let (code, text) = run(&[args, &["--json"]].concat()).await;
        assert_eq!(code, Some(0), "{args:?} {text}");
        serde_json::from_str(&text).expect("one JSON document")
    };
    let create = ["key", "create", "--client-name", "Acme", "--preset", "crm", "--expires-at", "2030-12-31"];
    let zoned = |zone| [&create[..], &["--time-zone", zone]].concat();
    assert_eq!(json(&create).await["expires_at"], "2031-01-01T00:00:00.000Z");

    let set = json(&["installation", "set", "default", "--time-zone", "australia/sydney"]).await;
    assert_eq!((&set["time_zone"], &set["title"]), (&"Australia/Sydney".into(), &"Contact centre".into()));
    assert_eq!(json(&create).await["expires_at"], "2030-12-31T13:00:00.000Z");
    assert_eq!(json(&zoned("America/Los_Angeles")).await["expires_at"], "2031-01-01T08:00:00.000Z");
    // The time is spelled out, with whose it is.
    let (_, made) = run(&create).await;
    assert!(made.contains("\nExpires      31 Dec 2030, 23:59, Sydney\n"), "{made}");
    let (_, made) = run(&zoned("America/Los_Angeles")).await;
    assert!(made.contains("\nExpires      31 Dec 2030, 23:59, Los Angeles\n"), "{made}");
    let id = made.split_whitespace().nth(1).unwrap();
    let (_, changed) = run(&["key", "update", id, "--notes", "Called"]).await;
    assert!(changed.contains("Expires      1 Jan 2031, 19:00, Sydney\n"), "nothing was moved: {changed}");
    let (_, changed) = run(&["key", "update", id, "--expires-at", "2030-06-30", "--time-zone", "UTC"]).await;
    assert!(changed.contains("Expires      30 Jun 2030, 23:59, UTC\n"), "{changed}");
    let (_, listed) = run(&["key", "list", "--time-zone", "Pacific/Kiritimati"]).await;
    assert!(listed.contains("EXPIRES") && listed.contains("1 Jul 2030, 14:00, Kiritimati"), "{listed}");
    assert!(listed.contains("never"), "{listed}");
    // What is no day is the same everywhere.
    let instant = ["key", "update", id, "--expires-at", "2030-06-30T12:34:56.789Z", "--time-zone", "Asia/Kathmandu"];
    assert_eq!(json(&instant).await["expires_at"], "2030-06-30T12:34:56.789Z");

    let titled = json(&["installation", "set", "default", "--title", "Acme"]).await;
    assert_eq!((&titled["title"], &titled["time_zone"]), (&"Acme".into(), &"Australia/Sydney".into()));
    let (_, table) = run(&["installation", "list"]).await;
    assert!(table.contains("TIME ZONE") && table.contains("Australia/Sydney"), "{table}");
    for (args, code, words) in [
        (
            &["installation", "set", "default", "--time-zone", "Mars/Base"][..],
            2,
            "is not a time zone that Keydesk knows",
        ),
        (&["installation", "set", "default"], 2, "required"),
        (&["installation", "set", "default", "--leak-rule", "shred"], 2, "is notify, disable or revoke"),
        (&["installation", "set", "nobody", "--time-zone", "UTC"], 1, "no such installation"),
        (&["installation", "set", "default", "--title", ""], 1, "1 to 100 visible characters"),
        (&["key", "list", "--time-zone", "+01:00"], 2, "Europe/Zurich"),
    ] {
        let (status, said) = run(args).await;
        assert!(status == Some(code) && said.contains(words), "{args:?} {said}");
    }
    assert_eq!(run(&["audit", "verify"]).await.0, Some(0));
}
