//! What the binary is made of. The list is embedded by the build script, and is read from here so that no linker leaves it out.

use std::io::Read as _;

use flate2::read::ZlibDecoder;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Failed, output::Output};

const COMPRESSED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/sbom"));

/// Where scanners look for it, in the format of cargo-auditable.
#[expect(unsafe_code, reason = "a section that holds nothing but this, and that no code relies on")]
#[cfg_attr(target_os = "macos", unsafe(link_section = "__DATA,.dep-v0"))]
#[cfg_attr(not(target_os = "macos"), unsafe(link_section = ".dep-v0"))]
#[used]
static SECTION: [u8; COMPRESSED.len()] = {
    let mut bytes = [0; COMPRESSED.len()];
    bytes.copy_from_slice(COMPRESSED);
    bytes
};

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

/// Prints it as CycloneDX.
pub(super) fn print(output: &mut Output) -> Result<(), Failed> {
    let mut text = String::new();
    ZlibDecoder::new(&SECTION[..]).read_to_string(&mut text)?;
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
