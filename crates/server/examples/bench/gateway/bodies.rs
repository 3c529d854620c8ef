//! Bodies of 1 MB and of 1 GB, down and up: how fast they go through, and how much memory that takes.

use std::{
    fmt::Write as _,
    io::{Read as _, Write as _},
    net::TcpStream,
    time::{Duration, Instant},
};

use super::fronts;
use crate::{Failed, Programs, load::keys::Keys, median, process::Server, say};

const MEGABYTE: u64 = 1_000_000;
const GIGABYTE: u64 = 1_000 * MEGABYTE;
/// Bodies of 1 MB after each other, so that there is something to measure.
const SMALL_ONES: u32 = 50;
/// Bytes that are read or written at once.
const PIECE: usize = 256 * 1024;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Down,
    Up,
}

/// What is sent through.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Load {
    direction: Direction,
    bytes: u64,
    times: u32,
}

/// The small ones come first: memory that a large one took may not be given back.
const LOADS: [Load; 4] = [
    Load { direction: Direction::Down, bytes: MEGABYTE, times: SMALL_ONES },
    Load { direction: Direction::Up, bytes: MEGABYTE, times: SMALL_ONES },
    Load { direction: Direction::Down, bytes: GIGABYTE, times: 1 },
    Load { direction: Direction::Up, bytes: GIGABYTE, times: 1 },
];

/// What was measured of a front under a load, of each round.
#[derive(Default)]
struct Samples {
    /// Megabytes in a second.
    rates: Vec<f64>,
    /// Seconds of CPU for a gigabyte.
    cpu: Vec<f64>,
    /// Most memory in MiB.
    peaks: Vec<f64>,
}

pub(super) fn measure(programs: &Programs, keys: &Keys, rounds: u32) -> Result<(), Failed> {
    let api = fronts::streaming_api(programs)?;
    let fronts = [
        ("nginx, as it is", fronts::nginx(keys, "buffering", api.address, "")?),
        (
            "nginx, `proxy_buffering` and `proxy_request_buffering` off",
            fronts::nginx(keys, "streaming", api.address, "proxy_buffering off; proxy_request_buffering off;")?,
        ),
        ("Keydesk's gateway", fronts::gateway(programs, keys, api.address)?),
    ];
    let key = keys.secrets.first().ok_or("no key")?;
    for load in LOADS {
        let mut samples: [Samples; 3] = Default::default();
        for round in 0..=rounds {
            for ((what, server), samples) in fronts.iter().zip(&mut samples) {
                let sample = sample(server, key, load).map_err(|error| format!("{what}: {error}"))?;
                // The first is a warm-up, and counts for memory alone.
                samples.peaks.push(sample.peak);
                if round > 0 {
                    samples.rates.push(sample.rate);
                    samples.cpu.push(sample.cpu);
                }
            }
        }
        say(&table(load, fronts.iter().map(|(what, _)| *what).zip(&samples)));
    }
    Ok(())
}

struct Sample {
    rate: f64,
    cpu: f64,
    peak: f64,
}

fn sample(server: &Server, key: &str, load: Load) -> Result<Sample, Failed> {
    server.forget_peak()?;
    let before = server.cpu_of_all()?;
    let started = Instant::now();
    for _ in 0..load.times {
        match load.direction {
            Direction::Down => download(server, key, load.bytes)?,
            Direction::Up => upload(server, key, load.bytes)?,
        }
    }
    let seconds = started.elapsed().as_secs_f64();
    let bytes = (load.bytes * u64::from(load.times)) as f64;
    let cpu = (server.cpu_of_all()? - before).as_secs_f64() / bytes * GIGABYTE as f64;
    Ok(Sample { rate: bytes / MEGABYTE as f64 / seconds, cpu, peak: server.peak_mib()? })
}

fn table<'a>(load: Load, rows: impl Iterator<Item = (&'a str, &'a Samples)>) -> String {
    let size = if load.bytes == GIGABYTE { "1 GB" } else { "1 MB" };
    let direction = if load.direction == Direction::Down { "down" } else { "up" };
    let mut text = format!(
        "\n| {size} {direction} | MB a second | ratio | server CPU for 1 GB | most memory |\n|---|---|---|---|---|\n"
    );
    let mut base: Option<&Samples> = None;
    for (what, samples) in rows {
        let ratio = base.map_or_else(String::new, |base| {
            let of_each = samples.rates.iter().zip(&base.rates).map(|(own, base)| own / base);
            format!("{:.2}", median(of_each.collect()))
        });
        base = base.or(Some(samples));
        let (rate, cpu) = (median(samples.rates.clone()), median(samples.cpu.clone()));
        let peak = samples.peaks.iter().copied().fold(0.0, f64::max);
        // Writing to a String can't fail.
        let _ = writeln!(text, "| {what} | {rate:.0} | {ratio} | {cpu:.2} s | {peak:.1} MiB |");
    }
    text
}

fn connect(server: &Server, method: &str, key: &str, bytes: u64, length: &str) -> Result<TcpStream, Failed> {
    let mut stream = TcpStream::connect(server.address)?;
    stream.set_read_timeout(Some(Duration::from_secs(120)))?;
    stream.set_write_timeout(Some(Duration::from_secs(120)))?;
    let head = format!(
        "{method} /stream/{bytes} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\n{length}Connection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes())?;
    Ok(stream)
}

/// Reads an answer to its end, and gives the length of its body.
fn read(stream: &mut TcpStream) -> Result<u64, Failed> {
    let mut buffer = vec![0; PIECE];
    let (mut filled, mut head) = (0, None);
    while head.is_none() {
        let read = stream.read(&mut buffer[filled..])?;
        if read == 0 {
            return Err("the answer has no end of its head".into());
        }
        filled += read;
        head = buffer[..filled].windows(4).position(|end| end == b"\r\n\r\n").map(|at| at + 4);
    }
    if !buffer.starts_with(b"HTTP/1.1 200 ") {
        return Err(String::from_utf8_lossy(&buffer[..filled.min(512)]).into());
    }
    let mut bytes = (filled - head.unwrap_or(filled)) as u64;
    loop {
        match stream.read(&mut buffer)? {
            0 => return Ok(bytes),
            read => bytes += read as u64,
        }
    }
}

fn download(server: &Server, key: &str, bytes: u64) -> Result<(), Failed> {
    let mut stream = connect(server, "GET", key, bytes, "")?;
    match read(&mut stream)? {
        came if came == bytes => Ok(()),
        came => Err(format!("{came} bytes came of {bytes}").into()),
    }
}

fn upload(server: &Server, key: &str, bytes: u64) -> Result<(), Failed> {
    let mut stream = connect(server, "PUT", key, bytes, &format!("Content-Length: {bytes}\r\n"))?;
    let piece = vec![0; PIECE];
    let mut left = bytes;
    while left > 0 {
        let length = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
        stream.write_all(&piece[..length])?;
        left -= length as u64;
    }
    read(&mut stream).map(drop)
}
