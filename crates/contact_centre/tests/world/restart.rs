use std::{fs, path::Path};

use contact_centre::{
    log::{Cursor, Unreadable},
    world::{Loss, World},
};
use model::Instant;

use crate::support::{HOUR_MS, key, now, pass, small, wire};

fn opened(path: &Path, real: Instant) -> World {
    World::open(small(41), path, real).unwrap()
}

#[test]
fn a_world_that_was_killed_goes_on_as_if_it_had_not_been() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let mut real = now();
    let mut steady = World::ephemeral(small(41), real);
    let mut killed = opened(&path, real);
    let epoch = killed.epoch().clone();
    for ms in [1, 999, 17_000, 61_234, HOUR_MS, 333_333, 3 * HOUR_MS] {
        pass(&mut steady, &mut real.clone(), ms);
        pass(&mut killed, &mut real, ms);
        // What a process that is killed leaves is what it has handed to the operating system.
        drop(killed);
        killed = opened(&path, real);
        assert!(killed.advance(real, usize::MAX).unwrap());
        assert_eq!(*killed.epoch(), epoch);
        assert_eq!(killed.as_of().seq, steady.as_of().seq, "after {ms} ms");
    }
    assert!(killed.state() == steady.state(), "they differ");
    assert!(wire(&killed).lines().map(without_epoch).eq(wire(&steady).lines().map(without_epoch)), "their logs differ");
}

/// The epoch names the world, not what happens in it.
fn without_epoch(line: &str) -> serde_json::Value {
    let mut event: serde_json::Value = serde_json::from_str(line).unwrap();
    event["epoch"].take();
    event
}

#[test]
fn a_line_that_was_not_finished_is_cut_off_and_nobody_had_heard_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let mut real = now();
    let mut world = opened(&path, real);
    pass(&mut world, &mut real, HOUR_MS);
    let (epoch, told) = (world.epoch().clone(), world.cursor());
    drop(world);
    let mut bytes = fs::read(&path).unwrap();
    bytes.extend_from_slice(b"1234abcd {\"events\":[{\"seq\":99");
    fs::write(&path, &bytes).unwrap();
    let world = opened(&path, real);
    assert_eq!((world.epoch(), world.loss()), (&epoch, None));
    assert_eq!(world.resume(&told), Ok(told.seq));
}

#[test]
fn events_that_are_lost_begin_another_epoch() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let mut real = now();
    let mut world = opened(&path, real);
    pass(&mut world, &mut real, HOUR_MS);
    let told = world.cursor();
    drop(world);
    let mut bytes = fs::read(&path).unwrap();
    let near_the_end = bytes.len() - 2_000;
    bytes[near_the_end] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let mut world = opened(&path, real.plus_millis(1));
    assert!(world.as_of().seq < told.seq);
    assert_eq!(world.resume(&told), Err(Unreadable::OtherEpoch));
    // The line with the wrong byte goes, and all that follow.
    assert!(matches!(world.loss(), Some(Loss::Broken { cut: 2_000.. })), "{:?}", world.loss());
    // What is lost happens again, and the log goes on.
    pass(&mut world, &mut real, HOUR_MS);
    let cursor: Cursor = world.cursor();
    assert!(cursor.seq > told.seq);
    drop(world);
    let world = opened(&path, real);
    assert_eq!((world.resume(&cursor), world.loss()), (Ok(cursor.seq), None), "it is told once");
}

/// The journal and the mark beside it, as they are.
fn copied(path: &Path) -> [Vec<u8>; 2] {
    [path.to_owned(), path.with_extension("told")].map(|path| fs::read(path).unwrap())
}

#[test]
fn a_file_that_ends_before_what_was_told_begins_another_epoch() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let mut real = now();
    let mut world = opened(&path, real);
    let begun = copied(&path)[0].len();
    pass(&mut world, &mut real, HOUR_MS);
    let told = world.cursor();
    drop(world);
    let [journal, mark] = copied(&path);
    let last_line = journal.len() - 1 - journal[..journal.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap();
    // Within a line, as if a process had been killed there, and at the end of one, as if it had not.
    for cut in [1, last_line, 2_000, (journal.len() - begun) / 2] {
        fs::write(&path, &journal[..journal.len() - cut]).unwrap();
        fs::write(path.with_extension("told"), &mark).unwrap();
        let mut real = real.plus_millis(1);
        let mut world = opened(&path, real);
        assert!(world.as_of().seq < told.seq, "nothing was lost by a cut of {cut} bytes");
        assert_eq!(world.resume(&told), Err(Unreadable::OtherEpoch), "{cut} bytes");
        assert_eq!(world.loss(), Some(Loss::Short));
        // What is told from here on is in the new epoch, and stays.
        pass(&mut world, &mut real, HOUR_MS);
        let later = world.cursor();
        assert!(later.seq > told.seq);
        drop(world);
        let world = opened(&path, real);
        assert_eq!(world.resume(&later), Ok(later.seq));
        assert_eq!(world.resume(&told), Err(Unreadable::OtherEpoch));
    }
}

