//! The languages in which examples and snippets of the documentation are written.

use crate::process::{Failure, Result};
use crate::{apt, paths, python};
use std::fs;
use std::path::{Path, PathBuf};

/// A file that must be there, and the package of Debian that brings it. Node is that of the browser tests.
const NEEDED: [(&str, &str); 9] = [
    ("/usr/bin/curl", "curl"),
    ("/usr/bin/php", "php-cli"),
    ("/usr/bin/go", "golang-go"),
    ("/usr/bin/javac", "default-jdk-headless"),
    ("/usr/share/java/gson.jar", "libgoogle-gson-java"),
    ("/usr/bin/mcs", "mono-mcs"),
    ("/usr/bin/mono", "mono-runtime"),
    ("/usr/lib/mono/4.5/System.Net.Http.dll", "libmono-system-net-http4.0-cil"),
    ("/usr/lib/cli/Newtonsoft.Json-5.0/Newtonsoft.Json.dll", "libnewtonsoft-json5.0-cil"),
];

/// An example whose test is a command of its own: it installs a whole product of another maker.
pub(crate) const TRYTON: &str = "crm-tryton";

/// Installs what the examples and snippets run on. A test whose language is missing fails, and says so.
pub(crate) fn install() -> Result<()> {
    let missing = || NEEDED.into_iter().filter(|(file, _)| !Path::new(file).exists()).map(|(_, package)| package);
    let wanted: Vec<_> = missing().collect();
    if !wanted.is_empty() && apt::available() {
        apt::install(&wanted)?;
    }
    for folder in with_requirements(&paths::examples())? {
        python::packages_of(&folder)?;
    }
    match missing().collect::<Vec<_>>()[..] {
        [] => Ok(()),
        ref missing => Err(Failure::new(format!(
            "the examples run on Debian's packages, of which these are not here: {}",
            missing.join(", ")
        ))),
    }
}

/// The examples in Python, whose packages `cargo xtask test` installs.
fn with_requirements(examples: &Path) -> Result<Vec<PathBuf>> {
    let mut folders = Vec::new();
    if examples.is_dir() {
        for entry in fs::read_dir(examples).map_err(Failure::at(examples))? {
            let folder = entry.map_err(Failure::at(examples))?.path();
            if folder.join("requirements.txt").is_file() && !folder.ends_with(TRYTON) {
                folders.push(folder);
            }
        }
    }
    folders.sort();
    Ok(folders)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_in_python_are_found_and_tryton_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["bi", "crm", TRYTON] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        for name in ["bi", TRYTON] {
            fs::write(folder.path().join(name).join("requirements.txt"), "").unwrap();
        }
        assert_eq!(with_requirements(folder.path()).unwrap(), [folder.path().join("bi")]);
        assert!(with_requirements(&folder.path().join("gone")).unwrap().is_empty());
    }
}
