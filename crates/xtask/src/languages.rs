//! The languages in which examples and snippets of the documentation are written.

use crate::process::{Failure, Result};
use crate::{apt, python};
use std::path::Path;

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

/// Installs what the examples and snippets run on. A test whose language is missing fails, and says so.
pub(crate) fn install() -> Result<()> {
    let missing = || NEEDED.into_iter().filter(|(file, _)| !Path::new(file).exists()).map(|(_, package)| package);
    let wanted: Vec<_> = missing().collect();
    if !wanted.is_empty() && apt::available() {
        apt::install(&wanted)?;
    }
    // The tests install the packages of examples in Python and JavaScript themselves, as a reader does.
    python::find()?;
    match missing().collect::<Vec<_>>()[..] {
        [] => Ok(()),
        ref missing => Err(Failure::new(format!(
            "the examples run on Debian's packages, of which these are not here: {}",
            missing.join(", ")
        ))),
    }
}
