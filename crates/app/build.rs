//! Embeds the pages of the Integration Documentation, `docs/integrate/*.md`, and the files that their snippets are cut from,
//! `docs/snippets/NAME.ENDING` and [`PROGRAMS`], so that the binary answers with the documentation of its own version.

use std::{
    env,
    error::Error,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

/// Snippets that are whole programs elsewhere: a name, an ending, and the file.
const PROGRAMS: [(&str, &str, &str); 5] = [
    ("protected-service", "py", "examples/protected-services/fastapi/service.py"),
    ("protected-service", "mjs", "examples/protected-services/express/service.js"),
    ("protected-service", "java", "examples/protected-services/java/Service.java"),
    ("protected-service", "cs", "examples/protected-services/csharp/Service.cs"),
    ("protected-service", "rs", "crates/keydesk-client/examples/protected_service.rs"),
];

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let docs = root.join("docs");
    let mut table = "(&[\n".to_owned();
    for (name, ending, file) in files(&docs.join("integrate"))? {
        if ending == "md" {
            writeln!(table, "({name:?}, include_str!({:?})),", file.display().to_string())?;
        }
    }
    table.push_str("], &[\n");
    for (name, ending, file) in files(&docs.join("snippets"))? {
        writeln!(table, "({name:?}, {ending:?}, include_str!({:?})),", file.display().to_string())?;
    }
    for (name, ending, file) in PROGRAMS {
        let file = root.join(file);
        println!("cargo:rerun-if-changed={}", file.display());
        writeln!(table, "({name:?}, {ending:?}, include_str!({:?})),", file.display().to_string())?;
    }
    table.push_str("])\n");
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo names no OUT_DIR")?);
    fs::write(out.join("documentation.rs"), table)?;
    println!("cargo:rerun-if-changed=build.rs");
    Ok(())
}

/// Files, each with its name and its ending.
type Files = Vec<(String, String, PathBuf)>;

/// The text files of a folder, by name and ending, in order. A folder that is not there has none.
fn files(folder: &Path) -> Result<Files, Box<dyn Error>> {
    let mut found = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else { return Ok(found) };
    println!("cargo:rerun-if-changed={}", folder.display());
    for entry in entries {
        let file = entry?.path();
        let part = |part: Option<&std::ffi::OsStr>| part.and_then(|part| part.to_str()).map(str::to_owned);
        let (Some(name), Some(ending)) = (part(file.file_stem()), part(file.extension())) else { continue };
        if file.is_file() && ENDINGS.contains(&ending.as_str()) {
            println!("cargo:rerun-if-changed={}", file.display());
            found.push((name, ending, file));
        }
    }
    found.sort();
    Ok(found)
}

const ENDINGS: [&str; 8] = ["md", "sh", "py", "mjs", "java", "cs", "php", "go"];
