//! The generator: wrk, with a script that asks about one key after the other.

use std::{fs, process::Command};

use super::keys::Keys;
use crate::{Failed, VERIFY, forward_auth::ROUTED, process::Server};

/// A call, in which `KEY` stands for the key that is asked about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    /// A proxy that names the scope that the call needs.
    ByScope,
    /// A proxy that names the original request.
    ByRoute,
    /// A program that asks about another's key.
    Verify,
    /// A client that calls the API behind a gateway.
    Forwarded,
}

/// The load that wrk puts on a server.
#[derive(Clone, Copy)]
pub(crate) struct Load {
    pub(crate) call: Call,
    pub(crate) connections: u32,
    pub(crate) threads: u32,
    /// Where wrk runs.
    pub(crate) cores: &'static str,
}

/// What wrk saw; latencies in microseconds.
pub(crate) struct Measured {
    pub(crate) calls: f64,
    pub(crate) seconds: f64,
    pub(crate) p50: f64,
    pub(crate) p99: f64,
}

impl Load {
    pub(crate) fn run(self, server: &Server, keys: &Keys, seconds: u32) -> Result<Measured, Failed> {
        let script = keys.folder().join("load.lua");
        fs::write(&script, self.script(keys))?;
        let output = Command::new("taskset")
            .args(["-c", self.cores, "wrk"])
            .args(["-t", &self.threads.to_string(), "-c", &self.connections.to_string()])
            .args(["-d", &format!("{seconds}s"), "-s"])
            .arg(&script)
            .arg(format!("http://{}", server.address))
            .output()?;
        let printed = String::from_utf8_lossy(&output.stdout);
        let line = printed.lines().find_map(|line| line.strip_prefix("measured "));
        let line = line.ok_or_else(|| format!("wrk failed: {printed}{}", String::from_utf8_lossy(&output.stderr)))?;
        let numbers = line.split(' ').map(str::parse).collect::<Result<Vec<f64>, _>>()?;
        let [calls, micros, p50, p99, failed] = numbers[..] else { return Err("wrk said something else".into()) };
        if failed > 0.0 || calls == 0.0 {
            return Err(format!("{failed} calls failed of {calls}").into());
        }
        Ok(Measured { calls, seconds: micros / 1e6, p50, p99 })
    }

    /// In Lua. Every request is made before the first is sent; each thread begins at another key.
    fn script(self, keys: &Keys) -> String {
        let (method, path, headers, body) = match self.call {
            Call::ByScope => ("GET", "/authz?scope=contacts:read", String::new(), "nil".to_owned()),
            Call::ByRoute => {
                let named = format!(r#"["X-Original-Method"] = "GET", ["X-Original-URI"] = "{ROUTED}""#);
                ("GET", "/authz", named, "nil".to_owned())
            }
            Call::Forwarded => ("GET", ROUTED, String::new(), "nil".to_owned()),
            Call::Verify => {
                let caller = &keys.caller;
                let headers =
                    format!(r#"["Authorization"] = "Bearer {caller}", ["Content-Type"] = "application/json""#);
                let body = r#"'{"key":"' .. key .. '","scopes":["contacts:read"]}'"#;
                ("POST", VERIFY, headers, body.to_owned())
            }
        };
        let list = keys.list();
        let list = list.display();
        format!(
            r#"
local threads, requests, at = 0, {{}}, 0
function setup(thread)
  thread:set("first", threads)
  threads = threads + 1
end
function init()
  for key in io.lines("{list}") do
    local headers = {{ {headers} }}
    headers["Authorization"] = headers["Authorization"] or "Bearer " .. key
    requests[#requests + 1] = wrk.format("{method}", "{path}", headers, {body})
  end
  at = math.floor(first * #requests / 2)
end
function request()
  at = at % #requests + 1
  return requests[at]
end
function done(summary, latency)
  local failed = summary.errors
  failed = failed.connect + failed.read + failed.write + failed.status
  local p50, p99 = latency:percentile(50), latency:percentile(99)
  io.write(string.format("measured %d %d %d %d %d\n", summary.requests, summary.duration, p50, p99, failed))
end
"#
        )
    }
}
