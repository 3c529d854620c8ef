//! Assembles the site: every file named by its content, compressed beforehand, and listed in `manifest.json`.
//!
//! Files whose content is unchanged are left alone, so that the server, which embeds the folder, is not built again.

use crate::client::Size;
use crate::css;
use crate::digest;
use crate::paths;
use crate::process::{self, Failure, Result};
use crate::site_tools;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Files that browsers and crawlers look for under exactly this name.
const FIXED_NAMES: [&str; 2] = ["favicon.ico", "robots.txt"];

struct Asset {
    /// The name that the server asks for, such as `keydesk.js`.
    name: String,
    /// Where it is, below the site's root and without a leading slash.
    path: String,
    bytes: Vec<u8>,
}

/// Puts together the client's files, the style and the public files in the folder `site`. Where small is no aim, nothing is
/// compressed. Without a client pages are documents and plain forms.
pub(crate) fn assemble(client: Option<&Path>, site: &Path, size: Size) -> Result<()> {
    let mut assets = public()?;
    assets.push(style()?);
    if let Some(client) = client {
        assets.extend(scripts(client)?);
    }
    write(&assets, site, size, compress)
}

fn public() -> Result<Vec<Asset>> {
    let folder = paths::root().join("public");
    let mut assets = Vec::new();
    for file in digest::files(&folder)? {
        let name = below(&folder, &file);
        let bytes = read(&file)?;
        let fixed = FIXED_NAMES.contains(&name.as_str()) || name.starts_with(".well-known/");
        let path = if fixed { name.clone() } else { digest::hashed_name(&name, &bytes) };
        assets.push(Asset { name, path, bytes });
    }
    Ok(assets)
}

fn style() -> Result<Asset> {
    let read_text = |path: &Path| fs::read_to_string(path).map_err(Failure::at(path));
    let bytes = css::bundle(&paths::root().join("style/main.css"), &read_text)?.into_bytes();
    Ok(Asset { name: "keydesk.css".into(), path: digest::hashed_name("pkg/keydesk.css", &bytes), bytes })
}

/// The script, the wasm and the snippets that the script imports by relative address.
fn scripts(client: &Path) -> Result<Vec<Asset>> {
    let wasm = read(&client.join("keydesk_bg.wasm"))?;
    let mut script = fs::read_to_string(client.join("keydesk.js")).map_err(Failure::at(client))?;
    let mut assets = Vec::new();
    for file in digest::files(&client.join("snippets"))? {
        let name = below(client, &file);
        let bytes = read(&file)?;
        let hashed = digest::hashed_name(&name, &bytes);
        script = script.replace(&format!("./{name}"), &format!("./{hashed}"));
        assets.push(Asset { name, path: format!("pkg/{hashed}"), bytes });
    }
    let script = script.into_bytes();
    assets.push(Asset {
        name: "keydesk.js".into(),
        path: digest::hashed_name("pkg/keydesk.js", &script),
        bytes: script,
    });
    assets.push(Asset {
        name: "keydesk.wasm".into(),
        path: digest::hashed_name("pkg/keydesk_bg.wasm", &wasm),
        bytes: wasm,
    });
    Ok(assets)
}

/// `compress` makes the compressed forms of files, where they are smaller.
fn write(assets: &[Asset], site: &Path, size: Size, compress: impl FnOnce(&[&Path]) -> Result<()>) -> Result<()> {
    let (mut expected, mut to_compress) = (BTreeSet::new(), Vec::new());
    let mut manifest = BTreeMap::new();
    for asset in assets {
        let file = site.join(&asset.path);
        if fs::read(&file).ok().as_deref() != Some(&asset.bytes) {
            for suffix in ["br", "gz"] {
                remove(&with_suffix(&file, suffix))?;
            }
            if size == Size::Small && compressible(&asset.path) {
                // Under another name until its compressed forms are there.
                let new = with_suffix(&file, "new");
                put(&new, &asset.bytes)?;
                to_compress.push((new, file.clone()));
            } else {
                put(&file, &asset.bytes)?;
            }
        }
        expected.extend([with_suffix(&file, "br"), with_suffix(&file, "gz"), file]);
        manifest.insert(
            asset.name.as_str(),
            json!({ "path": format!("/{}", asset.path), "content_type": content_type(&asset.path) }),
        );
    }
    name(&to_compress, compress)?;
    let list = site.join("manifest.json");
    let text = serde_json::to_string_pretty(&manifest).map_err(|error| Failure::new(error.to_string()))? + "\n";
    if fs::read_to_string(&list).ok().as_deref() != Some(&text) {
        put(&list, text.as_bytes())?;
    }
    expected.insert(list);
    for file in digest::files(site)? {
        if !expected.contains(&file) {
            remove(&file)?;
        }
    }
    Ok(())
}

