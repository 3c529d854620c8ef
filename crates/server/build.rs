//! Embeds the list of what the binary is made of, and the site, the folder that `KEYDESK_SITE` names in `.cargo/config.toml`: files with hashed names, their
//! compressed forms, and their manifest. Until `cargo xtask` has put it there, the binary has no scripts and styles for
//! the pages, and says so.

use std::{
    env,
    error::Error,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

#[path = "build/sbom.rs"]
mod sbom;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-env-changed=KEYDESK_SITE");
    println!("cargo:rerun-if-changed=build.rs");
    let site = PathBuf::from(env::var_os("KEYDESK_SITE").ok_or("KEYDESK_SITE is not set")?);
    println!("cargo:rerun-if-changed={}", site.join(MANIFEST).display());
    let table = if site.join(MANIFEST).is_file() { table(&site)? } else { "&[]".to_owned() };
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo names no OUT_DIR")?);
    fs::write(out.join("site.rs"), table)?;
    println!("cargo:rerun-if-changed=build/sbom.rs");
    println!("cargo:rerun-if-changed=../../Cargo.lock");
    fs::write(out.join("sbom"), sbom::compressed()?)?;
    Ok(())
}

const MANIFEST: &str = "manifest.json";

fn table(site: &Path) -> Result<String, Box<dyn Error>> {
    let list = site.join(MANIFEST);
    let text = fs::read_to_string(&list).map_err(|error| format!("{}: {error}", list.display()))?;
    let manifest: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&text)?;
    let mut table = "&[\n".to_owned();
    for (name, entry) in &manifest {
        let word = |key: &str| entry[key].as_str().ok_or_else(|| format!("manifest.json: {name} has no {key}"));
        let (path, content_type) = (word("path")?, word("content_type")?);
        let file = site.join(path.trim_start_matches('/'));
        let packed = |suffix: &str| match PathBuf::from(format!("{}.{suffix}", file.display())) {
            packed if packed.is_file() => format!("Some({})", include(&packed)),
            _ => "None".to_owned(),
        };
        let (identity, brotli, gzip) = (include(&file), packed("br"), packed("gz"));
        writeln!(
            table,
            "app::File {{ name: {name:?}, path: {path:?}, content_type: {content_type:?}, identity: {identity}, \
             brotli: {brotli}, gzip: {gzip} }},"
        )?;
    }
    table.push(']');
    Ok(table)
}

fn include(file: &Path) -> String {
    println!("cargo:rerun-if-changed={}", file.display());
    format!("include_bytes!({:?})", file.display().to_string())
}
