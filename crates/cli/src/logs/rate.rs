//! However fast something happens, the log gets a bounded number of lines of each kind in a second: strangers cause lines,
//! and a database that fails causes one for each call. What is left out here never comes to the queue of lines.

use std::{
    collections::HashMap,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Instant,
};

use tracing::{Event, Level, Subscriber, callsite::Identifier};
use tracing_subscriber::layer::{Context, Layer};

/// Most lines in a second from one place in the code.
const LINES: u64 = 50;

/// Lines that were left out since the start.
static LEFT_OUT: AtomicU64 = AtomicU64::new(0);

/// Lines that were left out since the start.
pub(super) fn left_out() -> u64 {
    LEFT_OUT.load(Relaxed)
}

/// Lets a bounded number of lines of each place through, and says how many it left out. Lines below `info` are switched on
/// to see all of them, and are not counted.
pub(super) struct LogRate {
    started: Instant,
    /// One entry for each place in the code that has written a line: as many as there are.
    places: RwLock<HashMap<Identifier, Arc<Place>>>,
}

#[derive(Default)]
struct Place {
    /// The second, from 1 on, in the upper half; the lines that were written in it in the lower.
    written: AtomicU64,
    left_out: AtomicU64,
}

impl Place {
    /// Whether one more line may be written in this second; if so, how many were left out before it.
    fn admit(&self, second: u64) -> Option<u64> {
        let admitted = self.written.fetch_update(Relaxed, Relaxed, |written| match written >> 32 {
            at if at < second => Some(second << 32 | 1),
            _ if written & 0xffff_ffff < LINES => Some(written + 1),
            _ => None,
        });
        match admitted {
            Ok(_) => Some(self.left_out.swap(0, Relaxed)),
            Err(_) => {
                self.left_out.fetch_add(1, Relaxed);
                None
            }
        }
    }
}

impl LogRate {
    pub(super) fn new() -> Self {
        Self { started: Instant::now(), places: RwLock::default() }
    }

    fn place(&self, place: &Identifier) -> Arc<Place> {
        let known = self.places.read().unwrap_or_else(PoisonError::into_inner).get(place).map(Arc::clone);
        known.unwrap_or_else(|| {
            let mut places = self.places.write().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(places.entry(place.clone()).or_default())
        })
    }
}

impl<S: Subscriber> Layer<S> for LogRate {
    fn event_enabled(&self, event: &Event<'_>, _: Context<'_, S>) -> bool {
        let metadata = event.metadata();
        if *metadata.level() > Level::INFO {
            return true;
        }
        let second = self.started.elapsed().as_secs() + 1;
        match self.place(&metadata.callsite()).admit(second) {
            Some(0) => true,
            Some(left_out) => {
                tracing::info!(target: "keydesk::log", left_out, "more lines like the next were left out before it");
                true
            }
            None => {
                LEFT_OUT.fetch_add(1, Relaxed);
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Arc, Mutex},
    };

    use tracing_subscriber::{fmt::MakeWriter, layer::SubscriberExt as _};

    use super::*;

    #[test]
    fn a_second_has_a_bounded_number_of_lines_and_the_next_says_how_many_more_there_were() {
        let place = Place::default();
        let admitted: Vec<_> = (0..LINES + 7).map(|_| place.admit(1)).collect();
        assert_eq!(admitted.iter().flatten().count() as u64, LINES);
        assert_eq!((place.admit(2), place.admit(2)), (Some(7), Some(0)));
    }

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl<'a> MakeWriter<'a> for Written {
        type Writer = Self;

        fn make_writer(&'a self) -> Self {
            self.clone()
        }
    }

    #[test]
    fn a_flood_of_one_line_leaves_room_for_others() {
        let written = Written::default();
        let (rate, before) = (LogRate::new(), left_out());
        let lines = tracing_subscriber::fmt().with_max_level(Level::DEBUG).with_writer(written.clone()).finish();
        tracing::subscriber::with_default(lines.with(rate), || {
            for _ in 0..20_000 {
                tracing::error!("flood");
            }
            tracing::warn!("another");
            (0..200).for_each(|_| tracing::debug!("all of them"));
        });
        let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        let count = |what: &str| text.matches(what).count() as u64;
        // However slow the machine: no second has more.
        assert!((LINES..20_000 / 10).contains(&count("flood")), "{}", count("flood"));
        assert_eq!(count("flood") + left_out() - before, 20_000, "each line is written or counted");
        assert_eq!((count("another"), count("all of them")), (1, 200));
    }
}
