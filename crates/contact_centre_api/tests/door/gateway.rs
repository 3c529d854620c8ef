//! The gateway has a table of the same routes, by which it decides. Both ask for the same rights.

use std::collections::BTreeMap;

use crate::support::Door;

const TABLE: &str = include_str!("../../../gate/src/contact_centre.rs");
/// What describes the rest.
const APART: [&str; 1] = ["GET /openapi.json"];

/// `/calls/{}/wrap`.
fn nameless(path: &str) -> String {
    path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part }).collect::<Vec<_>>().join("/")
}

/// Methods and paths with their rights, as the table of the gateway has them.
fn of_gateway() -> BTreeMap<String, String> {
    let rows = TABLE.lines().filter_map(|line| {
        let line = line.replace("RECORDING,", "\"/recordings/{id}/content\",");
        let (method, rest) = line.trim().strip_prefix('(')?.split_once(", \"")?;
        let mut texts = rest.split('"');
        let (path, scope) = (texts.next()?, texts.nth(1)?);
        path.starts_with('/').then(|| (format!("{method} {}", nameless(path)), scope.to_owned()))
    });
    // Its tests have calls of their own, without a row's three parts.
    rows.filter(|(call, _)| !APART.contains(&call.as_str())).collect()
}

#[tokio::test]
async fn the_gateway_asks_for_the_same_rights() {
    let gateway = of_gateway();
    assert!(gateway.len() > 60, "{gateway:?}");
    let door = Door::open(14);
    let document = door.get("", "/openapi.json").await;
    let mut own = BTreeMap::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let call = format!("{} {}", method.to_uppercase(), nameless(path.strip_prefix("/v1").unwrap()));
            own.insert(call, operation["x-scope"].as_str().unwrap().to_owned());
        }
    }
    let differ: Vec<_> = own
        .iter()
        .filter(|(call, scope)| gateway.get(*call) != Some(*scope))
        .map(|(call, scope)| format!("{call} {scope:?} here, {:?} there", gateway.get(call)))
        .chain(gateway.keys().filter(|call| !own.contains_key(*call)).map(|call| format!("{call} only there")))
        .collect();
    assert!(differ.is_empty(), "{differ:#?}");
}
