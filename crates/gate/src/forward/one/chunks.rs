use bytes::{Buf as _, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue};
use httparse::{EMPTY_HEADER, Status};

use super::{
    Broken,
    come::{Come, piece},
};

/// Longest line that says how long a chunk is, with its extensions.
const LINE_MAX: usize = 4 << 10;
/// Longest trailers, in bytes.
const TRAILERS_MAX: usize = 16 << 10;
/// Most fields of them.
const TRAILERS_FIELDS_MAX: usize = 64;

/// A body in chunks (RFC 9112, 7.1). Their extensions say nothing to anybody but the next hop.
#[derive(Debug)]
pub(super) struct Chunks(At);

#[derive(Debug)]
enum At {
    Size,
    /// So many bytes of a chunk are still to come.
    Data(u64),
    DataEnd,
    Trailers,
    Ended,
}

impl Chunks {
    pub(super) fn new() -> Self {
        Self(At::Size)
    }

    pub(super) fn has_ended(&self) -> bool {
        matches!(self.0, At::Ended)
    }

    /// The next of it in what has come.
    pub(super) fn take(&mut self, come: &mut BytesMut) -> Result<Come, Broken> {
        loop {
            match self.0 {
                At::Ended => return Ok(Come::End),
                _ if come.is_empty() => return Ok(Come::Nothing),
                At::Size => match size(come)? {
                    Some(0) => self.0 = At::Trailers,
                    Some(size) => self.0 = At::Data(size),
                    None => return Ok(Come::Nothing),
                },
                At::Data(left) => {
                    let piece = piece(come, left);
                    let left = left - piece.len() as u64;
                    self.0 = if left == 0 { At::DataEnd } else { At::Data(left) };
                    return Ok(Come::Data(piece));
                }
                At::DataEnd => match come.get(..2) {
                    Some(b"\r\n") => {
                        come.advance(2);
                        self.0 = At::Size;
                    }
                    None if come.starts_with(b"\r") => return Ok(Come::Nothing),
                    _ => return Err(Broken::Invalid("a chunk is longer than it says")),
                },
                At::Trailers => {
                    let Some(trailers) = trailers(come)? else { return Ok(Come::Nothing) };
                    self.0 = At::Ended;
                    return Ok(if trailers.is_empty() { Come::End } else { Come::Trailers(trailers) });
                }
            }
        }
    }
}

fn size(come: &mut BytesMut) -> Result<Option<u64>, Broken> {
    const INVALID: Broken = Broken::Invalid("a chunk has no length");
    // To the library no digits are a zero.
    if !come.first().is_some_and(u8::is_ascii_hexdigit) {
        return Err(INVALID);
    }
    match httparse::parse_chunk_size(come).map_err(|_| INVALID)? {
        Status::Partial if come.len() > LINE_MAX => Err(INVALID),
        Status::Partial => Ok(None),
        Status::Complete((end, size)) => {
            let line = come.split_to(end);
            // Elsewhere a line feed alone could end the line.
            let is_line = line.iter().filter(|byte| **byte == b'\n').count() == 1 && end <= LINE_MAX;
            if is_line { Ok(Some(size)) } else { Err(INVALID) }
        }
    }
}

fn trailers(come: &mut BytesMut) -> Result<Option<HeaderMap>, Broken> {
    const INVALID: Broken = Broken::Invalid("its trailers can't be read");
    let mut lines = [EMPTY_HEADER; TRAILERS_FIELDS_MAX];
    let (end, lines) = match httparse::parse_headers(come, &mut lines).map_err(|_| INVALID)? {
        Status::Partial if come.len() > TRAILERS_MAX => return Err(INVALID),
        Status::Partial => return Ok(None),
        Status::Complete(parsed) => parsed,
    };
    let mut trailers = HeaderMap::with_capacity(lines.len());
    for line in lines {
        let name = HeaderName::from_bytes(line.name.as_bytes()).map_err(|_| INVALID)?;
        trailers.append(name, HeaderValue::from_bytes(line.value).map_err(|_| INVALID)?);
    }
    if end > TRAILERS_MAX {
        return Err(INVALID);
    }
    come.advance(end);
    Ok(Some(trailers))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a body says that comes in these pieces, and what is left behind it.
    fn read(pieces: &[&[u8]]) -> Result<(Vec<u8>, HeaderMap, Vec<u8>), String> {
        let (mut chunks, mut come) = (Chunks::new(), BytesMut::new());
        let (mut body, mut trailers) = (Vec::new(), HeaderMap::new());
        for piece in pieces {
            come.extend_from_slice(piece);
            loop {
                match chunks.take(&mut come).map_err(|broken| broken.to_string())? {
                    Come::Data(data) => body.extend(data),
                    Come::Trailers(come) => trailers = come,
                    Come::End | Come::Nothing => break,
                }
            }
        }
        if chunks.has_ended() { Ok((body, trailers, come.to_vec())) } else { Err("it has not ended".into()) }
    }

    #[test]
    fn chunks_are_read_wherever_they_are_cut() {
        let text = b"5\r\nhello\r\nA;name=\"x\"\r\n wonderful\r\n000\r\nX-Sum: 1\r\nX-Row-Count: 2\r\n\r\nHTTP/1.1";
        let end = text.len() - "HTTP/1.1".len();
        for first in 0..end {
            for second in [first, (first + 1).min(end), (first + 7).min(end)] {
                let pieces = [&text[..first], &text[first..second], &text[second..]];
                let (body, trailers, left) = read(&pieces).unwrap_or_else(|error| panic!("{first} {second}: {error}"));
                assert_eq!(body, b"hello wonderful");
                assert_eq!((trailers["x-sum"].as_bytes(), trailers["x-row-count"].as_bytes()), (&b"1"[..], &b"2"[..]));
                assert_eq!(left, b"HTTP/1.1");
            }
        }
        for end in 0..end {
            assert!(read(&[&text[..end]]).is_err(), "{end}");
        }
    }

    #[test]
    fn what_is_no_chunk_is_refused() {
        for text in [
            "z\r\n",
            "-1\r\n",
            "\r\n",
            "11111111111111111\r\n",
            "5\nhello\n0\n\n",
            "5;a\nb\r\nhello\r\n0\r\n\r\n",
            "5\r\nhelloX\r\n0\r\n\r\n",
            "5\r\nhello\rX0\r\n\r\n",
            "5\r\nhello\r\n0\r\nX y: z\r\n\r\n",
            "5\r\nhello\r\n0\r\n: z\r\n\r\n",
        ] {
            let why = read(&[text.as_bytes()]).unwrap_err();
            assert!(why.contains("no answer of HTTP"), "{text:?}: {why}");
        }
        let long = format!("5;{}", "x".repeat(LINE_MAX));
        assert!(read(&[long.as_bytes()]).unwrap_err().contains("no length"));
        let long = format!("0\r\nX: {}", "x".repeat(TRAILERS_MAX));
        assert!(read(&[long.as_bytes()]).unwrap_err().contains("trailers"));
    }
}
