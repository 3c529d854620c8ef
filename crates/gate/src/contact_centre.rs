//! The routes of the contact centre: each right has paths of its own.

use model::{AcceptedEnvironment, Bearers, InvalidRoute, Route, Scope};

/// Methods, a path below `/v1`, and the only right that it asks for. An empty one is any valid key.
type Row = (&'static [&'static str], &'static str, &'static str);

const GET: &[&str] = &["GET", "HEAD"];
const POST: &[&str] = &["POST"];
const PATCH: &[&str] = &["PATCH"];
const PUT: &[&str] = &["PUT"];
const DELETE: &[&str] = &["DELETE"];

/// The sound of a recording.
const RECORDING: &str = "/recordings/{id}/content";
/// How the paths of all streams begin.
const STREAMS: &str = "/stream/";
/// How the paths of all webhooks begin. One lives as long as its key, and so would be more than a derived token may make or keep.
const WEBHOOKS: [&str; 2] = ["/agent-states/webhooks", "/call-webhooks"];

const ROWS: &[Row] = &[
    (GET, "/contacts/lookup", "contacts:read"),
    (GET, "/contacts", "contacts:read"),
    (GET, "/contacts/{id}", "contacts:read"),
    (POST, "/contacts", "contacts:write"),
    (PATCH, "/contacts/{id}", "contacts:write"),
    (PUT, "/contacts/by-external-id/{system}/{id}", "contacts:write"),
    (GET, "/campaigns", "contacts:read"),
    (GET, "/leads", "contacts:read"),
    (POST, "/leads/batch", "contacts:write"),
    (PATCH, "/leads/{id}", "contacts:write"),
    (GET, "/calls", "calls:read"),
    (GET, "/calls/{id}", "calls:read"),
    (GET, "/calls/{id}/events", "calls:read"),
    (GET, "/calls/by-root/{root_id}", "calls:read"),
    (POST, "/calls", "calls:make"),
    (POST, "/calls/{id}/hangup", "calls:make"),
    (POST, "/calls/{id}/transfer", "calls:make"),
    (POST, "/calls/{id}/hold", "calls:make"),
    (POST, "/calls/{id}/resume", "calls:make"),
    (POST, "/calls/{id}/recording/pause", "calls:make"),
    (POST, "/calls/{id}/recording/resume", "calls:make"),
    (GET, "/wrap-codes", "wraps:read"),
    (GET, "/wraps", "wraps:read"),
    (GET, "/calls/{id}/wrap", "wraps:read"),
    (PUT, "/calls/{id}/wrap", "wraps:write"),
    (GET, "/recordings", "recordings:read"),
    (GET, "/recordings/{id}", "recordings:read"),
    (GET, RECORDING, "recordings:read"),
    (GET, "/agents", "agents:read"),
    (GET, "/agents/{id}", "agents:read"),
    (GET, "/agents/{id}/states", "agents:read"),
    (PUT, "/agents/{id}/state", "users:impersonate"),
    (POST, "/sessions/proxy", "users:impersonate"),
    (DELETE, "/sessions/proxy/{id}", "users:impersonate"),
    (GET, "/queues", "queues:read"),
    (GET, "/queues/{id}", "queues:read"),
    (GET, "/live/queues", "live:read"),
    (GET, "/live/queues/{id}", "live:read"),
    (GET, "/live/queues/{id}/expected-wait", "live:read"),
    (POST, "/live/tokens", "live:read"),
    (GET, "/metrics/queues", "metrics:read"),
    (GET, "/metrics/agents", "metrics:read"),
    (GET, "/metrics/summary", "metrics:read"),
    (GET, "/reports", "reports:read"),
    (GET, "/reports/{name}", "reports:read"),
    (GET, "/data", "data:read"),
    (GET, "/data/{table}", "data:read"),
    (POST, "/data/{table}", "data:write"),
    (GET, "/stream/agent-states", "agent-states:subscribe"),
    (GET, "/agent-states/snapshot", "agent-states:subscribe"),
    (GET, "/agent-states/events", "agent-states:subscribe"),
    (GET, "/agent-states/webhooks", "agent-states:subscribe"),
    (POST, "/agent-states/webhooks", "agent-states:subscribe"),
    (GET, "/agent-states/webhooks/{id}", "agent-states:subscribe"),
    (PATCH, "/agent-states/webhooks/{id}", "agent-states:subscribe"),
    (DELETE, "/agent-states/webhooks/{id}", "agent-states:subscribe"),
    (POST, "/agent-states/webhooks/{id}/rotate-secret", "agent-states:subscribe"),
    (POST, "/agent-states/webhooks/{id}/test", "agent-states:subscribe"),
    (GET, "/agent-states/webhooks/{id}/deliveries", "agent-states:subscribe"),
    (POST, "/agent-states/webhooks/{id}/redeliver", "agent-states:subscribe"),
    (GET, "/stream/calls", "calls:read"),
    (GET, "/live-calls", "calls:read"),
    (GET, "/call-events", "calls:read"),
    (GET, "/call-webhooks", "calls:read"),
    (POST, "/call-webhooks", "calls:read"),
    (GET, "/call-webhooks/{id}", "calls:read"),
    (PATCH, "/call-webhooks/{id}", "calls:read"),
    (DELETE, "/call-webhooks/{id}", "calls:read"),
    (POST, "/call-webhooks/{id}/rotate-secret", "calls:read"),
    (POST, "/call-webhooks/{id}/test", "calls:read"),
    (GET, "/call-webhooks/{id}/deliveries", "calls:read"),
    (POST, "/call-webhooks/{id}/redeliver", "calls:read"),
    (GET, "/stream/queues", "live:read"),
    (GET, "/openapi.json", ""),
    (GET, "/asyncapi.json", ""),
    (GET, "/changes", ""),
];

