//! Who writes lets those who answer go first.

use std::fs;

use rustix::process::{Pid, setpriority_process};

/// How threads are named that write to SQLite. The kernel keeps 15 letters of a name.
static NAME: &str = "sqlite-writes";
/// By so much they step back: where threads that answer want all of a processor, they leave them nine tenths of it. With none,
/// calls waited in line for as long as the usage of ten thousand keys was written down, at half of what a processor can answer.
const NICE: i32 = 10;

/// A name for the next thread that writes.
pub(crate) fn name(number: u64) -> String {
    format!("{NAME}-{number}")
}

/// Has the threads of this process that write step back. Where the system does not let them, or tells of no threads, they don't.
pub(crate) fn step_back() {
    let threads = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let writing = threads
        .filter(|thread| fs::read_to_string(thread.path().join("comm")).is_ok_and(|name| name.starts_with(NAME)));
    let ids = writing.filter_map(|thread| Pid::from_raw(thread.file_name().to_str()?.parse().ok()?));
    for id in ids {
        // Linux takes the id of a thread for that thread alone.
        let _ = setpriority_process(Some(id), NICE);
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::mpsc, thread};

    use rustix::process::getpriority_process;

    use super::*;

    fn own_id() -> Pid {
        let own = fs::read_link("/proc/thread-self").unwrap();
        Pid::from_raw(own.file_name().unwrap().to_str().unwrap().parse().unwrap()).unwrap()
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn threads_that_write_step_back_and_others_do_not() {
        let before = getpriority_process(Some(own_id())).unwrap();
        let (said, hears) = mpsc::channel();
        let (ends, ended) = mpsc::channel::<()>();
        let writer = thread::Builder::new().name(name(1)).spawn(move || {
            said.send(own_id()).unwrap();
            let _ = ended.recv();
        });
        let writer_id = hears.recv().unwrap();
        step_back();
        assert_eq!(getpriority_process(Some(writer_id)).unwrap(), NICE.max(before));
        assert_eq!(getpriority_process(Some(own_id())).unwrap(), before);
        drop(ends);
        writer.unwrap().join().unwrap();
    }
}
