//! The binary `keydesk`.

use std::process::ExitCode;

/// Many small, short-lived allocations from many threads: what mimalloc is made for.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    server::main()
}
