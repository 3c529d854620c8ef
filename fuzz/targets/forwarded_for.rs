//! Whatever is in X-Forwarded-For, only a trusted peer is heard, and only hops that trusted proxies wrote are believed.
#![no_main]

use std::net::IpAddr;

use libfuzzer_sys::fuzz_target;
use model::{Network, TrustedProxies};

fuzz_target!(|bytes: &[u8]| {
    let ours: Network = "10.0.0.0/8".parse().expect("a network");
    let proxies = TrustedProxies::new(vec![ours]);
    let (stranger, proxy) = (IpAddr::from([203, 0, 113, 9]), IpAddr::from([10, 0, 0, 1]));
    let client = |peer: IpAddr, bytes: &[u8]| proxies.client(peer, bytes.split(|byte| *byte == b'\n').rev());
    assert_eq!(client(stranger, bytes), Some(stranger));
    let heard = client(proxy, bytes);
    // What the nearest proxy saw outweighs everything to the left of it.
    assert_eq!(client(proxy, &[bytes, b", 203.0.113.9"].concat()), Some(stranger));
    assert_eq!(client(proxy, &[bytes, b"\n203.0.113.9, 10.1.1.1"].concat()), Some(stranger));
    assert_eq!(client(proxy, &[bytes, b"\nunknown"].concat()), None);
    // Lines or commas, it is one list.
    let joined: Vec<u8> = bytes.iter().map(|byte| if *byte == b'\n' { b',' } else { *byte }).collect();
    assert_eq!(client(proxy, &joined), heard);
});
