//! What the binary is made of. The list is embedded by the build script, and is read from here so that no linker leaves it out.

const COMPRESSED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/sbom"));

/// Where scanners look for it, in the format of cargo-auditable.
#[expect(unsafe_code, reason = "a section that holds nothing but this, and that no code relies on")]
#[cfg_attr(target_os = "macos", unsafe(link_section = "__DATA,.dep-v0"))]
#[cfg_attr(not(target_os = "macos"), unsafe(link_section = ".dep-v0"))]
#[used]
pub(crate) static SECTION: [u8; COMPRESSED.len()] = {
    let mut bytes = [0; COMPRESSED.len()];
    bytes.copy_from_slice(COMPRESSED);
    bytes
};
