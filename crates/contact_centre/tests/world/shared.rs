use contact_centre::{
    shared::{NotNow, Shared},
    world::World,
};

use crate::support::{HOUR_MS, now, small};

#[test]
fn whoever_follows_is_woken_when_there_is_more_and_not_before() {
    let shared = Shared::new(World::ephemeral(small(101), now()));
    let mut told = shared.follow();
    assert!(!told.has_changed().unwrap());
    assert!(shared.tick(now()).unwrap());
    assert!(!told.has_changed().unwrap(), "nothing has happened");
    assert!(shared.tick(now().plus_millis(60_000)).unwrap());
    assert!(told.has_changed().unwrap());
    let seq = *told.borrow_and_update();
    assert_eq!(shared.read(World::told), seq);
}

#[test]
fn a_world_that_has_far_to_go_does_not_hold_others_up() {
    let shared = Shared::new(World::ephemeral(small(102), now()));
    shared.with(now(), |world| world.step_clock(now(), 24 * HOUR_MS).unwrap()).unwrap();
    assert!(matches!(shared.with(now(), |_| ()), Err(NotNow::CatchingUp)));
    while !shared.tick(now()).unwrap() {}
    let at = shared.with(now(), |world| world.now()).unwrap();
    assert_eq!(at, now().plus_millis(24 * HOUR_MS));
}
