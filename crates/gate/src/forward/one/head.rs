use std::mem::MaybeUninit;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, Version, header};
use httparse::{ParserConfig, Status};

use super::{Broken, reading::Reading};
use crate::forward::fields;

/// Longest head of an answer, in bytes.
const HEAD_MAX: usize = 64 << 10;
/// Most fields of one.
const FIELDS_MAX: usize = 100;

/// An answer's head, and what comes behind it.
pub(super) struct Head {
    pub(super) response: Response<()>,
    pub(super) reading: Reading,
    /// Whether another request may be sent when its body has ended.
    pub(super) lasts: bool,
}

/// Takes a head from the beginning of what has come. `None`: not all of it has. `of_head`: the request was `HEAD`.
pub(super) fn take(come: &mut BytesMut, of_head: bool) -> Result<Option<Head>, Broken> {
    let Some((status, version, headers)) = parse(come)? else {
        return if come.len() > HEAD_MAX { Err(Broken::Invalid("its head is too long")) } else { Ok(None) };
    };
    let mut response = Response::new(());
    *response.status_mut() = status;
    *response.version_mut() = version;
    *response.headers_mut() = headers;
    let mut lasts = lasts(&response);
    let reading = reading(&mut response, of_head)?;
    if matches!(reading, Reading::UntilClosed) || status == StatusCode::SWITCHING_PROTOCOLS {
        lasts = false;
    }
    Ok(Some(Head { response, reading, lasts }))
}

