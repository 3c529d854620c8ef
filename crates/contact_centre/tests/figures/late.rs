//! Late wraps and changed settings: what moves, and what must not.

use contact_centre::{
    event::Body,
    id::CallId,
    metrics::{Terms, intervals, queue_rows},
    objects::{Queue, QueueSettings, SettingsSince, Wrap, WrittenBy},
};
use model::{Instant, IntervalLength, PeriodBounds, TimeZone};

use crate::script::{ANNA, SALES, Script, at, call_id, completed, inbound, sales, seen};

fn clock(time: &str) -> Instant {
    at(&format!("2026-03-02T{time}Z"))
}

fn quarters(from: &str, to: &str) -> Vec<PeriodBounds> {
    intervals(&TimeZone::UTC, IntervalLength::Quarter, clock(from), clock(to)).collect()
}

fn answered(script: &mut Script, id: CallId, came: &str, answered: &str, ended: &str, wrapped: &str) {
    script
        .tell(id, clock(came), [Body::Started(Box::new(inbound(id))), Body::Queued(SALES), Body::Offered(ANNA)])
        .tell(id, clock(answered), [Body::Answered { recorded: false }])
        .tell(id, clock(ended), [completed()])
        .tell(id, clock(wrapped), [Body::Wrapped, Body::Closed]);
}

#[test]
fn a_late_wrap_revises_the_rows_it_touches_and_no_others() {
    let id = call_id(1);
    let mut script = Script::default();
    answered(&mut script, id, "09:14:00", "09:14:10", "09:31:00", "09:31:20");
    answered(&mut script, call_id(2), "09:16:00", "09:16:05", "09:17:00", "09:17:20");
    let wrap = Wrap {
        code: "sale".into(),
        comments: None,
        data: std::collections::BTreeMap::new(),
        callback_at: None,
        by: WrittenBy::default(),
        late: true,
        revision: 0,
        created_at: clock("10:11:20"),
        written_at: clock("10:11:20"),
    };
    script.tell(id, clock("10:11:20"), [Body::WrapWritten(Box::new(wrap)), Body::Corrected]);
    let queue = sales();
    let revisions = |time: &str| {
        let calls = script.legs_at(clock(time));
        let terms = Terms::default();
        let rows = queue_rows(&queue, seen(&calls), &quarters("09:00:00", "09:45:00"), &terms, clock(time));
        rows.iter().map(|row| (row.finality.revision, row.finality.revised_seq > 0)).collect::<Vec<_>>()
    };
    assert_eq!(revisions("10:11:19"), [(0, false), (0, false), (0, false)]);
    assert_eq!(revisions("10:11:20"), [(1, true), (0, false), (1, true)]);
    let calls = script.legs_at(clock("10:11:20"));
    let terms = Terms::default();
    let rows = queue_rows(&queue, seen(&calls), &quarters("09:00:00", "09:15:00"), &terms, clock("10:11:20"));
    assert_eq!(rows[0].finality.changed_at, Some(clock("10:11:20")));
    assert!(rows[0].finality.is_final);
}

#[test]
fn a_new_target_leaves_the_morning_byte_for_byte() {
    let mut script = Script::default();
    answered(&mut script, call_id(1), "09:01:00", "09:01:15", "09:05:00", "09:05:10");
    // It came before noon and was answered after it: the old target is what it was promised.
    answered(&mut script, call_id(2), "11:59:55", "12:00:10", "12:05:00", "12:05:10");
    answered(&mut script, call_id(3), "12:06:00", "12:06:15", "12:09:00", "12:09:10");
    let (before, mut after) = (sales(), sales());
    let settings = QueueSettings { service_level_target_ms: 10_000, ..QueueSettings::DEFAULT };
    after.settings.push(SettingsSince { since: clock("12:00:00"), settings });
    let calls = script.legs_at(clock("13:00:00"));
    let told = |queue: &Queue, from: &str, to: &str| {
        let terms = Terms::default();
        let rows = queue_rows(queue, seen(&calls), &quarters(from, to), &terms, clock("13:00:00"));
        rows.iter().map(|row| serde_json::to_string(row).unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(told(&before, "08:00:00", "12:00:00"), told(&after, "08:00:00", "12:00:00"));
    let terms = Terms::default();
    let rows = queue_rows(&after, seen(&calls), &quarters("12:00:00", "12:30:00"), &terms, clock("13:00:00"));
    // Two were answered after 15 s: within 20 s, and not within 10 s.
    assert_eq!((rows[0].figures.answered, rows[0].figures.answered_in_target), (2, 1));
    // The row says by which settings: those of its start, and those of the caller who came before.
    let targets: Vec<_> = rows[0].settings.iter().map(|one| one.settings.service_level_target_ms).collect();
    assert_eq!(targets, [20_000, 10_000]);
    assert_eq!(rows[1].settings.len(), 1);
}
