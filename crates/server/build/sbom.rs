//! The list of what the binary is made of, in the format of cargo-auditable: JSON, compressed with zlib. Scanners (trivy, syft,
//! `cargo audit bin`) find it in the section `.dep-v0` of the binary.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    error::Error,
    io::Write,
    process::Command,
};

use flate2::{Compression, write::ZlibEncoder};
use serde_json::{Value, json};

/// The program, and the browser's side that is embedded in it.
const PROGRAM: &str = "server";
const BROWSER: &str = "client";
const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// The list, compressed.
pub(crate) fn compressed() -> Result<Vec<u8>, Box<dyn Error>> {
    let list = list(&metadata()?)?;
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(list.to_string().as_bytes())?;
    Ok(encoder.finish()?)
}

/// What cargo says of the workspace and of everything it depends on, here and in a browser.
fn metadata() -> Result<Value, Box<dyn Error>> {
    let output = Command::new(env::var_os("CARGO").ok_or("cargo does not name itself")?)
        .args(["metadata", "--format-version=1", "--locked"])
        .args(["--filter-platform", &env::var("TARGET")?, "--filter-platform", "wasm32-unknown-unknown"])
        .output()?;
    if !output.status.success() {
        return Err(format!("cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// Whether a package is in what runs, or only took part in making it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Build,
    Runs,
}

fn list(metadata: &Value) -> Result<Value, Box<dyn Error>> {
    let array = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let packages: BTreeMap<String, Value> =
        array(&metadata["packages"]).into_iter().map(|package| (text(&package["id"]), package)).collect();
    let edges: BTreeMap<String, Vec<Value>> =
        array(&metadata["resolve"]["nodes"]).iter().map(|node| (text(&node["id"]), array(&node["deps"]))).collect();
    let own = |name: &str| -> Result<String, Box<dyn Error>> {
        let found = packages.iter().find(|(_, package)| package["name"] == name && package["source"].is_null());
        Ok(found.ok_or_else(|| format!("cargo metadata knows no package {name}"))?.0.clone())
    };
    let (root, browser) = (own(PROGRAM)?, own(BROWSER)?);

    let mut parts: BTreeMap<String, Part> = BTreeMap::new();
    let mut needs: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    needs.entry(root.clone()).or_default().insert(browser.clone());
    let mut open = vec![(root.clone(), Part::Runs), (browser, Part::Runs)];
    while let Some((id, part)) = open.pop() {
        if parts.get(&id).is_some_and(|known| *known >= part) {
            continue;
        }
        parts.insert(id.clone(), part);
        for dependency in edges.get(&id).into_iter().flatten() {
            let to = text(&dependency["pkg"]);
            let has = |kind: Value| array(&dependency["dep_kinds"]).iter().any(|found| found["kind"] == kind);
            let reached = match (has(Value::Null), has(json!("build"))) {
                (true, _) if part == Part::Runs && !is_macro(&packages[&to]) => Part::Runs,
                (false, false) => continue,
                _ => Part::Build,
            };
            needs.entry(id.clone()).or_default().insert(to.clone());
            open.push((to, reached));
        }
    }

    // The format wants them sorted, and names dependencies by their place.
    let mut ids: Vec<&String> = parts.keys().collect();
    ids.sort_by_key(|id| (text(&packages[*id]["name"]), text(&packages[*id]["version"])));
    let place: BTreeMap<&String, usize> = ids.iter().copied().zip(0..).collect();
    let entry = |id: &String| {
        let package = &packages[id];
        let source = match package["source"].as_str() {
            None => "local",
            Some(CRATES_IO) => "crates.io",
            Some(other) => other.split('+').next().unwrap_or(other),
        };
        let mut entry = json!({"name": package["name"], "version": package["version"], "source": source});
        if parts[id] == Part::Build {
            entry["kind"] = json!("build");
        }
        let dependencies: BTreeSet<usize> = needs.get(id).into_iter().flatten().map(|to| place[to]).collect();
        if !dependencies.is_empty() {
            entry["dependencies"] = json!(dependencies);
        }
        if *id == root {
            entry["root"] = json!(true);
        }
        entry
    };
    Ok(json!({"packages": ids.into_iter().map(entry).collect::<Vec<_>>()}))
}

fn is_macro(package: &Value) -> bool {
    let targets = package["targets"].as_array().into_iter().flatten();
    targets.flat_map(|target| target["kind"].as_array().into_iter().flatten()).any(|kind| kind == "proc-macro")
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
