//! What `serve` asks the system about its process.

use std::num::NonZero;

use edge::PlaceBounds;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Whether whoever started this process had it ignore that its terminal is closed. Elsewhere than on Linux nobody knows.
pub(crate) fn ignores_hang_up() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    // A bit for each signal, the lowest for the first one, which it is.
    ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}

/// Files that this process may have open, after it has raised that number as far as it may.
pub(crate) fn raise_open_files() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    let Some(current) = limit.current else { return u64::MAX };
    let most = limit.maximum.unwrap_or(FILES_WANTED).min(FILES_WANTED).max(current);
    // Some systems say that they allow more than they do.
    match setrlimit(Resource::Nofile, Rlimit { current: Some(most), maximum: limit.maximum }) {
        Ok(()) => most,
        Err(_) => current,
    }
}

/// More than all listeners together give places.
const FILES_WANTED: u64 = 65_536;
/// Kept for what is no connection: databases with their logs, listeners, the log; and for each thread that answers.
const FILES_RESERVED: u64 = 96;
const FILES_OF_THREAD: u64 = 4;

/// The connections that each listener may have, so that files stay free for the databases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bounds {
    /// People and programs, and the proxies that they come through.
    pub(crate) public: PlaceBounds,
    /// The operator's monitoring.
    pub(crate) ops: PlaceBounds,
    /// Envoy and HAProxy: ports of their own, with places that no flood of the public port takes.
    pub(crate) gate: PlaceBounds,
    /// Programs whose calls are forwarded. For each of their connections there may be one to an API.
    pub(crate) forward: PlaceBounds,
}

/// Where the APIs of a gateway are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Api {
    /// In this process: a connection to it is no file.
    InProcess,
    /// One at least is reached over the network.
    Elsewhere,
}

impl Api {
    /// Files that a connection to the gateway may take.
    fn files(self) -> u64 {
        match self {
            Self::InProcess => 1,
            Self::Elsewhere => 2,
        }
    }
}

impl Bounds {
    /// Shares out this many open files. `gates`: how many ports there are for Envoy and HAProxy. `forwards`: where the gateway's APIs are,
    /// if there is a gateway.
    pub(crate) fn of(files: u64, gates: u64, forwards: Option<Api>) -> Self {
        let threads = std::thread::available_parallelism().map_or(1, NonZero::get) as u64;
        Self::share(files, threads, gates, forwards)
    }

    fn share(files: u64, threads: u64, gates: u64, forwards: Option<Api>) -> Self {
        let reserved = (FILES_RESERVED + FILES_OF_THREAD * threads).min(files / 2);
        let free = files - reserved;
        let places = |share: u64, most: u64| usize::try_from(share.clamp(1, most)).unwrap_or(usize::MAX);
        // A proxy needs a few for each of its threads.
        let gate = free / 8;
        let gate = PlaceBounds {
            strangers: places(gate / 2, 256),
            per_peer: places(gate / 4, 128),
            proxies: places(gate / 2, 256),
        };
        let ops = free / 16;
        let ops =
            PlaceBounds { strangers: places(ops / 2, 64), per_peer: places(ops / 4, 32), proxies: places(ops / 2, 64) };
        let given = |bounds: PlaceBounds| (bounds.strangers + bounds.proxies) as u64;
        let left = free.saturating_sub(given(ops) + gates * given(gate));
        // Three quarters of what is left, enough for ten thousand streams.
        let of_each = forwards.map_or(1, Api::files);
        let forward = if forwards.is_some() { left / 8 * 6 / of_each } else { 0 };
        let left = left - of_each * forward;
        let forward = PlaceBounds {
            strangers: places(forward / 2, 12_288),
            per_peer: places(forward / 4, 6_144),
            proxies: places(forward / 2, 12_288),
        };
        let public = PlaceBounds {
            strangers: places(left / 2, 4_096),
            per_peer: places(left / 8, 1_024),
            proxies: places(left / 2, 8_192),
        };
        Self { public, ops, gate, forward }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_shared_out_and_some_stay_free() {
        for files in [64, 256, 1_024, 4_096, 65_536, u64::MAX] {
            let apis = [
                (1, 0, None),
                (2, 2, Some(Api::Elsewhere)),
                (64, 2, Some(Api::Elsewhere)),
                (2, 0, Some(Api::InProcess)),
            ];
            for (threads, gates, forwards) in apis {
                let Bounds { public, ops, gate, forward } = Bounds::share(files, threads, gates, forwards);
                let all = |bounds: PlaceBounds| (bounds.strangers + bounds.proxies) as u64;
                let given =
                    all(public) + all(ops) + gates * all(gate) + forwards.map_or(0, |api| api.files() * all(forward));
                let reserved = (FILES_RESERVED + FILES_OF_THREAD * threads).min(files / 2);
                assert!(given <= files - reserved, "{given} of {files}, {threads} threads, {gates} gates");
                for bounds in [public, ops, gate, forward] {
                    assert!(
                        bounds.per_peer >= 1 && bounds.per_peer <= bounds.strangers && bounds.proxies >= 1,
                        "{bounds:?}"
                    );
                }
            }
        }
        let Bounds { public, gate, .. } = Bounds::share(FILES_WANTED, 2, 2, None);
        assert_eq!(public, PlaceBounds { strangers: 4_096, per_peer: 1_024, proxies: 8_192 });
        assert_eq!(gate, PlaceBounds { strangers: 256, per_peer: 128, proxies: 256 });
        let Bounds { public, forward, .. } = Bounds::share(FILES_WANTED, 2, 2, Some(Api::Elsewhere));
        assert!(forward.strangers > 10_000 && forward.proxies > 10_000 && public.strangers == 4_096, "{forward:?}");
        // A third of the files is enough where the API is in this process.
        let Bounds { forward, .. } = Bounds::share(20_000, 2, 0, Some(Api::InProcess));
        assert!(forward.strangers + forward.proxies > 10_000, "{forward:?}");
    }
}