/// Gives new files their names when their compressed forms are there: whoever sees one has its forms.
fn name(files: &[(PathBuf, PathBuf)], compress: impl FnOnce(&[&Path]) -> Result<()>) -> Result<()> {
    if files.is_empty() {
        return Ok(());
    }
    compress(&files.iter().map(|(new, _)| new.as_path()).collect::<Vec<_>>())?;
    for (new, file) in files {
        for suffix in ["br", "gz"] {
            let packed = with_suffix(new, suffix);
            if packed.exists() {
                fs::rename(&packed, with_suffix(file, suffix)).map_err(Failure::at(&packed))?;
            }
        }
        fs::rename(new, file).map_err(Failure::at(new))?;
    }
    Ok(())
}

fn compress(files: &[&Path]) -> Result<()> {
    process::capture(site_tools::command().arg("compress").args(files)).map(drop)
}

fn remove(file: &Path) -> Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Failure::at(file)(error)),
        _ => Ok(()),
    }
}

fn put(file: &Path, bytes: &[u8]) -> Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).map_err(Failure::at(folder))?;
    }
    fs::write(file, bytes).map_err(Failure::at(file))
}

fn read(file: &Path) -> Result<Vec<u8>> {
    fs::read(file).map_err(Failure::at(file))
}

fn below(folder: &Path, file: &Path) -> String {
    file.strip_prefix(folder).unwrap_or(file).to_string_lossy().replace('\\', "/")
}

fn with_suffix(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    name.into()
}

fn extension(path: &str) -> &str {
    path.rsplit_once('.').map_or("", |(_, extension)| extension)
}

/// Pictures and fonts are compressed already.
fn compressible(path: &str) -> bool {
    !matches!(extension(path), "png" | "jpg" | "jpeg" | "webp" | "avif" | "gif" | "woff2" | "zip" | "gz" | "br")
}

fn content_type(path: &str) -> &'static str {
    match extension(path) {
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "wasm" => "application/wasm",
        "css" => "text/css; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "txt" => "text/plain; charset=utf-8",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "ico" => "image/x-icon",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asset(name: &str, path: &str, bytes: &[u8]) -> Asset {
        Asset { name: name.into(), path: path.into(), bytes: bytes.into() }
    }

    /// In place of the program, which is tested beside its code: each long file has smaller forms.
    fn pack(files: &[&Path]) -> Result<()> {
        for file in files.iter().filter(|file| fs::read(file).unwrap().len() > 10) {
            for suffix in ["br", "gz"] {
                fs::write(with_suffix(file, suffix), suffix).unwrap();
            }
        }
        Ok(())
    }

    fn names(site: &Path) -> Vec<String> {
        digest::files(site).unwrap().iter().map(|file| below(site, file)).collect()
    }

    #[test]
    fn files_are_compressed_only_where_that_is_smaller_and_stale_ones_go() {
        let site = tempfile::tempdir().unwrap();
        let long = "keydesk ".repeat(100).into_bytes();
        write(&[asset("a.css", "pkg/a.1.css", &long), asset("x.txt", "x.txt", b"x")], site.path(), Size::Small, pack)
            .unwrap();
        assert_eq!(names(site.path()), ["manifest.json", "pkg/a.1.css", "pkg/a.1.css.br", "pkg/a.1.css.gz", "x.txt"]);
        write(&[asset("a.css", "pkg/a.2.css", b"y")], site.path(), Size::Small, pack).unwrap();
        assert_eq!(names(site.path()), ["manifest.json", "pkg/a.2.css"]);
        write(&[asset("a.css", "pkg/a.1.css", &long)], site.path(), Size::AsCompiled, pack).unwrap();
        assert_eq!(names(site.path()), ["manifest.json", "pkg/a.1.css"]);
    }

    #[test]
    fn unchanged_files_are_not_written_again() {
        let site = tempfile::tempdir().unwrap();
        let assets = [asset("a.css", "pkg/a.1.css", &b"keydesk".repeat(100))];
        let times = || -> Vec<_> {
            digest::files(site.path())
                .unwrap()
                .iter()
                .map(|file| fs::metadata(file).unwrap().modified().unwrap())
                .collect()
        };
        write(&assets, site.path(), Size::Small, pack).unwrap();
        let before = times();
        write(&assets, site.path(), Size::Small, pack).unwrap();
        assert_eq!(before, times());
    }

    #[test]
    fn the_manifest_maps_names_to_addresses_and_types() {
        let site = tempfile::tempdir().unwrap();
        write(&[asset("keydesk.js", "pkg/keydesk.1.js", b"")], site.path(), Size::Small, pack).unwrap();
        let manifest: serde_json::Value =
            serde_json::from_slice(&fs::read(site.path().join("manifest.json")).unwrap()).unwrap();
        assert_eq!(
            manifest,
            json!({ "keydesk.js": { "path": "/pkg/keydesk.1.js", "content_type": "text/javascript; charset=utf-8" } })
        );
    }
}
