//! What the binary is made of.

use std::io::Read as _;

use flate2::read::ZlibDecoder;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Failed, output::Output};

#[derive(Deserialize)]
struct List {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    source: String,
    #[serde(default)]
    kind: Option<String>,
    #[serde(default)]
    dependencies: Vec<usize>,
    #[serde(default)]
    root: bool,
}

impl Package {
    fn reference(&self) -> String {
        format!("{}@{}", self.name, self.version)
    }
}

/// Prints the list of cargo-auditable, which is compressed with zlib, as CycloneDX.
pub(super) fn print(contents: &[u8], output: &mut Output) -> Result<(), Failed> {
    let mut text = String::new();
    ZlibDecoder::new(contents).read_to_string(&mut text)?;
    Ok(output.json(&cyclonedx(&serde_json::from_str(&text)?))?)
}

fn cyclonedx(list: &List) -> Value {
    let component = |package: &Package| {
        let mut component = json!({
            "type": "library",
            "bom-ref": package.reference(),
            "name": package.name,
            "version": package.version,
            "scope": if package.kind.is_none() { "required" } else { "excluded" },
        });
        // Crates of our own have names that strangers have on crates.io.
        if package.source == "crates.io" {
            component["purl"] = json!(format!("pkg:cargo/{}@{}", package.name, package.version));
        }
        component
    };
    let needs = |package: &Package| {
        let on = package.dependencies.iter().filter_map(|place| list.packages.get(*place)).map(Package::reference);
        json!({"ref": package.reference(), "dependsOn": on.collect::<Vec<_>>()})
    };
    let root = list.packages.iter().find(|package| package.root).map(Package::reference);
    json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {
            "type": "application",
            "bom-ref": root,
            "name": "keydesk",
            "version": env!("CARGO_PKG_VERSION"),
        }},
        "components": list.packages.iter().filter(|package| !package.root).map(component).collect::<Vec<_>>(),
        "dependencies": list.packages.iter().map(needs).collect::<Vec<_>>(),
    })
}
