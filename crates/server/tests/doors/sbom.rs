//! The binary tells what it is made of, to people and to scanners.

use std::{collections::BTreeSet, fs, io::Read as _};

use flate2::read::ZlibDecoder;
use serde_json::Value;

use crate::support::{command, keydesk};

/// Every name and version in Cargo.lock, with whether it comes from crates.io.
fn locked() -> BTreeSet<(String, String, bool)> {
    let lock = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.lock")).unwrap();
    let value = |package: &str, name: &str| {
        let line = package.lines().find_map(|line| line.strip_prefix(&format!("{name} = \"")));
        line.map(|rest| rest.trim_end_matches('"').to_owned())
    };
    let packages = lock.split("[[package]]").skip(1);
    packages
        .map(|package| {
            let own = value(package, "source").is_none();
            (value(package, "name").unwrap(), value(package, "version").unwrap(), !own)
        })
        .collect()
}

/// The section of an ELF file of 64 bits, as scanners find it.
fn section(file: &[u8], wanted: &str) -> Option<Vec<u8>> {
    let number = |at: usize, bytes: usize| {
        let mut all = [0; 8];
        all[..bytes].copy_from_slice(&file[at..at + bytes]);
        usize::try_from(u64::from_le_bytes(all)).unwrap()
    };
    let (table, size, count, names) = (number(0x28, 8), number(0x3A, 2), number(0x3C, 2), number(0x3E, 2));
    let header = |index: usize| table + index * size;
    let content = |index: usize| {
        number(header(index) + 0x18, 8)..number(header(index) + 0x18, 8) + number(header(index) + 0x20, 8)
    };
    let names = &file[content(names)];
    (0..count).find_map(|index| {
        let name = &names[number(header(index), 4)..];
        name.starts_with(format!("{wanted}\0").as_bytes()).then(|| file[content(index)].to_vec())
    })
}

#[cfg(target_os = "linux")]
#[test]
fn scanners_find_the_list_of_packages_in_the_binary() {
    let file = fs::read(env!("CARGO_BIN_EXE_keydesk")).unwrap();
    let mut text = String::new();
    ZlibDecoder::new(&*section(&file, ".dep-v0").expect("a section")).read_to_string(&mut text).unwrap();
    let list: Value = serde_json::from_str(&text).unwrap();
    let packages = list["packages"].as_array().unwrap();
    let name = |package: &Value| {
        (package["name"].as_str().unwrap().to_owned(), package["version"].as_str().unwrap().to_owned())
    };
    let locked = locked();
    for package in packages {
        let (name, version) = name(package);
        let known = (name, version, package["source"] == "crates.io");
        assert!(locked.contains(&known), "{known:?} is not in Cargo.lock");
        let needs = package["dependencies"].as_array().into_iter().flatten();
        assert!(needs.clone().all(|place| place.as_u64().unwrap() < packages.len() as u64), "{package}");
    }
    assert!(packages.is_sorted_by_key(name), "the format wants them in order");
    let roots: Vec<_> = packages.iter().filter(|package| package["root"] == true).map(name).collect();
    assert_eq!(roots, [("server".to_owned(), env!("CARGO_PKG_VERSION").to_owned())]);
    let kind =
        |wanted: &str| packages.iter().find(|package| package["name"] == wanted).map(|package| package["kind"].clone());
    for runs in ["argon2", "aws-lc-sys", "leptos", "wasm-bindgen", "console_error_panic_hook", "tonic"] {
        assert_eq!(kind(runs), Some(Value::Null), "{runs} runs");
    }
    for builds in ["serde_derive", "cc"] {
        assert_eq!(kind(builds), Some(Value::from("build")), "{builds} only builds");
    }
    for absent in ["insta", "criterion", "xtask", "wasm-bindgen-cli-support"] {
        assert_eq!(kind(absent), None, "{absent} is not in the product");
    }
}

#[tokio::test]
async fn sbom_prints_every_package_as_cyclonedx() {
    let folder = tempfile::tempdir().unwrap();
    let output = keydesk(folder.path(), &["sbom"]).await;
    assert!(output.status.success());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is opened for it");
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&document["bomFormat"], &document["specVersion"]), (&"CycloneDX".into(), &"1.6".into()));
    let components = document["components"].as_array().unwrap();
    let locked = locked();
    for component in components {
        let text = |name: &str| component[name].as_str().unwrap().to_owned();
        let foreign = component["purl"].is_string();
        assert!(locked.contains(&(text("name"), text("version"), foreign)), "{component}");
        if foreign {
            assert_eq!(text("purl"), format!("pkg:cargo/{}@{}", text("name"), text("version")));
        }
    }
    let references: BTreeSet<_> =
        components.iter().map(|component| &component["bom-ref"]).map(Value::to_string).collect();
    assert_eq!(references.len(), components.len());
    let dependencies = document["dependencies"].as_array().unwrap();
    assert_eq!(dependencies.len(), components.len() + 1);
    let named = dependencies.iter().flat_map(|one| one["dependsOn"].as_array().unwrap()).map(Value::to_string);
    assert!(named.collect::<BTreeSet<_>>().is_subset(&references));
    let help = command().arg("--help").output().await.unwrap();
    assert!(String::from_utf8(help.stdout).unwrap().contains("sbom"));
}
