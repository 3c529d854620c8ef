use serde::{Serialize, Serializer, ser::SerializeStruct};
use serde_json::Value;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// Text.
    Text,
    /// A number in E.164, which is no formula, though it begins with `+`.
    Phone,
    /// A whole number.
    Integer,
    /// Any number.
    Real,
    /// Yes or no.
    Flag,
    /// Milliseconds since 1970, UTC; RFC 3339 in CSV.
    Instant,
    /// A list or an object, as JSON.
    Json,
}

/// A column, and where its value is in a row of NDJSON.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) pointer: &'static str,
    pub(crate) kind: Kind,
}

impl Column {
    /// Its value in a row. Nothing in these pointers is escaped, so that no text is made for each cell.
    pub(super) fn of<'a>(&self, row: &'a Value) -> Option<&'a Value> {
        self.pointer.split('/').skip(1).try_fold(row, |value, name| match value {
            Value::Object(members) => members.get(name),
            Value::Array(items) => items.get(name.parse::<usize>().ok()?),
            _ => None,
        })
    }
}

impl Serialize for Column {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut column = serializer.serialize_struct("Column", 3)?;
        column.serialize_field("name", self.name)?;
        column.serialize_field("type", &self.kind)?;
        column.serialize_field("path", self.pointer)?;
        column.end()
    }
}

/// A table.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    /// What one row is.
    pub(crate) row: &'static str,
    /// Which instant of a row a range is about.
    pub(crate) by: &'static str,
    /// Whether programs can write rows.
    pub(crate) writable: bool,
    pub(crate) columns: &'static [Column],
}

impl Table {
    /// The table of a name.
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        TABLES.iter().find(|table| table.name == name)
    }
}

macro_rules! columns {
    ($($kind:ident $name:literal $pointer:literal,)*) => {
        &[$(Column { name: $name, pointer: $pointer, kind: Kind::$kind }),*]
    };
}

