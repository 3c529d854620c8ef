//! Finds a compiler that can make wasm: the toolchain at hand, the same with its target added, or Debian's.

use crate::apt;
use crate::paths;
use crate::process::{self, Failure, Result};
use crate::step::say;
use std::path::{Path, PathBuf};
use std::process::Command;

pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

const DEBIAN_LIBRARY: &str = "/usr/lib/rustlib/src/rust/library";
/// The standard library is built so that a panic ends the client without making a message first. The code that makes
/// messages is a tenth of a client. `KEYDESK_WASM_COMPILER=rustup` makes a client that says what went wrong.
const DEBIAN_FLAGS: &str = "--cfg=erase_components -Zunstable-options -Cpanic=immediate-abort -Zlocation-detail=none \
     -Zfmt-debug=none -Csymbol-mangling-version=v0";
const ADVICE: &str = "no compiler here can make wasm32-unknown-unknown: run `rustup target add wasm32-unknown-unknown`, or on Debian, as root, \
     `apt-get install rustc-web cargo-web rust-web-src lld`, and start again";

/// The compiler of the client.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Compiler {
    /// The toolchain that runs us has the target's standard library.
    Ours,
    /// Debian's own, which builds the standard library from source and links with this program.
    Debian { linker: String },
}

/// The first compiler that works, trying the installed ones before those that download.
pub(crate) fn find() -> Result<Compiler> {
    match std::env::var("KEYDESK_WASM_COMPILER").as_deref() {
        Ok("rustup") => {
            return if has_target() || add_target() { Ok(Compiler::Ours) } else { Err(Failure::new(ADVICE)) };
        }
        Ok("debian") => return debian(),
        Ok(other) => {
            return Err(Failure::new(format!("KEYDESK_WASM_COMPILER is `{other}`; it may be `rustup` or `debian`")));
        }
        Err(_) => {}
    }
    // Debian's compiler makes the smaller client.
    if let Some(compiler) = installed_debian() {
        return Ok(compiler);
    }
    if has_target() {
        return Ok(Compiler::Ours);
    }
    if add_target() { Ok(Compiler::Ours) } else { debian() }
}

fn has_target() -> bool {
    process::capture(process::command("rustc").args(["--print", "target-libdir", "--target", TARGET]))
        .is_ok_and(|folder| Path::new(folder.trim()).is_dir())
}

fn add_target() -> bool {
    if !process::answers("rustup", "--version") {
        return false;
    }
    say("  adding the wasm target with rustup");
    match process::capture(process::command("rustup").args(["target", "add", TARGET])) {
        Ok(_) => has_target(),
        Err(_) => {
            say("  rustup could not; trying Debian's compiler");
            false
        }
    }
}

fn debian() -> Result<Compiler> {
    if let Some(compiler) = installed_debian() {
        return Ok(compiler);
    }
    if !apt::available() {
        return Err(Failure::new(ADVICE));
    }
    let lld = newest(&apt::search("^lld-[0-9]+$")?).ok_or_else(|| Failure::new(ADVICE))?;
    apt::install(&["rustc-web", "cargo-web", "rust-web-src", &lld])?;
    installed_debian().ok_or_else(|| Failure::new(ADVICE))
}

fn installed_debian() -> Option<Compiler> {
    let programs = ["/usr/bin/rustc", "/usr/bin/cargo", DEBIAN_LIBRARY];
    let names: Vec<String> = std::fs::read_dir("/usr/bin")
        .ok()?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.starts_with("wasm-ld-"))
        .collect();
    let linker = newest(&names)?;
    programs.iter().all(|path| Path::new(path).exists()).then_some(Compiler::Debian { linker })
}

/// The name with the largest number after its last dash.
fn newest(names: &[String]) -> Option<String> {
    names
        .iter()
        .filter_map(|name| Some((name.rsplit_once('-')?.1.parse::<u32>().ok()?, name)))
        .max()
        .map(|(_, name)| name.clone())
}

impl Compiler {
    /// `cargo VERB` for the client. A verb of Debian's compiler has a target folder of its own: sharing one would make
    /// each compiler throw away the other's work.
    pub(crate) fn cargo(&self, verb: &str, profile: &str) -> Command {
        let mut cargo = match self {
            Self::Ours => process::cargo(),
            Self::Debian { linker } => {
                let mut cargo = process::command("/usr/bin/cargo");
                let path = std::env::var("PATH").unwrap_or_default();
                cargo
                    .env("PATH", format!("/usr/bin:{path}"))
                    .env("RUSTC", "/usr/bin/rustc")
                    .env("RUSTC_BOOTSTRAP", "1")
                    .env("RUSTFLAGS", DEBIAN_FLAGS)
                    .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
                cargo
            }
        };
        cargo.arg(verb).args(["-p", "client", "--profile", profile, "--target", TARGET]);
        if matches!(self, Self::Debian { .. }) {
            cargo.args(["-Z", "build-std=std,panic_abort", "--target-dir"]).arg(self.target_dir());
        }
        cargo
    }

    /// Where the compiled client ends up.
    pub(crate) fn output(&self, profile: &str) -> PathBuf {
        self.target_dir().join(TARGET).join(profile).join("client.wasm")
    }

    /// Which release it is, as it says itself.
    pub(crate) fn version(&self) -> Result<String> {
        let rustc = match self {
            Self::Ours => "rustc",
            Self::Debian { .. } => "/usr/bin/rustc",
        };
        process::capture(process::command(rustc).arg("-vV"))
    }

    /// True when there is a clippy for this target, which on Debian may have to be installed first.
    pub(crate) fn has_clippy(&self) -> bool {
        match self {
            Self::Ours => process::answers("cargo-clippy", "--version"),
            Self::Debian { .. } => {
                let there =
                    || Path::new("/usr/bin/cargo-clippy").exists() && Path::new("/usr/bin/clippy-driver").exists();
                there() || (apt::available() && apt::install(&["rust-web-clippy"]).is_ok() && there())
            }
        }
    }

    fn target_dir(&self) -> PathBuf {
        match self {
            Self::Ours => paths::target(),
            Self::Debian { .. } => paths::target().join("web"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_linker_is_chosen_by_number() {
        let names = ["lld-9", "lld-22", "lld-19", "lld-x"].map(String::from);
        assert_eq!(newest(&names).as_deref(), Some("lld-22"));
        assert_eq!(newest(&[]), None);
    }
}
