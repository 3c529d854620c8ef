//! Days on which clocks change: rows by local clocks, whose sums are those of UTC.

use contact_centre::{
    event::Body,
    metrics::{Basis, QueueFigures, QueueRow, Terms, intervals, queue_rows, span, summary},
};
use model::{IntervalLength, TimeZone};

use crate::script::{ANNA, SALES, Script, call_id, completed, inbound, sales, seen};

/// A caller every seven minutes for three days around the middle of one.
fn busy(around: model::Instant) -> Script {
    let mut script = Script::default();
    for n in 0..600_u64 {
        let came = around.plus_millis((i64::try_from(n).unwrap() - 300) * 420_000);
        let id = call_id(1 + u128::from(n));
        let later = |seconds: i64| came.plus_millis(seconds * 1_000);
        script.tell(id, came, [Body::Started(Box::new(inbound(id))), Body::Queued(SALES)]);
        if n % 3 == 0 {
            script.tell(id, later(7 + i64::try_from(n % 40).unwrap()), [Body::Abandoned, Body::Closed]);
        } else {
            script
                .tell(id, later(5), [Body::Offered(ANNA)])
                .tell(id, later(12), [Body::Answered { recorded: false }])
                .tell(id, later(12 + 60 * i64::try_from(n % 20).unwrap()), [completed()])
                .tell(id, later(1_300), [Body::Wrapped, Body::Closed]);
        }
    }
    script
}

fn sum(rows: &[QueueRow<'_>]) -> QueueFigures {
    let mut sum = QueueFigures::default();
    for row in rows {
        sum.add(&row.figures);
    }
    sum
}

#[test]
fn rows_of_a_day_follow_local_clocks_and_add_up_to_it() {
    for (name, day, quarters, first) in [
        ("Australia/Sydney", "2026-04-05", 100, "2026-04-05T00:00:00.000+11:00"),
        ("Australia/Sydney", "2026-10-04", 92, "2026-10-04T00:00:00.000+10:00"),
        ("Australia/Lord_Howe", "2026-04-05", 98, "2026-04-05T00:00:00.000+11:00"),
        ("Australia/Lord_Howe", "2026-10-04", 94, "2026-10-04T00:00:00.000+10:30"),
        ("Australia/Adelaide", "2026-04-05", 100, "2026-04-05T00:00:00.000+10:30"),
        ("Australia/Adelaide", "2026-03-02", 96, "2026-03-02T00:00:00.000+10:30"),
    ] {
        let timezone: TimeZone = name.parse().unwrap();
        let day = day.parse().unwrap();
        let (start, end) = (timezone.start_of(day), timezone.end_of(day));
        let now = end.plus_millis(3 * 86_400_000);
        let script = busy(start.plus_millis(43_200_000));
        let (queue, calls) = (sales(), script.legs_at(now));
        for basis in [Basis::Event, Basis::Offered] {
            let terms = Terms { basis, timezone: timezone.clone(), ..Terms::default() };
            // What UTC's clocks say of the same span, without any interval.
            let whole = summary([&queue], &seen(&calls), span(start, end), &terms, now).total.figures;
            assert!(whole.offered > 190, "{name}");
            for length in IntervalLength::ALL {
                let of_day: Vec<_> = intervals(&timezone, length, start, end).collect();
                let rows = queue_rows(&queue, seen(&calls), &of_day, &terms, now);
                assert_eq!(sum(&rows), whole, "{name} {length} {basis}");
                if length == IntervalLength::Quarter {
                    assert_eq!(rows.len(), quarters, "{name}");
                    assert_eq!(serde_json::to_value(&rows[0]).unwrap()["local_start"], first);
                }
            }
        }
    }
}

#[test]
fn a_fixed_offset_is_no_time_zone() {
    for bad in ["+10:00", "UTC+10", "GMT+10", "EST5EDT4", "Australia/Nowhere", ""] {
        assert!(bad.parse::<TimeZone>().is_err(), "{bad}");
    }
}