/// Every table.
pub(crate) static TABLES: &[Table] = &[
    Table {
        name: "calls",
        row: "A leg.",
        by: "started_at, or disconnected_at with by=ended, or updated_at with by=changed",
        writable: false,
        columns: columns! {
            Text "id" "/id",
            Text "root_id" "/root_id",
            Text "parent_id" "/parent_id",
            Text "relation" "/relation",
            Text "direction" "/direction",
            Phone "from_e164" "/from/e164",
            Text "from_raw" "/from/raw",
            Phone "to_e164" "/to/e164",
            Text "to_raw" "/to/raw",
            Text "queue_id" "/queue/id",
            Text "queue_name" "/queue/name",
            Text "agent_id" "/agent/id",
            Text "agent_name" "/agent/display_name",
            Text "contact_id" "/contact_id",
            Text "campaign_id" "/campaign_id",
            Text "lead_id" "/lead_id",
            Text "state" "/state",
            Text "outcome" "/outcome",
            Text "abandoned_in" "/abandoned_in",
            Text "flowed_out_to" "/flowed_out_to",
            Text "disconnected_by" "/disconnected_by",
            Integer "cause_q850" "/cause_q850",
            Instant "started_at" "/instants/started_at",
            Instant "ivr_ended_at" "/instants/ivr_ended_at",
            Instant "enqueued_at" "/instants/enqueued_at",
            Instant "dequeued_at" "/instants/dequeued_at",
            Instant "offered_at" "/instants/offered_at",
            Instant "answered_at" "/instants/answered_at",
            Instant "disconnected_at" "/instants/disconnected_at",
            Instant "wrap_ended_at" "/instants/wrap_ended_at",
            Integer "ivr_ms" "/durations/ivr_ms",
            Integer "wait_ms" "/durations/wait_ms",
            Integer "ring_ms" "/durations/ring_ms",
            Integer "dial_ms" "/durations/dial_ms",
            Integer "talk_ms" "/durations/talk_ms",
            Integer "hold_ms" "/durations/hold_ms",
            Integer "wrap_ms" "/durations/wrap_ms",
            Integer "handle_ms" "/durations/handle_ms",
            Json "holds" "/holds",
            Json "recording_ids" "/recording_ids",
            Text "wrap_code" "/wrap/code",
            Integer "revision" "/revision",
            Instant "updated_at" "/updated_at",
            Integer "seq" "/seq",
        },
    },
    Table {
        name: "offers",
        row: "One ringing of a leg at one agent.",
        by: "offered_at",
        writable: false,
        columns: columns! {
            Text "call_id" "/call_id",
            Integer "number" "/number",
            Text "queue_id" "/queue_id",
            Text "agent_id" "/agent/id",
            Text "agent_name" "/agent/display_name",
            Instant "offered_at" "/offered_at",
            Instant "ended_at" "/ended_at",
            Text "result" "/result",
            Integer "seq" "/seq",
        },
    },
    Table {
        name: "agents",
        row: "An agent.",
        by: "updated_at",
        writable: false,
        columns: columns! {
            Text "id" "/id",
            Text "display_name" "/display_name",
            Text "extension" "/extension",
            Text "email" "/email",
            Text "timezone" "/timezone",
            Text "team" "/team",
            Json "skills" "/skills",
            Text "state" "/state",
            Text "routing_state" "/routing_state",
            Text "reason" "/reason",
            Text "activity" "/activity",
            Instant "state_since" "/state_since",
            Instant "created_at" "/created_at",
            Instant "updated_at" "/updated_at",
            Integer "seq" "/seq",
        },
    },
    Table {
        name: "agent_states",
        row: "A span in which what an agent did was the same.",
        by: "started_at and ended_at: spans that lie in the range at least in part",
        writable: false,
        columns: columns! {
            Text "agent_id" "/agent_id",
            Text "state" "/state",
            Text "routing_state" "/routing_state",
            Text "reason" "/reason",
            Text "activity" "/activity",
            Instant "started_at" "/started_at",
            Instant "ended_at" "/ended_at",
            Integer "duration_ms" "/duration_ms",
        },
    },
    Table {
        name: "queues",
        row: "A queue.",
        by: "updated_at",
        writable: false,
        columns: columns! {
            Text "id" "/id",
            Text "name" "/name",
            Phone "number_e164" "/number/e164",
            Flag "open" "/open",
            Text "timezone" "/timezone",
            Integer "service_level_target_ms" "/service_level_target_ms",
            Integer "short_abandon_ms" "/short_abandon_ms",
            Integer "wrap_limit_ms" "/wrap_limit_ms",
            Integer "overflow_after_ms" "/overflow_after_ms",
            Integer "ring_limit_ms" "/ring_limit_ms",
            Integer "expected_handle_ms" "/expected_handle_ms",
            Integer "priority" "/priority",
            Instant "created_at" "/created_at",
            Instant "updated_at" "/updated_at",
            Integer "seq" "/seq",
        },
    },
    Table {
        name: "wraps",
        row: "What was noted of a leg.",
        by: "updated_at",
        writable: true,
        columns: columns! {
            Text "call_id" "/call_id",
            Text "code" "/code",
            Text "comments" "/comments",
            Json "data" "/data",
            Instant "callback_at" "/callback_at",
            Text "agent_id" "/by/agent_id",
            Text "key_id" "/by/key_id",
            Flag "late" "/late",
            Integer "revision" "/revision",
            Instant "created_at" "/created_at",
            Instant "updated_at" "/updated_at",
            Integer "seq" "/seq",
        },
    },
    Table {
        name: "recordings",
        row: "A recording, without its sound.",
        by: "created_at",
        writable: false,
        columns: columns! {
            Text "id" "/id",
            Text "call_id" "/call_id",
            Text "root_id" "/root_id",
            Text "agent_id" "/agent/id",
            Text "agent_name" "/agent/display_name",
            Text "status" "/status",
            Integer "duration_ms" "/duration_ms",
            Integer "size_bytes" "/size_bytes",
            Json "pauses" "/pauses",
            Instant "retain_until" "/retain_until",
            Instant "created_at" "/created_at",
            Instant "updated_at" "/updated_at",
            Integer "seq" "/seq",
        },
    },
    Table {
        name: "contacts",
        row: "A contact.",
        by: "updated_at",
        writable: true,
        columns: columns! {
            Text "id" "/id",
            Text "display_name" "/display_name",
            Text "company" "/company",
            Text "email" "/email",
            Phone "primary_e164" "/phones/0/e164",
            Json "phones" "/phones",
            Json "external_ids" "/external_ids",
            Text "timezone" "/timezone",
            Flag "do_not_call" "/do_not_call",
            Text "notes" "/notes",
            Instant "created_at" "/created_at",
            Instant "updated_at" "/updated_at",
            Integer "seq" "/seq",
        },
    },
    Table {
        name: "leads",
        row: "A person of a campaign.",
        by: "updated_at",
        writable: true,
        columns: columns! {
            Text "id" "/id",
            Text "campaign_id" "/campaign_id",
            Text "external_id" "/external_id",
            Text "contact_id" "/contact_id",
            Json "phones" "/phones",
            Text "timezone" "/timezone",
            Instant "not_before" "/not_before",
            Instant "not_after" "/not_after",
            Text "status" "/status",
            Json "attempts" "/attempts",
            Instant "created_at" "/created_at",
            Instant "updated_at" "/updated_at",
            Integer "seq" "/seq",
        },
    },
    Table {
        name: "events",
        row: "An event, as far as the log reaches back.",
        by: "timestamp",
        writable: false,
        columns: columns! {
            Integer "seq" "/seq",
            Text "id" "/id",
            Text "epoch" "/epoch",
            Text "type" "/type",
            Instant "timestamp" "/timestamp",
            Text "subject_kind" "/subject/kind",
            Text "subject_id" "/subject/id",
            Integer "subject_seq" "/subject_seq",
            Text "actor_kind" "/actor/kind",
            Text "actor_agent_id" "/actor/agent_id",
            Text "actor_key_id" "/actor/key_id",
            Json "data" "/data",
        },
    },
    Table {
        name: "queue_intervals",
        row: "A quarter of an hour of a queue, by the basis event.",
        by: "start and end: intervals that lie in the range at least in part",
        writable: false,
        columns: columns! {
            Text "queue_id" "/queue/id",
            Text "queue_name" "/queue/name",
            Instant "start" "/start",
            Instant "end" "/end",
            Text "local_start" "/local_start",
            Integer "offered_count" "/offered_count",
            Integer "answered_count" "/answered_count",
            Integer "abandoned_count" "/abandoned_count",
            Integer "short_abandoned_count" "/short_abandoned_count",
            Integer "flowed_out_count" "/flowed_out_count",
            Json "flowed_out_to" "/flowed_out_to",
            Integer "waiting_start_count" "/waiting_start_count",
            Integer "waiting_end_count" "/waiting_end_count",
            Integer "handled_count" "/handled_count",
            Integer "offers_not_answered_count" "/offers_not_answered_count",
            Integer "answered_in_target_count" "/answered_in_target_count",
            Integer "abandoned_in_target_count" "/abandoned_in_target_count",
            Integer "callback_in_target_count" "/callback_in_target_count",
            Integer "average_speed_of_answer_ms" "/average_speed_of_answer_ms",
            Integer "average_speed_of_answer_count" "/average_speed_of_answer_count",
            Integer "average_speed_of_answer_sum_ms" "/average_speed_of_answer_sum_ms",
            Integer "average_time_to_abandon_ms" "/average_time_to_abandon_ms",
            Integer "average_time_to_abandon_count" "/average_time_to_abandon_count",
            Integer "average_time_to_abandon_sum_ms" "/average_time_to_abandon_sum_ms",
            Real "abandon_ratio" "/abandon_ratio",
            Real "abandon_of_offered_ratio" "/abandon_of_offered_ratio",
            Real "service_level_answered_and_abandoned" "/service_level/answered_and_abandoned",
            Real "service_level_all_resolved" "/service_level/all_resolved",
            Real "service_level_ignore_abandoned_within" "/service_level/ignore_abandoned_within",
            Real "service_level_abandoned_within_met" "/service_level/abandoned_within_met",
            Real "service_level_answered_only" "/service_level/answered_only",
            Integer "talk_sum_ms" "/talk_sum_ms",
            Integer "hold_sum_ms" "/hold_sum_ms",
            Integer "dial_sum_ms" "/dial_sum_ms",
            Integer "call_time_ms" "/call_time_ms",
            Integer "call_time_count" "/call_time_count",
            Integer "call_time_sum_ms" "/call_time_sum_ms",
            Integer "wrap_time_ms" "/wrap_time_ms",
            Integer "wrap_time_count" "/wrap_time_count",
            Integer "wrap_sum_ms" "/wrap_time_sum_ms",
            Integer "average_handle_time_ms" "/average_handle_time_ms",
            Integer "average_handle_time_count" "/average_handle_time_count",
            Integer "handle_sum_ms" "/average_handle_time_sum_ms",
            Json "answered_within" "/answered_within",
            Json "abandoned_within" "/abandoned_within",
            Json "settings" "/settings",
            Flag "final" "/final",
            Integer "revision" "/revision",
            Instant "changed_at" "/changed_at",
            Integer "open_calls" "/open_calls",
        },
    },
    Table {
        name: "agent_intervals",
        row: "A quarter of an hour of an agent, by the basis event.",
        by: "start and end: intervals that lie in the range at least in part",
        writable: false,
        columns: columns! {
            Text "agent_id" "/agent/id",
            Text "agent_name" "/agent/display_name",
            Instant "start" "/start",
            Instant "end" "/end",
            Text "local_start" "/local_start",
            Integer "ready_ms" "/time/ready_ms",
            Integer "not_ready_ms" "/time/not_ready_ms",
            Json "not_ready" "/time/not_ready",
            Integer "offered_ms" "/time/offered_ms",
            Integer "talk_ms" "/time/talk_ms",
            Integer "hold_ms" "/time/hold_ms",
            Integer "dial_ms" "/time/dial_ms",
            Integer "consult_ms" "/time/consult_ms",
            Integer "wrap_ms" "/time/wrap_ms",
            Integer "offline_ms" "/time/offline_ms",
            Real "occupancy_ratio" "/occupancy_ratio",
            Integer "offers_count" "/offers_count",
            Integer "offers_not_answered_count" "/offers_not_answered_count",
            Integer "answered_count" "/answered_count",
            Integer "handled_count" "/handled_count",
            Integer "outbound_count" "/outbound_count",
            Integer "talk_sum_ms" "/talk_sum_ms",
            Integer "hold_sum_ms" "/hold_sum_ms",
            Integer "dial_sum_ms" "/dial_sum_ms",
            Integer "call_time_ms" "/call_time_ms",
            Integer "call_time_count" "/call_time_count",
            Integer "call_time_sum_ms" "/call_time_sum_ms",
            Integer "wrap_time_ms" "/wrap_time_ms",
            Integer "wrap_time_count" "/wrap_time_count",
            Integer "wrap_sum_ms" "/wrap_time_sum_ms",
            Integer "average_handle_time_ms" "/average_handle_time_ms",
            Integer "average_handle_time_count" "/average_handle_time_count",
            Integer "handle_sum_ms" "/average_handle_time_sum_ms",
            Flag "final" "/final",
            Integer "revision" "/revision",
            Instant "changed_at" "/changed_at",
            Integer "open_calls" "/open_calls",
        },
    },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;

    #[test]
    fn tables_and_columns_have_names_of_their_own() {
        let names: BTreeSet<_> = TABLES.iter().map(|table| table.name).collect();
        assert_eq!(names.len(), TABLES.len());
        for table in TABLES {
            let columns: BTreeSet<_> = table.columns.iter().map(|column| column.name).collect();
            assert_eq!(columns.len(), table.columns.len(), "{}", table.name);
        }
    }

    /// An average can't be added up without its sum and of how many it is, nor a service level be compared without its formula's name.
    #[test]
    fn an_average_has_its_count_and_sum_and_a_service_level_its_formula() {
        for table in TABLES.iter().filter(|table| table.name.ends_with("_intervals")) {
            let pointers: BTreeSet<_> = table.columns.iter().map(|column| column.pointer).collect();
            let averages = ["call_time", "wrap_time", "average_handle_time"];
            let of_queues = ["average_speed_of_answer", "average_time_to_abandon"];
            let of_queues = of_queues.into_iter().filter(|_| table.name == "queue_intervals");
            for average in averages.into_iter().chain(of_queues) {
                for part in ["ms", "count", "sum_ms"] {
                    assert!(
                        pointers.contains(format!("/{average}_{part}").as_str()),
                        "{}: {average}_{part}",
                        table.name
                    );
                }
            }
            for column in table.columns.iter().filter(|column| column.pointer.starts_with("/service_level")) {
                assert_eq!(column.name, column.pointer[1..].replace('/', "_"));
                assert!(column.pointer["/service_level".len()..].starts_with('/'), "{}", column.name);
            }
        }
    }

    #[test]
    fn columns_are_found_as_their_pointers_say() {
        let row = json!({"id": "1", "agent": {"id": null}, "phones": [{"e164": "+1"}], "start": 7});
        for column in TABLES.iter().flat_map(|table| table.columns) {
            assert_eq!(column.of(&row), row.pointer(column.pointer), "{}", column.pointer);
            assert!(!column.pointer.contains('~'), "{}", column.pointer);
        }
    }
}
