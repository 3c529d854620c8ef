//! What limits cost in memory: `bench --memory`.
//!
//! 100,000 keys without limits and as many with three each, on a server of their own. Each key is called twice, so that every limit has
//! its state.

use super::keys::Keys;
use crate::{
    Failed, Programs,
    http::{Connection, request},
    say,
};

const KEYS: usize = 100_000;

pub(crate) fn measure(programs: &Programs) -> Result<(), Failed> {
    say(&format!("memory of the server with {KEYS} keys, each of which was called twice:"));
    let without = used(programs, &Keys::without_limits(KEYS)?)?;
    say(&format!("  without limits: {without:.1} MiB"));
    let with = used(programs, &Keys::with_three_limits(KEYS)?)?;
    let each = (with - without) * 1024.0 * 1024.0 / KEYS as f64;
    say(&format!("  with three limits each: {with:.1} MiB, {each:.0} bytes more a key"));
    Ok(())
}

fn used(programs: &Programs, keys: &Keys) -> Result<f64, Failed> {
    let server = programs.serve_on("0,1", &keys.database(), keys.folder(), &[])?;
    let mut connection = Connection::open(server.address)?;
    for key in keys.secrets.iter().chain(&keys.secrets) {
        let status = connection.send(&request("GET", "/authz?scope=contacts:read", key, ""))?.status;
        if status != 200 {
            return Err(format!("a key is answered by {status}").into());
        }
    }
    server.memory_mib()
}
