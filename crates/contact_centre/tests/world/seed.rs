use contact_centre::objects::{Direction, FlowedOutTo, Outcome, Relation};

use crate::support::{wire, world};

#[test]
fn the_same_seed_and_clock_give_the_same_bytes_and_another_seed_others() {
    let one = wire(&world(1));
    assert!(one.lines().count() > 10_000);
    assert!(one == wire(&world(1)), "two worlds of one seed differ");
    assert!(one != wire(&world(2)), "two seeds give one world");
}

#[test]
fn a_day_has_everything_that_happens_in_a_contact_centre() {
    let mut config = crate::support::small(3);
    config.history_days = 3;
    config.contacts = 2_000;
    let world = contact_centre::world::World::ephemeral(config, crate::support::now());
    let calls: Vec<_> = world.state().calls().collect();
    let count =
        |found: &dyn Fn(&contact_centre::objects::Call) -> bool| calls.iter().filter(|call| found(call)).count();
    for (what, found) in [
        ("answered", count(&|call| call.outcome == Some(Outcome::Completed))),
        ("abandoned", count(&|call| call.outcome == Some(Outcome::Abandoned))),
        ("transferred", count(&|call| call.outcome == Some(Outcome::Transferred))),
        ("transfers", count(&|call| call.relation == Relation::Transfer)),
        ("consultations", count(&|call| call.relation == Relation::Consult)),
        ("callbacks", count(&|call| call.relation == Relation::Callback)),
        ("to voicemail", count(&|call| call.flowed_out_to == Some(FlowedOutTo::Voicemail))),
        ("to be called back", count(&|call| call.flowed_out_to == Some(FlowedOutTo::Callback))),
        ("closed", count(&|call| call.flowed_out_to == Some(FlowedOutTo::Closed))),
        ("held", count(&|call| !call.holds.is_empty())),
        ("missed offers", count(&|call| call.offers.len() > 1)),
        ("outbound", count(&|call| call.direction == Direction::Outbound && call.campaign_id.is_some())),
        ("busy", count(&|call| call.outcome == Some(Outcome::Busy))),
        ("withheld", count(&|call| call.from.e164.is_none())),
        ("strangers", count(&|call| call.contact_id.is_none() && call.from.e164.is_some())),
        ("wraps", count(&|call| call.wrap.is_some())),
        ("recordings", world.state().recordings().count()),
    ] {
        assert!(found > 0, "{what}: none of {}", calls.len());
    }
}
