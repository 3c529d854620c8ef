use std::sync::Arc;

use model::Instant;

use crate::{
    id::QueueId,
    objects::{OpeningHours, PhoneNumber, Queue, QueueSettings, SettingsSince, WrapCode},
    seed::Seed,
};

/// What a wrap can say.
pub const WRAP_CODES: [WrapCode; 9] = [
    WrapCode { code: "resolved", label: "Resolved", resolved: true },
    WrapCode { code: "information", label: "Information given", resolved: true },
    WrapCode { code: "order", label: "Order taken", resolved: true },
    WrapCode { code: "complaint", label: "Complaint noted", resolved: false },
    WrapCode { code: "callback", label: "Wants to be called back", resolved: false },
    WrapCode { code: "escalated", label: "Passed on", resolved: false },
    WrapCode { code: "sale_won", label: "Sold", resolved: true },
    WrapCode { code: "sale_lost", label: "Not interested", resolved: true },
    WrapCode { code: "other", label: "Other", resolved: false },
];

struct Plan {
    name: &'static str,
    number: &'static str,
    timezone: &'static str,
    target_s: i64,
    handle_s: i64,
    priority: u8,
    saturday: Option<(u8, u8)>,
    sunday: Option<(u8, u8)>,
}

const PLANS: [Plan; 6] = [
    plan("Sales", "+61280000101", "Australia/Sydney", 20, 270, 6, Some((9, 17)), Some((10, 16))),
    plan("Service", "+61280000102", "Australia/Sydney", 20, 300, 5, Some((9, 17)), Some((10, 16))),
    plan("Billing", "+61280000103", "Australia/Sydney", 30, 255, 4, Some((9, 13)), None),
    plan("Technical Support", "+61880000104", "Australia/Adelaide", 45, 480, 4, Some((9, 17)), Some((10, 16))),
    plan("Retention", "+61280000105", "Australia/Sydney", 15, 390, 8, None, None),
    plan("New Zealand", "+6498000106", "Pacific/Auckland", 20, 285, 5, Some((9, 17)), None),
];

#[expect(clippy::too_many_arguments, reason = "a row of the table above")]
const fn plan(
    name: &'static str,
    number: &'static str,
    timezone: &'static str,
    target_s: i64,
    handle_s: i64,
    priority: u8,
    saturday: Option<(u8, u8)>,
    sunday: Option<(u8, u8)>,
) -> Plan {
    Plan { name, number, timezone, target_s, handle_s, priority, saturday, sunday }
}

/// Six queues.
pub(super) fn made(seed: Seed, at: Instant) -> Vec<Queue> {
    (0..).zip(&PLANS).map(|(n, plan)| one(seed, n, plan, at)).collect()
}

fn one(seed: Seed, n: u64, plan: &Plan, at: Instant) -> Queue {
    let settings = QueueSettings {
        service_level_target_ms: plan.target_s * 1000,
        expected_handle_ms: plan.handle_s * 1000,
        priority: plan.priority,
        ..QueueSettings::DEFAULT
    };
    Queue {
        id: QueueId(seed.nth_id(at, "queue", n)),
        name: plan.name.into(),
        number: Arc::new(PhoneNumber::valid(plan.number)),
        timezone: plan.timezone.parse().unwrap_or(model::TimeZone::UTC),
        hours: OpeningHours { weekdays: (8, 20), saturday: plan.saturday, sunday: plan.sunday },
        open: false,
        settings: vec![SettingsSince { since: at, settings }],
        subject_seq: 0,
        seq: 0,
        created_at: at,
        updated_at: at,
    }
}
