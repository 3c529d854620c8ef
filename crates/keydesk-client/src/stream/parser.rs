//! Server-sent events (WHATWG HTML, 9.2.6), from bytes that come in any pieces.

/// Most bytes of one event. A snapshot of thousands of calls has some megabytes; a stream that never ends an event is none.
const MOST: usize = 64 * 1024 * 1024;

/// One event as it was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) id: Option<String>,
    pub(super) kind: String,
    pub(super) data: String,
}

/// An event has more bytes than anything that is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooLong;

/// What has come and is no whole event yet.
#[derive(Debug, Default)]
pub(super) struct Parser {
    bytes: Vec<u8>,
    /// What of `bytes` was looked at.
    read: usize,
    frame: Frame,
}

impl Parser {
    /// Takes the next bytes.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<(), TooLong> {
        self.bytes.drain(..self.read);
        self.read = 0;
        self.bytes.extend_from_slice(bytes);
        if self.bytes.len() + self.frame.data.len() > MOST { Err(TooLong) } else { Ok(()) }
    }

    /// The next whole event, if it has come.
    pub(super) fn pop(&mut self) -> Option<Frame> {
        loop {
            let rest = self.bytes.get(self.read..)?;
            let end = rest.iter().position(|byte| *byte == b'\n')?;
            let line = String::from_utf8_lossy(rest.get(..end)?).into_owned();
            self.read += end + 1;
            let line = line.strip_suffix('\r').unwrap_or(&line);
            if line.is_empty() {
                let mut frame = std::mem::take(&mut self.frame);
                if frame.data.pop().is_some() {
                    return Some(frame);
                }
            } else {
                self.line(line);
            }
        }
    }

    fn line(&mut self, line: &str) {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" => {
                self.frame.data.push_str(value);
                self.frame.data.push('\n');
            }
            "event" => value.clone_into(&mut self.frame.kind),
            "id" if !value.contains('\0') => self.frame.id = Some(value.to_owned()),
            // A comment, or something that nobody knows.
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &[u8] =
        b":hb\n\nid: k3-7\r\nevent: call.ended\r\ndata: {\"a\":\r\ndata: 1}\r\n\r\nevent: nothing\n\ndata:\xC3\xA9\n\n";

    #[test]
    fn events_are_the_same_in_whatever_pieces_they_come() {
        let first = Frame { id: Some("k3-7".into()), kind: "call.ended".into(), data: "{\"a\":\n1}".into() };
        let second = Frame { id: None, kind: String::new(), data: "é".into() };
        for piece in 1..=TEXT.len() {
            let mut parser = Parser::default();
            let mut frames = Vec::new();
            for bytes in TEXT.chunks(piece) {
                parser.push(bytes).unwrap();
                frames.extend(std::iter::from_fn(|| parser.pop()));
            }
            assert_eq!(frames, [first.clone(), second.clone()], "in pieces of {piece}");
        }
    }

    #[test]
    fn an_event_without_an_end_is_given_up() {
        let mut parser = Parser::default();
        let piece = vec![b'x'; MOST / 2];
        assert_eq!(parser.push(&piece), Ok(()));
        assert_eq!(parser.push(&piece), Ok(()));
        assert_eq!(parser.push(b"x"), Err(TooLong));
    }
}
