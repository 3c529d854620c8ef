//! Sums of intervals, by both bases, of days that are made up.

use contact_centre::{
    event::{Body, Ending, TransferTarget},
    metrics::{Basis, QueueFigures, Terms, intervals, queue_rows, span, summary},
    objects::{DisconnectedBy, FlowedOutTo, OfferResult, Outcome},
};
use model::{Instant, IntervalLength, TimeZone};
use proptest::prelude::*;

use crate::script::{ANNA, BEN, CARA, SALES, Script, at, call_id, completed, inbound, sales, seen, transferred};

/// What becomes of a caller, in milliseconds from coming.
#[derive(Clone, Debug)]
pub(crate) enum Course {
    Answered { missed: bool, wait: i64, talk: i64, hold: i64, wrap: i64, transferred: bool },
    Abandoned { wait: i64, ringing: bool },
    FlowedOut { wait: i64, to: FlowedOutTo },
}

pub(crate) fn course() -> impl Strategy<Value = Course> {
    let answered = (any::<bool>(), 0..400_000_i64, 0..1_500_000_i64, 0..200_000_i64, 0..180_000_i64, any::<bool>());
    let answered = answered.prop_map(|(missed, wait, talk, hold, wrap, transferred)| Course::Answered {
        missed,
        wait,
        talk,
        hold,
        wrap,
        transferred,
    });
    let abandoned = (0..400_000_i64, any::<bool>()).prop_map(|(wait, ringing)| Course::Abandoned { wait, ringing });
    let places = prop::sample::select(FlowedOutTo::ALL.to_vec());
    let flowed = (0..400_000_i64, places).prop_map(|(wait, to)| Course::FlowedOut { wait, to });
    prop_oneof![3 => answered, 2 => abandoned, 1 => flowed]
}

pub(crate) fn tell(script: &mut Script, n: usize, came: Instant, course: &Course) {
    let id = call_id(1 + 2 * n as u128);
    let later = |ms: i64| came.plus_millis(ms);
    script.tell(id, came, [Body::Started(Box::new(inbound(id))), Body::Queued(SALES)]);
    match *course {
        Course::Answered { missed, wait, talk, hold, wrap, transferred: goes_on } => {
            if missed {
                script.tell(id, later(wait / 4), [Body::Offered(BEN)]);
                script.tell(id, later(wait / 2), [Body::OfferEnded(OfferResult::NoAnswer)]);
            }
            script.tell(id, later(wait * 3 / 4), [Body::Offered(ANNA)]).tell(
                id,
                later(wait),
                [Body::Answered { recorded: false }],
            );
            script.tell(id, later(wait + talk / 2), [Body::Held]).tell(
                id,
                later(wait + talk / 2 + hold),
                [Body::Resumed],
            );
            let end = wait + talk + hold;
            if goes_on {
                let child = call_id(2 + 2 * n as u128);
                let ending = Ending { outcome: Outcome::Transferred, by: DisconnectedBy::Agent, cause: 16 };
                let to = TransferTarget::Agent(CARA);
                script.tell(id, later(end), [Body::Transferred { to, child_id: child }, Body::Ended(ending)]);
                let starts = [Body::Started(Box::new(transferred(id, CARA))), Body::Offered(CARA)];
                script
                    .tell(child, later(end), starts)
                    .tell(child, later(end + 5_000), [Body::Answered { recorded: false }])
                    .tell(child, later(end + 5_000 + talk), [completed()])
                    .tell(child, later(end + 5_000 + talk + wrap), [Body::Wrapped, Body::Closed]);
            } else {
                script.tell(id, later(end), [completed()]);
            }
            script.tell(id, later(end + wrap), [Body::Wrapped, Body::Closed]);
        }
        Course::Abandoned { wait, ringing } => {
            if ringing {
                script.tell(id, later(wait / 2), [Body::Offered(ANNA)]);
                script.tell(id, later(wait), [Body::OfferEnded(OfferResult::Withdrawn)]);
            }
            script.tell(id, later(wait), [Body::Abandoned, Body::Closed]);
        }
        Course::FlowedOut { wait, to } => {
            script.tell(id, later(wait), [Body::FlowedOut(to), Body::Closed]);
        }
    }
}

fn sum<'a>(figures: impl IntoIterator<Item = &'a QueueFigures>) -> QueueFigures {
    let mut sum = QueueFigures::default();
    figures.into_iter().for_each(|figures| sum.add(figures));
    sum
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn intervals_add_up_to_their_day_and_both_bases_to_each_other(
        callers in prop::collection::vec((0..86_400_000_i64, course()), 1..60),
        now_ms in 0..100_000_000_i64,
        zone in prop::sample::select(vec!["UTC", "Australia/Sydney", "Australia/Lord_Howe", "Asia/Kathmandu"]),
    ) {
        let begin = at("2026-10-03T12:00:00Z");
        let mut script = Script::default();
        for (n, (came_ms, course)) in callers.iter().enumerate() {
            tell(&mut script, n, begin.plus_millis(*came_ms), course);
        }
        let timezone: TimeZone = zone.parse().unwrap();
        let queue = sales();
        // In the middle of things, and when all is over.
        let over = begin.plus_millis(2 * 86_400_000);
        for now in [begin.plus_millis(now_ms), over] {
            let calls = script.legs_at(now);
            let first = timezone.interval(IntervalLength::Day, begin).start;
            let last = timezone.interval(IntervalLength::Day, over).end;
            let mut by_basis = Vec::new();
            for basis in [Basis::Event, Basis::Offered] {
                let terms = Terms { basis, timezone: timezone.clone(), ..Terms::default() };
                let rows = |length| {
                    let all: Vec<_> = intervals(&timezone, length, first, last).collect();
                    queue_rows(&queue, seen(&calls), &all, &terms, now)
                };
                let days = rows(IntervalLength::Day);
                for length in [IntervalLength::Quarter, IntervalLength::Half, IntervalLength::Hour] {
                    let parts = rows(length);
                    for day in &days {
                        let of_day = parts.iter().filter(|row| day.interval.contains(row.interval.start));
                        prop_assert_eq!(sum(of_day.map(|row| &row.figures)), day.figures, "{} {}", length, basis);
                    }
                    for row in &parts {
                        let of = &row.figures;
                        let left = of.answered + of.abandoned + of.flowed_out;
                        if basis == Basis::Event && row.interval.start <= now {
                            prop_assert_eq!(of.offered + row.waiting_start, left + row.waiting_end);
                        }
                        if basis == Basis::Offered {
                            prop_assert_eq!(of.offered, left + of.open);
                        }
                    }
                    for pair in parts.windows(2).filter(|pair| pair[1].interval.start <= now) {
                        prop_assert_eq!(pair[0].waiting_end, pair[1].waiting_start);
                    }
                }
                let whole = summary([&queue], &seen(&calls), span(first, last), &terms, now);
                prop_assert_eq!(sum(days.iter().map(|row| &row.figures)), whole.total.figures);
                // O = A + B + F + W on the whole log.
                let of = &whole.total.figures;
                let waiting = whole.total.waiting_end;
                prop_assert_eq!(of.offered, of.answered + of.abandoned + of.flowed_out + waiting);
                if now == over {
                    prop_assert_eq!(whole.total.finality.open_calls, 0);
                }
                by_basis.push(QueueFigures { open: 0, ..*of });
            }
            if now == over {
                prop_assert_eq!(by_basis[0], by_basis[1]);
                prop_assert_eq!(by_basis[0].offered, callers.len() as u64);
            }
        }
    }
}
