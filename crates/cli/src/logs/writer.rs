use std::{
    io::{self, Write},
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering::Relaxed},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};

use tracing_subscriber::fmt::MakeWriter;

/// Lines that wait to be written. A reader that falls further behind misses lines.
const WAITING_MOST: usize = 4_096;

static DROPPED: AtomicU64 = AtomicU64::new(0);
static QUEUE: OnceLock<SyncSender<Entry>> = OnceLock::new();

enum Entry {
    Line(Vec<u8>),
    /// To be answered when all before it is written.
    Mark(SyncSender<()>),
}

/// Takes lines for the thread that writes them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lines;

/// Starts the thread that writes. A second start in the same process keeps the first.
pub(super) fn start() -> Lines {
    QUEUE.get_or_init(|| {
        let (sender, receiver) = sync_channel(WAITING_MOST);
        let spawned =
            thread::Builder::new().name("log".to_owned()).spawn(move || write_all(&receiver, &mut io::stderr()));
        // Without the thread its end of the queue is gone, and every line is counted as dropped.
        drop(spawned);
        sender
    });
    Lines
}

/// Waits until all lines so far are written, but no longer than this.
pub(super) fn finish(most: Duration) {
    let Some(queue) = QUEUE.get() else { return };
    let (done, written) = sync_channel(1);
    if queue.try_send(Entry::Mark(done)).is_ok() {
        let _ = written.recv_timeout(most);
    }
}

pub(super) fn dropped() -> u64 {
    DROPPED.load(Relaxed)
}

fn write_all(lines: &Receiver<Entry>, to: &mut impl Write) {
    let mut told = 0;
    for entry in lines {
        match entry {
            Entry::Mark(done) => drop(done.try_send(())),
            Entry::Line(line) if to.write_all(&line).is_err() => count_dropped(),
            Entry::Line(_) => {
                let dropped = dropped();
                if dropped > told {
                    let lines = dropped - told;
                    told = dropped;
                    tracing::warn!(lines, "log lines could not be written, and are lost");
                }
            }
        }
    }
}

fn count_dropped() {
    DROPPED.fetch_add(1, Relaxed);
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        *self
    }
}

/// Each line comes as one piece. It never fails: what the caller would do then is to print to the same place.
impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let queued = QUEUE.get().is_some_and(|queue| queue.try_send(Entry::Line(line.to_vec())).is_ok());
        if !queued {
            count_dropped();
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fails every second time, as a disk that is full now and then.
    #[derive(Default)]
    struct Flaky {
        asked: u32,
        written: Vec<u8>,
    }

    impl Write for Flaky {
        fn write(&mut self, line: &[u8]) -> io::Result<usize> {
            self.asked += 1;
            if self.asked.is_multiple_of(2) {
                return Err(io::Error::from_raw_os_error(28));
            }
            self.written.extend(line);
            Ok(line.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_that_can_not_be_written_are_counted_and_the_next_are_written() {
        let (sender, receiver) = sync_channel(10);
        for line in ["a\n", "b\n", "c\n"] {
            sender.send(Entry::Line(line.as_bytes().to_vec())).unwrap();
        }
        let (done, written) = sync_channel(1);
        sender.send(Entry::Mark(done)).unwrap();
        drop(sender);
        let (before, mut to) = (dropped(), Flaky::default());
        write_all(&receiver, &mut to);
        written.recv().unwrap();
        assert_eq!((to.written.as_slice(), dropped() - before), (&b"a\nc\n"[..], 1));
    }
}
