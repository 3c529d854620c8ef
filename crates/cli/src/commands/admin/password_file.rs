use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use model::PlainSecret;

use crate::commands::Failed;

/// Longest password file, in bytes.
const FILE_MAX: usize = 4096;

/// What ends a line, in whatever editor.
const LINE_ENDS: [char; 7] = ['\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'];

/// The password in a file, or on standard input for `-`.
pub(super) fn read(path: &Path) -> Result<PlainSecret, Failed> {
    let bytes = read_bytes(path)
        .map_err(|error| Failed::new(format!("the password can't be read from {}: {error}", path.display())))?;
    password(&bytes).map_err(|why| Failed::new(format!("There is no password in {}: {why}.", path.display())))
}

fn read_bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let most = FILE_MAX as u64 + 1;
    if path == Path::new("-") {
        io::stdin().take(most).read_to_end(&mut bytes)?;
    } else {
        File::open(path)?.take(most).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

/// The text without the line end that editors and `echo` leave, and without the byte order mark that Windows puts before it.
fn password(bytes: &[u8]) -> Result<PlainSecret, &'static str> {
    if bytes.len() > FILE_MAX {
        return Err("it is longer than 4096 bytes");
    }
    let text = decode(bytes)?;
    let line = text.trim_end_matches(['\n', '\r']);
    if line.contains(['\0', '\u{feff}']) {
        return Err("it is not plain text; save it as UTF-8");
    }
    if line.contains(LINE_ENDS) {
        return Err("it has more than one line");
    }
    Ok(PlainSecret::new(line.to_owned()))
}

fn decode(bytes: &[u8]) -> Result<String, &'static str> {
    match bytes {
        [0xFF, 0xFE, rest @ ..] => utf_16(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => utf_16(rest, u16::from_be_bytes),
        [0xEF, 0xBB, 0xBF, rest @ ..] => utf_8(rest),
        all => utf_8(all),
    }
}

fn utf_8(bytes: &[u8]) -> Result<String, &'static str> {
    std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| "it is neither UTF-8 nor UTF-16 with a byte order mark")
}

fn utf_16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, &'static str> {
    let (pairs, rest) = bytes.as_chunks();
    let units: Vec<u16> = pairs.iter().map(|pair| unit(*pair)).collect();
    match String::from_utf16(&units) {
        Ok(text) if rest.is_empty() => Ok(text),
        _ => Err("its byte order mark says UTF-16, but it is not"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<String, &'static str> {
        password(bytes).map(|password| password.expose().to_owned())
    }

    fn wide(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn neither_line_ends_nor_byte_order_marks_are_part_of_the_password() {
        for (text, expected) in
            [("a b ", "a b "), ("secret\n", "secret"), ("secret\r\n", "secret"), ("\u{feff}secrét\n", "secrét")]
        {
            assert_eq!(read(text.as_bytes()).as_deref(), Ok(expected));
        }
        assert_eq!(read(&wide("\u{feff}secrét 🔑\r\n", u16::to_le_bytes)).as_deref(), Ok("secrét 🔑"));
        assert_eq!(read(&wide("\u{feff}secrét 🔑\r\n", u16::to_be_bytes)).as_deref(), Ok("secrét 🔑"));
    }

    #[test]
    fn a_file_that_is_not_one_line_of_text_is_refused() {
        for lines in ["correct\nhorse\n", "correct\r\nhorse", "\nsecret", "a\rb", "a\u{2028}b"] {
            assert_eq!(read(lines.as_bytes()), Err("it has more than one line"), "{lines:?}");
        }
        assert_eq!(read(&wide("secret", u16::to_le_bytes)), Err("it is not plain text; save it as UTF-8"));
        assert_eq!(read("secret\u{feff}".as_bytes()), Err("it is not plain text; save it as UTF-8"));
        assert_eq!(read(b"caf\xe9"), Err("it is neither UTF-8 nor UTF-16 with a byte order mark"));
        assert_eq!(read(b"\xff\xfea"), Err("its byte order mark says UTF-16, but it is not"));
        assert_eq!(read(b"\xff\xfe\x00\xd8"), Err("its byte order mark says UTF-16, but it is not"));
        assert_eq!(read(&[b'a'; FILE_MAX + 1]), Err("it is longer than 4096 bytes"));
    }
}
