//! What must hold when everything works again.

use std::collections::HashMap;

use serde_json::Value;

use super::{Deployment, Random, Site};

/// Nothing acknowledged is lost, nothing is half done, and the server answers what is true.
pub(crate) async fn check(deployment: &Deployment, site: &Site) {
    let examined = deployment.run(&["doctor", "--json"]).await;
    let report: Value = serde_json::from_slice(&examined.stdout).expect("a report");
    let findings = report["findings"].as_array().expect("findings");
    let bad = |what: &str| findings.iter().find(|finding| finding["what"] == what && finding["ok"] != true);
    // Integrity is SQLite's own check; consistency looks for keys without secrets and the like.
    for what in ["integrity", "consistency", "audit log", "migrations"] {
        assert!(bad(what).is_none(), "{what}: {report}");
    }
    let is_there = |what: &&str| findings.iter().any(|finding| finding["what"] == **what);
    assert!(["consistency", "audit log", "migrations"].iter().all(is_there), "{report}");
    let listed = deployment.succeed(&["key", "list", "--json"]).await;
    let listed: Value = serde_json::from_slice(&listed.stdout).expect("a list");
    let entry = |key: &Value| Some((key["id"].as_str()?.to_owned(), key["client_name"].as_str()?.to_owned()));
    let there: HashMap<_, _> = listed["items"].as_array().expect("items").iter().filter_map(entry).collect();
    let deeds = deeds(deployment).await;
    let done = |action: &str, id: &str| deeds.get(&(action.to_owned(), id.to_owned())).copied().unwrap_or_default();
    let mut random = Random::new(0);
    for key in site.ledger.all() {
        let code = site.code_of(&mut random, &key.secret).await.expect("a verdict");
        assert_eq!(done("key.issue", &key.id), 1, "the audit log does not tell of {key:?}");
        let Some(deed) = key.asked else {
            assert_eq!(code, "VALID", "an acknowledged key is lost: {key:?}");
            continue;
        };
        let entries = done(deed.action(), &key.id);
        if key.done.is_some() || code != "VALID" {
            let refused = deed.codes().contains(&code.as_str());
            assert!(refused, "an acknowledged change is lost, or was another: {code} for {key:?}");
            assert!((1..=key.attempts).contains(&entries), "{entries} audit entries tell of {key:?}");
        } else {
            assert_eq!(entries, 0, "the audit log tells of what was not done: {key:?}");
        }
    }
    for (id, name) in &there {
        assert!(!site.ledger.is_unanswered(name) || done("key.issue", id) == 1, "{name} is half made");
    }
    for (action, id) in deeds.keys().filter(|(action, _)| action == "key.issue") {
        assert!(there.contains_key(id) || done("key.delete", id) == 1, "{action} of {id}, which is not there");
    }
}

/// How often the audit log has each action on each key.
async fn deeds(deployment: &Deployment) -> HashMap<(String, String), usize> {
    let exported = deployment.succeed(&["audit", "export"]).await;
    let mut deeds = HashMap::new();
    for line in String::from_utf8(exported.stdout).expect("text").lines() {
        let entry: Value = serde_json::from_str(line).expect("an entry");
        if let (Some(action), Some(id)) = (entry["action"].as_str(), entry["key_id"].as_str()) {
            *deeds.entry((action.to_owned(), id.to_owned())).or_default() += 1;
        }
    }
    deeds
}
