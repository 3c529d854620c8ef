use contact_centre::world::{Clock, ClockError, Refusal};

use crate::support::{HOUR_MS, now, pass, wire, world};

#[test]
fn a_clock_that_stands_has_nothing_happen_and_a_step_has_as_much_happen_as_time_does() {
    let mut real = now();
    let mut runs = world(61);
    let mut steps = world(61);
    steps.pause_clock(real).unwrap();
    let seq = steps.as_of().seq;
    pass(&mut steps, &mut real.clone(), HOUR_MS);
    assert_eq!(steps.as_of().seq, seq);
    for _ in 0..10 {
        steps.step_clock(real, HOUR_MS / 10).unwrap();
        assert!(steps.advance(real, usize::MAX).unwrap());
    }
    pass(&mut runs, &mut real, HOUR_MS);
    assert!(steps.as_of().seq > seq);
    assert_eq!(steps.as_of(), runs.as_of());
    assert!(wire(&steps) == wire(&runs), "they differ");
}

#[test]
fn a_clock_that_is_sixty_times_as_fast_has_an_hour_in_a_minute() {
    let mut real = now();
    let (mut runs, mut fast) = (world(62), world(62));
    fast.set_speed(real, 60 * Clock::USUAL).unwrap();
    pass(&mut fast, &mut real.clone(), HOUR_MS / 60);
    pass(&mut runs, &mut real, HOUR_MS);
    assert!(wire(&fast) == wire(&runs), "they differ");
}

#[test]
fn a_long_way_can_be_gone_in_parts() {
    let real = now();
    let (mut whole, mut parts) = (world(63), world(63));
    for world in [&mut whole, &mut parts] {
        world.step_clock(real, 5 * HOUR_MS).unwrap();
    }
    assert!(whole.advance(real, usize::MAX).unwrap());
    let mut times = 0;
    while !parts.advance(real, 100).unwrap() {
        times += 1;
    }
    assert!(times > 5, "{times}");
    assert!(wire(&whole) == wire(&parts), "they differ");
}

#[test]
fn time_does_not_go_back() {
    let mut world = world(64);
    let back = world.jump_clock(now(), now().plus_millis(-1));
    assert!(matches!(back, Err(Refusal::Clock(ClockError::Back))), "{back:?}");
}