fn parse(come: &mut BytesMut) -> Result<Option<(StatusCode, Version, HeaderMap)>, Broken> {
    let mut lines = [const { MaybeUninit::uninit() }; FIELDS_MAX];
    let mut parsed = httparse::Response::new(&mut []);
    let length = match ParserConfig::default().parse_response_with_uninit_headers(&mut parsed, come, &mut lines) {
        Ok(Status::Complete(length)) => length,
        Ok(Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => return Err(Broken::Invalid("it has too many fields")),
        Err(_) => return Err(Broken::Invalid("its head can't be read")),
    };
    if length > HEAD_MAX {
        return Err(Broken::Invalid("its head is too long"));
    }
    let status = parsed.code.and_then(|code| StatusCode::from_u16(code).ok()).filter(|status| status.as_u16() < 1_000);
    let status = status.ok_or(Broken::Invalid("its status is none"))?;
    let version = if parsed.version == Some(0) { Version::HTTP_10 } else { Version::HTTP_11 };
    // Values share the memory of the head.
    let begin = come.as_ptr() as usize;
    let mut fields = Vec::with_capacity(parsed.headers.len());
    for line in parsed.headers.iter() {
        let name = HeaderName::from_bytes(line.name.as_bytes()).map_err(|_| Broken::Invalid("a field has no name"))?;
        let at = line.value.as_ptr() as usize - begin;
        fields.push((name, at..at + line.value.len()));
    }
    let head: Bytes = come.split_to(length).freeze();
    let mut headers = HeaderMap::with_capacity(fields.len());
    for (name, at) in fields {
        let value = HeaderValue::from_maybe_shared(head.slice(at));
        headers.append(name, value.map_err(|_| Broken::Invalid("a field's value is none"))?);
    }
    Ok(Some((status, version, headers)))
}

/// RFC 9112, 9.3.
fn lasts(response: &Response<()>) -> bool {
    let says = |token| fields::has_token(response.headers(), &header::CONNECTION, token);
    if response.version() == Version::HTTP_10 { says("keep-alive") && !says("close") } else { !says("close") }
}

/// What body an answer has (RFC 9112, 6.3). Its length stands in its head only if it is that.
fn reading(response: &mut Response<()>, of_head: bool) -> Result<Reading, Broken> {
    let status = response.status();
    let version = response.version();
    let headers = response.headers_mut();
    let length = length(headers)?;
    let has_none = status.is_informational() || [StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED].contains(&status);
    if of_head || has_none {
        return Ok(Reading::Length(0));
    }
    let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter();
    if let Some(coding) = codings.next() {
        let is_chunked = codings.next().is_none() && coding.as_bytes().eq_ignore_ascii_case(b"chunked");
        if !is_chunked || version == Version::HTTP_10 {
            return Err(Broken::Invalid("its transfer coding is not chunked"));
        }
        headers.remove(header::CONTENT_LENGTH);
        return Ok(Reading::Chunks(super::chunks::Chunks::new()));
    }
    Ok(length.map_or(Reading::UntilClosed, Reading::Length))
}

/// The length that a head names, once or several times alike.
fn length(headers: &mut HeaderMap) -> Result<Option<u64>, Broken> {
    let mut found = None::<u64>;
    let mut named = 0;
    for line in headers.get_all(header::CONTENT_LENGTH) {
        for text in line.as_bytes().split(|byte| *byte == b',') {
            let text = text.trim_ascii();
            let digits = Some(text).filter(|text| !text.is_empty() && text.iter().all(u8::is_ascii_digit));
            let length = digits.and_then(|digits| str::from_utf8(digits).ok()?.parse().ok());
            let length = length.ok_or(Broken::Invalid("its length is no number"))?;
            if found.is_some_and(|found| found != length) {
                return Err(Broken::Invalid("it has two lengths"));
            }
            found = Some(length);
            named += 1;
        }
    }
    if let (Some(length), 2..) = (found, named) {
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn took(text: &str, of_head: bool) -> Result<Option<(u16, String, bool, String)>, &'static str> {
        let mut come = BytesMut::from(text);
        match take(&mut come, of_head) {
            Ok(None) => Ok(None),
            Ok(Some(head)) => {
                let reading = format!("{:?}", head.reading);
                let left = String::from_utf8(come.to_vec()).unwrap();
                Ok(Some((head.response.status().as_u16(), reading, head.lasts, left)))
            }
            Err(Broken::Invalid(why)) => Err(why),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn a_head_says_what_body_comes_and_whether_the_connection_lasts() {
        for (text, of_head, expected) in [
            ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", false, (200, "Length(5)", true, "hello")),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\nContent-Length: 5\r\n\r\n",
                false,
                (200, "Length(5)", true, ""),
            ),
            ("HTTP/1.1 200\r\nContent-Length: 0\r\nConnection: Close\r\n\r\n", false, (200, "Length(0)", false, "")),
            ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", true, (200, "Length(0)", true, "")),
            ("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", false, (304, "Length(0)", true, "")),
            ("HTTP/1.1 204 No Content\r\n\r\n", false, (204, "Length(0)", true, "")),
            ("HTTP/1.1 200 OK\r\n\r\n", false, (200, "UntilClosed", false, "")),
            ("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n", false, (200, "Length(1)", false, "")),
            (
                "HTTP/1.0 200 OK\r\nContent-Length: 1\r\nConnection: keep-alive\r\n\r\n",
                false,
                (200, "Length(1)", true, ""),
            ),
            (
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x01",
                false,
                (101, "Length(0)", false, "\x01"),
            ),
        ] {
            let (status, reading, lasts, left) = expected;
            assert_eq!(took(text, of_head), Ok(Some((status, reading.into(), lasts, left.into()))), "{text:?}");
        }
        for coding in ["chunked", "Chunked"] {
            let text = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: {coding}\r\nContent-Length: 9\r\n\r\n");
            let mut come = BytesMut::from(text.as_bytes());
            let head = take(&mut come, false).unwrap().unwrap();
            assert!(matches!(head.reading, Reading::Chunks(_)) && head.lasts);
            assert!(!head.response.headers().contains_key(header::CONTENT_LENGTH), "it is not its length");
        }
    }

    #[test]
    fn a_head_with_two_readings_is_none() {
        for lines in [
            "Content-Length: 5\r\nContent-Length: 6",
            "Content-Length: +5",
            "Content-Length:",
            "Content-Length: 5,",
            "Content-Length: 99999999999999999999",
            "Transfer-Encoding: gzip, chunked",
            "Transfer-Encoding: identity",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
            "X y: z",
            "X : z",
            "X: a\r\n b",
            "X: a\0b",
        ] {
            let text = format!("HTTP/1.1 200 OK\r\n{lines}\r\n\r\n");
            assert!(took(&text, false).is_err(), "{lines:?}: {:?}", took(&text, false));
        }
        for text in
            ["HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/2 200\r\n\r\n", "GET / HTTP/1.1\r\n\r\n"]
        {
            assert!(took(text, false).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_head_may_come_in_pieces_and_has_a_bound() {
        let text = "HTTP/1.1 200 OK\r\nX: 1\r\nContent-Length: 0\r\n\r\n";
        for end in 0..text.len() {
            assert_eq!(took(&text[..end], false), Ok(None), "{end}");
        }
        let long = |length: usize| format!("HTTP/1.1 200 OK\r\nX: {}\r\nContent-Length: 0\r\n\r\n", "x".repeat(length));
        assert!(took(&long(60 << 10), false).is_ok_and(|head| head.is_some()));
        assert_eq!(took(&long(64 << 10), false), Err("its head is too long"));
        assert_eq!(took(&long(80 << 10)[..70 << 10], false), Err("its head is too long"));
        let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "X: 1\r\n".repeat(101));
        assert_eq!(took(&many, false), Err("it has too many fields"));
    }
}
