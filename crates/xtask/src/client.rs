//! Builds the client: compiles it to wasm, binds it to JavaScript, and optimises it for size.

use crate::digest::{self, Stamp};
use crate::paths;
use crate::process::{self, Failure, Result};
use crate::step::{Steps, say};
use crate::{npm, site_tools, wasm};
use std::fs;
use std::path::{Path, PathBuf};

/// Optimisations for size, then features that every compiler of the client uses and every browser of the last years
/// has.
const WASM_OPT: [&str; 9] = [
    "-Oz",
    "-Oz",
    // Instances of one generic function stand together, and compress better.
    "--reorder-functions-by-name",
    "--enable-bulk-memory",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-sign-ext",
];

/// How much work goes into a small client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Size {
    /// As small as it can be made, which takes minutes.
    Small,
    /// Many times as large, and soon there: for a browser on the same machine.
    AsCompiled,
}

impl Size {
    /// Cargo's profile in which it is compiled.
    pub(crate) fn profile(self) -> &'static str {
        match self {
            Self::Small => "wasm-release",
            Self::AsCompiled => "start",
        }
    }

    /// The name of its folder and stamp.
    fn name(self) -> &'static str {
        match self {
            Self::Small => "client",
            Self::AsCompiled => "client-start",
        }
    }

    fn installed_optimizer(self) -> bool {
        self == Self::Small && npm::wasm_opt().is_some()
    }
}

/// Whether there is one of this size that is up to date, or was; only such a one can be had at once.
pub(crate) fn exists(size: Size) -> bool {
    paths::work().join(size.name()).join("keydesk_bg.wasm").is_file()
}

/// Builds what is not up to date, and returns the folder with `keydesk.js`, `keydesk_bg.wasm` and perhaps `snippets/`.
pub(crate) fn build(size: Size, steps: &Steps) -> Result<PathBuf> {
    let output = paths::work().join(size.name());
    let compiler = steps.run("find a compiler for wasm", wasm::find)?;
    let stamp = Stamp::new(size.name());
    let inputs = inputs(&compiler.version()?, size.installed_optimizer())?;
    if stamp.fresh(&inputs) && output.join("keydesk_bg.wasm").is_file() {
        return steps.noted("build client", || Ok((output, "was up to date".to_owned())));
    }
    steps.compile("build client", &mut compiler.cargo("build", size.profile()))?;
    if size == Size::AsCompiled {
        steps.run("bind client", || bind(&compiler.output(size.profile()), &output, true))?;
        stamp.keep(&inputs)?;
        return Ok(output);
    }
    let optimizer = npm::optimizer();
    steps.run("bind client", || bind(&compiler.output(size.profile()), &output, optimizer.is_err()))?;
    let optimizer = steps.run("shrink client", || {
        match &optimizer {
            Ok(program) => shrink(program, &output.join("keydesk_bg.wasm"))?,
            Err(reason) => say(&format!("  without wasm-opt the client is about three times as large: {reason}")),
        }
        Ok(optimizer.is_ok())
    })?;
    stamp.keep(&self::inputs(&compiler.version()?, optimizer)?)?;
    Ok(output)
}

fn inputs(compiler: &str, optimized: bool) -> Result<String> {
    let root = paths::root();
    let sources = [
        ".cargo/config.toml",
        "Cargo.lock",
        "Cargo.toml",
        "crates/app",
        "crates/client",
        "crates/model",
        "crates/site-tools",
        "crates/xtask/src/client.rs",
        "crates/xtask/src/wasm.rs",
    ];
    let sources = digest::tree(&sources.map(|source| root.join(source)))?;
    Ok(format!("{sources}\n{optimized}\n{compiler}"))
}

/// Names of functions are for the optimizer, which drops them; `nameless`: there is no optimizer.
fn bind(compiled: &Path, output: &Path, nameless: bool) -> Result<()> {
    if output.exists() {
        fs::remove_dir_all(output).map_err(Failure::at(output))?;
    }
    let mut tools = site_tools::command();
    tools.arg("bind").arg(compiled).arg(output);
    if nameless {
        tools.arg("--nameless");
    }
    process::capture(&mut tools).map(drop)
}

fn shrink(wasm_opt: &Path, module: &Path) -> Result<()> {
    let before = size(module)?;
    let small = module.with_extension("small");
    process::capture(process::command(wasm_opt).args(WASM_OPT).arg(module).arg("-o").arg(&small))?;
    fs::rename(&small, module).map_err(Failure::at(module))?;
    say(&format!("  {} KB to {} KB", before / 1024, size(module)? / 1024));
    Ok(())
}

fn size(file: &Path) -> Result<u64> {
    Ok(fs::metadata(file).map_err(Failure::at(file))?.len())
}
