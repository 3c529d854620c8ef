//! Whatever a peer writes to the port for HAProxy, a frame is read or refused, and nothing is read beyond its end.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some(read) = gate::parsers::spoe_frame(bytes) else { return };
    // Everything that was read was in the frame: reading makes nothing larger.
    assert!(read <= bytes.len(), "{read} bytes out of a frame of {}", bytes.len());
});
