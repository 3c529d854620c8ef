//! The one list of what can be asked. Router, rights and the published description are made of it.

use crate::{
    endpoints::{
        accuracy, agents, calls, campaigns, changes, conformance, contacts, data, data_write, leads, live, lookup,
        make_call, metrics, queues, recording_content, recordings, reports, sandbox, sessions, verbs, wraps,
    },
    operation::{Operation, operations},
    push,
};

/// What is asked and answered, push aside.
#[rustfmt::skip]
pub static OPERATIONS: &[Operation] = operations! {
    GET "/contacts/lookup" "contacts:read" => lookup::get, "Find whose a phone number is, in any notation", ["phone", "region"], "" -> "LookUp";
    GET "/contacts" "contacts:read" => contacts::list, "List contacts", ["search", "external_id", "changed_since", "cursor", "limit"], "" -> "ContactPage";
    POST "/contacts" "contacts:write" => contacts::create, "Enter a contact", [], "ContactForm" -> "Contact";
    GET "/contacts/{id}" "contacts:read" => contacts::get, "Read a contact", [], "" -> "Contact";
    PATCH "/contacts/{id}" "contacts:write" => contacts::patch, "Change some of a contact", [], "ContactPatch" -> "Contact";
    PUT "/contacts/by-external-id/{system}/{external_id}" "contacts:write" => contacts::put, "Enter or write the contact that another system knows by an id", [], "ContactForm" -> "Contact";
    GET "/campaigns" "contacts:read" => campaigns::list, "List campaigns", ["changed_since", "cursor", "limit"], "" -> "CampaignPage";
    GET "/leads" "contacts:read" => leads::list, "List leads", ["campaign_id", "status", "changed_since", "cursor", "limit"], "" -> "LeadPage";
    POST "/leads/batch" "contacts:write" => leads::batch, "Enter or write up to 1000 leads", [], "LeadBatch" -> "LeadResults";
    PATCH "/leads/{id}" "contacts:write" => leads::patch, "Change some of a lead", [], "LeadPatch" -> "Lead";
    GET "/calls" "calls:read" => calls::list, "List legs of calls", ["from", "to", "by", "queue_id", "agent_id", "contact_id", "phone", "state", "changed_since", "cursor", "limit"], "" -> "CallPage";
    POST "/calls" "calls:make" => make_call::post, "Have an agent call somebody", [], "CallForm" -> "Call";
    GET "/calls/{id}" "calls:read" => calls::get, "Read a leg", [], "" -> "Call";
    GET "/calls/{id}/events" "calls:read" => calls::events, "Read what happened to a leg", ["cursor", "limit"], "" -> "CallEvents";
    GET "/calls/by-root/{root_id}" "calls:read" => calls::by_root, "Read all legs of an interaction", [], "" -> "CallList";
    POST "/calls/{id}/hangup" "calls:make" => verbs::hangup, "Hang up for the agent", [], "Nothing" -> "Call";
    POST "/calls/{id}/transfer" "calls:make" => verbs::transfer, "Pass the customer on", [], "TransferForm" -> "Call";
    POST "/calls/{id}/hold" "calls:make" => verbs::hold, "Put the customer on hold", [], "Nothing" -> "Call";
    POST "/calls/{id}/resume" "calls:make" => verbs::resume, "Take the customer off hold", [], "Nothing" -> "Call";
    POST "/calls/{id}/recording/pause" "calls:make" => verbs::pause_recording, "Stop recording for a while", [], "PauseForm" -> "Call";
    POST "/calls/{id}/recording/resume" "calls:make" => verbs::resume_recording, "Go on with recording", [], "Nothing" -> "Call";
    GET "/wrap-codes" "wraps:read" => wraps::codes, "List what a wrap can say", [], "" -> "WrapCodes";
    GET "/wraps" "wraps:read" => wraps::list, "List wraps", ["changed_since", "cursor", "limit"], "" -> "WrapPage";
    GET "/calls/{id}/wrap" "wraps:read" => wraps::get, "Read what was noted of a leg", [], "" -> "Wrap";
    PUT "/calls/{id}/wrap" "wraps:write" => wraps::put, "Note what a leg came to, also after it was closed", [], "WrapForm" -> "Wrap";
    GET "/recordings" "recordings:read" => recordings::list, "List recordings", ["call_id", "root_id", "agent_id", "from", "to", "changed_since", "cursor", "limit"], "" -> "RecordingPage";
    GET "/recordings/{id}" "recordings:read" => recordings::get, "Read what is known of a recording", [], "" -> "Recording";
    GET "/recordings/{id}/content" "recordings:read" => recording_content::get, "Download a recording as WAV, or a range of it", [], "" -> "";
    GET "/agents" "agents:read" => agents::list, "List agents", ["changed_since", "cursor", "limit"], "" -> "AgentPage";
    GET "/agents/{id}" "agents:read" => agents::get, "Read an agent", [], "" -> "Agent";
    GET "/agents/{id}/states" "agents:read" => agents::states, "Read what an agent did", ["from", "to", "cursor", "limit"], "" -> "AgentStates";
    PUT "/agents/{id}/state" "users:impersonate" => agents::put_state, "Have an agent want something", [], "StateForm" -> "Agent";
    POST "/sessions/proxy" "users:impersonate" => sessions::begin, "Sign in as a proxy for an agent", [], "SessionForm" -> "Session";
    DELETE "/sessions/proxy/{id}" "users:impersonate" => sessions::end, "End a proxy session", [], "" -> "";
    GET "/queues" "queues:read" => queues::list, "List queues", ["changed_since", "cursor", "limit"], "" -> "QueuePage";
    GET "/queues/{id}" "queues:read" => queues::get, "Read a queue", [], "" -> "Queue";
    GET "/live/queues" "live:read" => live::list, "Read all queues at this moment", [], "" -> "LiveQueueList";
    GET "/live/queues/{id}" "live:read" => live::get, "Read a queue at this moment", [], "" -> "LiveQueue";
    GET "/live/queues/{id}/expected-wait" "live:read" => live::expected, "Ask how long a caller is going to wait", ["position"], "" -> "ExpectedWait";
    GET "/metrics/queues" "metrics:read" => metrics::queues, "Read figures of queues by intervals", ["queue_id", "queue", "from", "to", "length", "timezone", "basis", "short_abandons", "as_of_seq", "changed_since", "cursor", "limit"], "" -> "QueueRows";
    GET "/metrics/agents" "metrics:read" => metrics::agents, "Read figures of agents by intervals", ["agent_id", "team", "from", "to", "length", "timezone", "basis", "short_abandons", "as_of_seq", "changed_since", "cursor", "limit"], "" -> "AgentRows";
    GET "/metrics/summary" "metrics:read" => metrics::total, "Read figures of a whole range", ["from", "to", "timezone", "basis", "short_abandons", "as_of_seq"], "" -> "Summary";
    GET "/reports" "reports:read" => reports::list, "List reports", [], "" -> "Reports";
    GET "/reports/{name}" "reports:read" => reports::get, "Read a report of a day, as JSON or CSV", ["date", "timezone", "format"], "" -> "Report";
    GET "/data" "data:read" => data::list, "List tables and their columns", [], "" -> "Tables";
    GET "/data/{table}" "data:read" => data::get, "Download a table whole, as NDJSON, CSV or Parquet", ["from", "to", "by", "changed_since", "format"], "" -> "";
    POST "/data/{table}" "data:write" => data_write::post, "Write rows: NDJSON in, NDJSON out", [], "" -> "";
    GET "/changes" "" => changes::list, "Read how this API has changed", [], "" -> "Changes";
    GET "/sandbox" "" sandbox => sandbox::get, "Read which world the key is of", [], "" -> "World";
    POST "/sandbox/calls" "" sandbox => sandbox::call, "Have somebody call a queue", [], "ArrivingForm" -> "Call";
    GET "/sandbox/worlds" "" sandbox => sandbox::worlds, "List worlds", [], "" -> "Worlds";
    POST "/sandbox/worlds" "" sandbox => sandbox::make_world, "Make the world of the key", [], "WorldForm" -> "MadeWorld";
    GET "/sandbox/clock" "" sandbox => sandbox::clock, "Read the clock", [], "" -> "Clock";
    POST "/sandbox/clock" "" sandbox => sandbox::set_clock, "Pause, resume, step, jump or speed up the clock", [], "ClockForm" -> "Clock";
    POST "/sandbox/conformance" "" sandbox => conformance::post, "Have things go wrong for the key, and see how it copes", [], "ConformanceForm" -> "Conformance";
    GET "/sandbox/conformance" "" sandbox => conformance::get, "Read how the key has coped, check by check", [], "" -> "Conformance";
    POST "/sandbox/reset" "" sandbox => sandbox::reset, "Begin the world anew", [], "ResetForm" -> "World";
    GET "/live/accuracy" "" sandbox => accuracy::get, "Read how good expected waits were yesterday", [], "" -> "Accuracy";
};

/// All of them, push included.
pub(crate) fn all() -> impl Iterator<Item = &'static Operation> {
    OPERATIONS.iter().chain(push::OPERATIONS)
}