#[test]
fn a_process_that_is_killed_between_the_journal_and_its_mark_has_lost_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let mut real = now();
    let mut world = opened(&path, real);
    pass(&mut world, &mut real, HOUR_MS);
    let told = world.cursor();
    let [_, mark] = copied(&path);
    pass(&mut world, &mut real, 600_000);
    let written = world.as_of().seq;
    drop(world);
    assert!(written > told.seq);
    fs::write(path.with_extension("told"), mark).unwrap();
    let world = opened(&path, real);
    assert_eq!((world.resume(&told), world.as_of().seq), (Ok(told.seq), written));
}

#[test]
fn a_journal_without_its_mark_begins_another_epoch() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let mut real = now();
    let mut world = opened(&path, real);
    pass(&mut world, &mut real, HOUR_MS);
    let told = world.cursor();
    drop(world);
    let mark = path.with_extension("told");
    // Nobody knows what the readers of a copy were told, nor those of a file that was cut off with its mark.
    for left in [None, Some(&b"4711"[..])] {
        fs::remove_file(&mark).unwrap();
        if let Some(left) = left {
            fs::write(&mark, left).unwrap();
        }
        let real = real.plus_millis(1);
        assert_eq!(opened(&path, real).resume(&told), Err(Unreadable::OtherEpoch));
        let begun = opened(&path, real).epoch().clone();
        assert_eq!(*opened(&path, real.plus_millis(1)).epoch(), begun, "it stays from here on");
    }
}

#[test]
fn a_world_that_is_closed_keeps_its_epoch() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let mut real = now();
    let mut world = opened(&path, real);
    pass(&mut world, &mut real, HOUR_MS);
    let told = world.cursor();
    world.close().unwrap();
    let world = opened(&path, real.plus_millis(1));
    assert_eq!((world.resume(&told), world.loss()), (Ok(told.seq), None));
}

#[test]
fn a_file_of_another_seed_or_of_no_world_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    assert_eq!(opened(&path, now()).loss(), None, "there was nothing to lose");
    fs::write(&path, b"no journal\n").unwrap();
    let world = opened(&path, now());
    let first = world.cursor();
    assert_eq!(world.loss(), Some(Loss::Replaced));
    drop(world);
    let other = World::open(small(42), &path, now()).unwrap();
    assert_eq!(other.loss(), Some(Loss::Replaced));
    assert_eq!(other.resume(&first), Err(Unreadable::OtherEpoch));
    assert_eq!(other.config().seed, small(42).seed);
}

#[test]
fn what_was_done_and_how_the_clock_was_set_survives() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let real = now();
    let mut world = opened(&path, real);
    world.pause_clock(real).unwrap();
    world.step_clock(real, HOUR_MS).unwrap();
    assert!(world.advance(real, usize::MAX).unwrap());
    let queue = world.state().queues().next().unwrap();
    let (id, mut settings) = (queue.id, queue.current());
    settings.service_level_target_ms = 12_000;
    world.set_queue(&key(), id, settings).unwrap();
    let (state, at) = (world.state().clone(), world.now());
    world.close().unwrap();
    let mut world = opened(&path, real.plus_millis(5_000));
    assert!(world.advance(real.plus_millis(5_000), usize::MAX).unwrap());
    assert_eq!(world.now(), at, "the clock stands");
    assert!(*world.state() == state, "they differ");
    assert_eq!(world.state().queue(id).unwrap().current(), settings);
}

#[test]
fn a_file_that_is_written_anew_holds_the_same_world() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let mut config = small(43);
    config.bounds.journal_bytes = 50_000;
    config.bounds.events_max = 3_000;
    let mut real = now();
    let mut world = World::open(config.clone(), &path, real).unwrap();
    let begun = world.journal().unwrap().len();
    for _ in 0..6 {
        pass(&mut world, &mut real, HOUR_MS / 2);
    }
    let grown = world.journal().unwrap().grown();
    assert!(grown < 60_000 + begun / 4, "{grown} bytes were added and not taken in");
    let (state, log) = (world.state().clone(), wire(&world));
    drop(world);
    let world = World::open(config, &path, real).unwrap();
    assert!(*world.state() == state, "they differ");
    assert!(wire(&world) == log, "their logs differ");
}