/// Made-up data alone has these.
const SANDBOX: &[Row] = &[
    (GET, "/sandbox", ""),
    (POST, "/sandbox/calls", ""),
    (GET, "/sandbox/worlds", ""),
    (POST, "/sandbox/worlds", ""),
    (GET, "/sandbox/clock", ""),
    (POST, "/sandbox/clock", ""),
    (POST, "/sandbox/faults", ""),
    (POST, "/sandbox/reset", ""),
    (POST, "/sandbox/conformance", ""),
    (GET, "/sandbox/conformance", ""),
    (GET, "/live/accuracy", ""),
];

/// All of them, with their base.
pub(crate) fn routes() -> Result<Vec<Route>, InvalidRoute> {
    let everywhere = ROWS.iter().map(|row| (row, None));
    let sandbox = SANDBOX.iter().map(|row| (row, Some(AcceptedEnvironment::Test)));
    let mut routes = Vec::with_capacity(2 * (ROWS.len() + SANDBOX.len()));
    for ((methods, path, scope), environment) in everywhere.chain(sandbox) {
        let scopes: Vec<_> = Scope::parse(scope).into_iter().collect();
        for method in *methods {
            let route = Route::new(method, &format!("/v1{path}"), scopes.clone())?.accepting(environment);
            let route = route.of_recordings(*path == RECORDING).of_streams(path.starts_with(STREAMS));
            let is_of_webhooks = WEBHOOKS.iter().any(|begin| path.starts_with(begin));
            routes.push(if is_of_webhooks { route.of_bearers(Bearers::KeysAlone) } else { route });
        }
    }
    Ok(routes)
}

#[cfg(test)]
mod tests {
    use model::{Catalogue, RawPath, RouteTable};

    use super::*;

    #[test]
    fn every_right_is_in_the_catalogue_and_no_two_routes_match_the_same() {
        let known = Catalogue::with(Vec::new()).unwrap();
        for (_, path, scope) in ROWS.iter().chain(SANDBOX) {
            assert!(scope.is_empty() || known.iter().any(|(name, _)| name == *scope), "{path} {scope}");
        }
        RouteTable::new(routes().unwrap()).unwrap();
    }

    #[test]
    fn a_call_needs_the_right_of_its_path() {
        let table = RouteTable::new(routes().unwrap()).unwrap();
        for (call, expected) in [
            ("GET /v1/contacts/lookup", Some("contacts:read")),
            ("HEAD /v1/recordings/0199/content", Some("recordings:read")),
            ("POST /v1/calls", Some("calls:make")),
            ("GET /v1/calls/by-root/0199", Some("calls:read")),
            ("PUT /v1/calls/0199/wrap", Some("wraps:write")),
            ("GET /v1/openapi.json", Some("")),
            ("GET /v1/sandbox", Some("")),
            ("DELETE /v1/calls", None),
            ("POST /v1/calls/0199/wrap", None),
            ("GET /v2/calls", None),
            ("GET /v1", None),
        ] {
            let (method, path) = call.split_once(' ').unwrap();
            let found = table.resolve(method, RawPath::parse(path.as_bytes()).unwrap()).unwrap();
            let scopes =
                found.map(|route| route.scopes().iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" "));
            assert_eq!(scopes.as_deref(), expected, "{call}");
        }
        let recording = table.resolve("GET", RawPath::parse(b"/v1/recordings/0199/content").unwrap()).unwrap();
        assert!(recording.unwrap().is_recording());
        for (path, expected) in [
            ("/v1/stream/calls", true),
            ("/v1/stream/agent-states", true),
            ("/v1/stream/queues", true),
            ("/v1/calls", false),
            ("/v1/call-events", false),
        ] {
            let route = table.resolve("GET", RawPath::parse(path.as_bytes()).unwrap()).unwrap().unwrap();
            assert_eq!(route.is_stream(), expected, "{path}");
        }
        let alone = routes().unwrap().into_iter().filter(|route| route.bearers() == Bearers::KeysAlone);
        let alone: Vec<_> = alone.map(|route| route.to_string()).collect();
        // Nine rows of each kind, of which three are `GET` with `HEAD`.
        assert_eq!(alone.len(), 2 * 12, "{alone:?}");
        assert!(alone.iter().all(|route| route.contains("webhooks")), "{alone:?}");
        let sandbox = table.resolve("GET", RawPath::parse(b"/v1/sandbox").unwrap()).unwrap().unwrap();
        assert_eq!(sandbox.environment(), Some(AcceptedEnvironment::Test));
    }
}
