use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{Environment, PlainSecret};

const KEY: &str = "acme_0123456789abcdefghij";
/// Of `KEY`: hexadecimal, and base64url without padding.
const SHA256_HEX: &str = "b1f0a1e0c0ffee00b1f0a1e0c0ffee00b1f0a1e0c0ffee00b1f0a1e0c0ffee00";

fn read(format: ImportFormat, text: &[u8]) -> Result<Vec<ReadRow>, ImportFault> {
    in_pieces(format, text, text.len().max(1))
}

fn in_pieces(format: ImportFormat, text: &[u8], piece: usize) -> Result<Vec<ReadRow>, ImportFault> {
    let (mut reader, mut rows) = (ImportReader::new(format), Vec::new());
    for bytes in text.chunks(piece) {
        reader.push(bytes, &mut rows)?;
    }
    reader.finish(&mut rows)?;
    Ok(rows)
}

/// Each row in short: its line, and its Client Name with its key, or why it is refused.
fn told(rows: &Result<Vec<ReadRow>, ImportFault>) -> Vec<String> {
    let rows = match rows {
        Ok(rows) => rows,
        Err(fault) => return vec![format!("{fault:?}")],
    };
    let one = |read: &ReadRow| match &read.row {
        Ok(row) => {
            let name = row.settings.client_name.clone().unwrap_or_default();
            let given = match &row.given {
                Given::Key(key) => key.expose().to_owned(),
                Given::Hash(hash) => format!("{hash:?}"),
            };
            format!("{} {name} {given}", read.line)
        }
        Err(fault) => format!("{} {} {}", read.line, fault.code.as_str(), fault.field.clone().unwrap_or_default()),
    };
    rows.iter().map(one).collect()
}

fn ndjson(text: &str) -> Vec<String> {
    told(&read(ImportFormat::Ndjson, text.as_bytes()))
}

fn csv(text: &str) -> Vec<String> {
    told(&read(ImportFormat::Csv, text.as_bytes()))
}

#[test]
fn lines_of_json_are_rows() {
    let row = |more: &str| format!("{{\"client_name\":\"A\",\"key\":\"{KEY}\"{more}}}\n");
    assert_eq!(ndjson(&format!("\u{feff}{}\n \r\n{}", row(""), row(""))), [format!("1 A {KEY}"), format!("4 A {KEY}")]);
    assert_eq!(ndjson(row("").trim_end()), [format!("1 A {KEY}")], "without a line's end");
    assert_eq!(ndjson(&row(",\"id\":null")), [format!("1 A {KEY}")], "null is not given");
    for (text, expected) in [
        (row(",\"key\":\"x\""), "1 given_twice key"),
        (row(",\"scopes\":[],\"scopes\":[]"), "1 given_twice scopes"),
        (row(",\"hash\":\"x\""), "1 key_and_hash "),
        (row(",\"secret\":\"x\""), "1 unknown_field "),
        (row(",\"scopes\":[\"calls\"]"), "1 unknown_scope scopes"),
        (row(",\"expires_at\":\"tomorrow\""), "1 invalid_setting expires_at"),
        (row(",\"environment\":\"prod\""), "1 invalid_setting environment"),
        (row(",\"prefix\":\"acne\""), "1 prefix_mismatch prefix"),
        (row(",\"prefix\":\"\""), "1 invalid_prefix prefix"),
        (row(",\"client_name\":7").replace("\"client_name\":\"A\",", ""), "1 invalid_client_name client_name"),
        ("{\"client_name\":\"A\"}".to_owned(), "1 missing_key "),
        ("{\"client_name\":\"A\",\"key\":\"short\"}".to_owned(), "1 invalid_key key"),
        ("{\"client_name\":\"A\",\"key\":7}".to_owned(), "1 invalid_key key"),
        ("[]".to_owned(), "1 invalid_row "),
        ("{".to_owned(), "1 invalid_row "),
        (format!("{{\"client_name\":\"A\",\"key\":\"{KEY}{}\"}}", "x".repeat(70_000)), "1 row_too_long "),
        (String::new(), "Empty"),
        ("\n \n".to_owned(), "Empty"),
    ] {
        assert_eq!(ndjson(&text), [expected], "{}", &text[..text.len().min(200)]);
    }
    let too_long = format!("{}\n{}", "x".repeat(200_000), row(""));
    assert_eq!(ndjson(&too_long), ["1 row_too_long ".to_owned(), format!("2 A {KEY}")], "the next row is read");
    let latin = b"{\"client_name\":\"M\xfcller\",\"key\":\"acme_0123456789abcdefghij\"}";
    assert_eq!(told(&read(ImportFormat::Ndjson, latin)), ["1 not_utf8 "]);
}

#[test]
fn records_of_a_table_are_rows() {
    let table = format!(
        "\u{feff}client_name,key,scopes,enabled,rate_limits,metadata,notes\r\n\
         Acme,{KEY},calls:read contacts:read,false,default=600/60s,\"{{\"\"a\"\":\"\"b\"\"}}\",\"two\nlines\"\r\n\
         \"Say \"\"hi\"\", Inc.\",{KEY}1,,,,,\r\n"
    );
    let rows = read(ImportFormat::Csv, table.as_bytes()).unwrap();
    assert_eq!(told(&Ok(rows.clone())), [format!("2 Acme {KEY}"), format!("4 Say \"hi\", Inc. {KEY}1")]);
    let settings = rows[0].row.clone().unwrap().settings;
    let shown = serde_json::to_value(&settings).unwrap();
    assert_eq!(shown["scopes"], json!(["calls:read", "contacts:read"]));
    assert_eq!((shown["enabled"].clone(), shown["notes"].clone()), (json!(false), json!("two\nlines")));
    assert_eq!(shown["metadata"], json!({"a": "b"}));
    assert_eq!(shown["rate_limits"][0]["limit"], 600);
    assert_eq!(csv(&format!("key;client_name;environment\n{KEY};Acme; test \n")), [format!("2 Acme {KEY}")]);
    assert_eq!(csv(&format!("client_name,key\nAcme,{KEY}")), [format!("2 Acme {KEY}")], "without a line's end");
    for (text, expected) in [
        (format!("client_name,key\nAcme,{KEY},more\n"), "2 invalid_row "),
        (format!("client_name,key,enabled\nAcme,{KEY},perhaps\n"), "2 invalid_setting enabled"),
        (format!("client_name,key,scopes\nAcme,{KEY},calls\n"), "2 unknown_scope scopes"),
        (format!("client_name,key,quotas\nAcme,{KEY},many\n"), "2 invalid_setting quotas"),
        (format!("client_name,key\n\"Acme,{KEY}\n"), "UnclosedQuote { line: 2 }"),
        (format!("client_name,key\n\"Acme,{KEY}{}", "x\n".repeat(50_000)), "UnclosedQuote { line: 2 }"),
        (format!("client_name,key\nAcme,{KEY}{}\n", "x".repeat(70_000)), "2 row_too_long "),
        (format!("{KEY},Acme\n"), "UnknownColumn { column: 1 }"),
        ("client_name,key,key\n".to_owned(), "DoubledColumn { column: 3 }"),
        ("client_name,scopes\n".to_owned(), "MissingColumn"),
        ("client_name,key\n".to_owned(), "Empty"),
        (String::new(), "Empty"),
    ] {
        assert_eq!(csv(&text), [expected], "{}", &text[..text.len().min(200)]);
    }
}

#[test]
fn a_fault_repeats_nothing_that_was_sent() {
    for fault in [ImportFault::UnknownColumn { column: 1 }, ImportFault::UnclosedQuote { line: 7 }, ImportFault::Empty]
    {
        assert!(!fault.to_string().contains(KEY), "{fault}");
    }
    let secret = "acme_live_0123456789abcdefghij";
    let row = format!("{{\"client_name\":\"A\",\"{secret}\":1,\"key\":\"{secret}\"}}");
    let rows = read(ImportFormat::Ndjson, row.as_bytes()).unwrap();
    assert!(!format!("{rows:?}").contains("0123456789"), "{rows:?}");
    let rows = read(ImportFormat::Ndjson, row.replace(&format!("\"{secret}\":1,"), "").as_bytes()).unwrap();
    assert!(rows[0].row.is_ok() && !format!("{rows:?}").contains("0123456789"), "{rows:?}");
}

#[test]
fn a_form_is_told_by_a_name_or_by_the_beginning() {
    use ImportFormat::{Csv, Ndjson};
    for (name, format) in [
        ("a.csv", Some(Csv)),
        ("A.CSV", Some(Csv)),
        ("a.jsonl", Some(Ndjson)),
        ("a.b.ndjson", Some(Ndjson)),
        ("-", None),
    ] {
        assert_eq!(ImportFormat::of_file(name), format, "{name}");
    }
    for (text, format) in [("{\"a\":1}", Ndjson), ("\u{feff} {\"a\":1}", Ndjson), ("client_name,key", Csv), ("", Csv)] {
        assert_eq!(ImportFormat::of_beginning(text.as_bytes()), format, "{text}");
    }
}

#[test]
fn hashes_are_read_as_others_keep_them() {
    let bytes = [0xB1, 0xF0, 0xA1, 0xE0, 0xC0, 0xFF, 0xEE, 0x00].repeat(4);
    let expected = Ok(GivenHash::Sha256(bytes.clone().try_into().unwrap()));
    let base64 = "sfCh4MD_7gCx8KHgwP_uALHwoeDA_-4AsfCh4MD_7gA";
    for text in [
        SHA256_HEX.to_owned(),
        SHA256_HEX.to_uppercase(),
        base64.to_owned(),
        format!("{base64}="),
        base64.replace('_', "/").replace('-', "+"),
        format!("sha256$${SHA256_HEX}"),
        format!("$sha256$${base64}"),
        format!("sha256:{SHA256_HEX}"),
        format!(" {SHA256_HEX}\n"),
    ] {
        assert_eq!(GivenHash::parse(&text), expected, "{text}");
    }
    let long = SHA256_HEX.repeat(2);
    assert!(matches!(GivenHash::parse(&format!("sha512$${long}")), Ok(GivenHash::Sha512(_))));
    assert!(matches!(GivenHash::parse(&long), Ok(GivenHash::Sha512(_))));
    for (text, error) in [
        (format!("sha256$salt${SHA256_HEX}"), InvalidHash::Salted),
        (format!("sha512$${SHA256_HEX}"), InvalidHash::Malformed),
        (format!("sha1$$${SHA256_HEX}"), InvalidHash::Unsupported),
        (format!("md5:{}", &SHA256_HEX[..32]), InvalidHash::Unsupported),
        (SHA256_HEX[..40].to_owned(), InvalidHash::Malformed),
        (KEY.to_owned(), InvalidHash::Malformed),
        (String::new(), InvalidHash::Malformed),
    ] {
        assert_eq!(GivenHash::parse(&text), Err(error), "{text}");
    }
}

#[test]
fn slow_hashes_are_read_and_those_that_take_too_long_are_not_taken() {
    let (salt, hash) = ("c29tZXNhbHRzb21lc2FsdA", "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI");
    let bcrypt = "$2b$12$L6Bc/AlTQHyd9liGgGEZyOFLPHNgyxeEPfgYfBCVxJ7JIlwxyVU3u";
    for good in [
        format!("$argon2id$v=19$m=19456,t=2,p=1${salt}${hash}"),
        format!("$argon2id$m=65536,t=3,p=4${salt}${hash}"),
        format!("argon2$argon2id$v=19$m=102400,t=2,p=8${salt}${hash}"),
        bcrypt.to_owned(),
        format!("bcrypt${bcrypt}"),
        format!("bcrypt_sha256${bcrypt}"),
        format!("pbkdf2_sha256$1000000$salt${hash}="),
        format!("pbkdf2_sha1$1000$salt${hash}"),
        format!("$pbkdf2-sha256$i=600000,l=32${salt}${hash}"),
        format!("$pbkdf2-sha512$25000${salt}${hash}"),
        format!("scrypt$16384$salt$8$5${hash}"),
        format!("$scrypt$ln=17,r=8,p=1${salt}${hash}"),
    ] {
        let read = SlowHash::parse(&good);
        assert!(read.as_ref().is_ok_and(|hash| hash.as_str() == good), "{good}: {read:?}");
        assert!(matches!(GivenHash::parse(&good), Ok(GivenHash::Slow(_))), "{good}");
    }
    for (slow, error) in [
        (format!("$argon2id$v=19$m=524288,t=1,p=1${salt}${hash}"), InvalidHash::TooSlow),
        (format!("$argon2id$v=19$m=262144,t=5,p=1${salt}${hash}"), InvalidHash::TooSlow),
        (bcrypt.replace("$12$", "$14$"), InvalidHash::TooSlow),
        (format!("pbkdf2_sha256$2000001$salt${hash}"), InvalidHash::TooSlow),
        (format!("pbkdf2_sha256$99999999999$salt${hash}"), InvalidHash::TooSlow),
        (format!("$scrypt$ln=20,r=16,p=1${salt}${hash}"), InvalidHash::TooSlow),
        (format!("$scrypt$ln=30,r=1024,p=1024${salt}${hash}"), InvalidHash::TooSlow),
        (format!("$scrypt$ln=63,r=8,p=1${salt}${hash}"), InvalidHash::Malformed),
        (format!("$argon2id$v=19$m=1,t=1,p=1${salt}${hash}"), InvalidHash::Malformed),
        (format!("$argon2id$v=19$m=64,t=0,p=1${salt}${hash}"), InvalidHash::Malformed),
        (format!("$argon2i$v=19$m=64,t=1,p=1${salt}${hash}"), InvalidHash::Unsupported),
        (format!("$5$rounds=5000${salt}${hash}"), InvalidHash::Unsupported),
        (bcrypt[..59].to_owned(), InvalidHash::Malformed),
        (format!("scrypt$16383$salt$8$5${hash}"), InvalidHash::Malformed),
        (format!("pbkdf2_sha256$0$salt${hash}"), InvalidHash::Malformed),
        (format!("pbkdf2_sha256$-1$salt${hash}"), InvalidHash::Malformed),
        (format!("pbkdf2_sha256$1000$salt${}", &hash[..8]), InvalidHash::Malformed),
    ] {
        assert_eq!(GivenHash::parse(&slow), Err(error), "{slow}");
    }
    let needs = format!("{{\"client_name\":\"A\",\"hash\":\"{bcrypt}\"}}");
    assert_eq!(ndjson(&needs), ["1 prefix_needed prefix"]);
}

#[test]
fn a_key_of_another_system_has_a_hint_of_its_own() {
    let hint = |text: &str| PlainSecret::new(text.to_owned()).imported_hint().0;
    assert_eq!(hint(KEY), "acme…ghij");
    assert_eq!((hint("short"), hint("aääääääääääääääääääääää")), ("…".to_owned(), "…".to_owned()));
    assert_eq!(KeyPrefix::parse("acme_0123456789").unwrap().hint().0, "acme_0123456…");
    for bad in ["", "a b", &"x".repeat(65)] {
        assert_eq!(KeyPrefix::parse(bad), Err(InvalidKeyPrefix));
    }
    assert!(may_be_imported(KEY) && !may_be_imported(&KEY[..23]) && !may_be_imported("with a blank 0123456789ab"));
    assert!(!may_be_imported(&"x".repeat(257)) && may_be_imported(&"~".repeat(256)));
}

#[test]
fn every_code_is_read_as_it_is_written() {
    for code in ImportCode::ALL {
        let written = serde_json::to_value(code).unwrap();
        assert_eq!(written, code.as_str());
        assert_eq!(serde_json::from_value::<ImportCode>(written).unwrap(), *code);
    }
}

#[test]
fn the_environment_of_a_row_is_read() {
    let row = format!("{{\"client_name\":\"A\",\"key\":\"{KEY}\",\"environment\":\"test\"}}");
    let rows = read(ImportFormat::Ndjson, row.as_bytes()).unwrap();
    assert_eq!(rows[0].row.as_ref().unwrap().environment, Some(Environment::Test));
}

/// A cell as spreadsheets write it.
fn quoted(cell: &str) -> String {
    format!("\"{}\"", cell.replace('"', "\"\""))
}

proptest! {
    #[test]
    fn rows_are_the_same_in_whichever_pieces_they_come(
        lines in prop::collection::vec("(\\{\"client_name\":\"[a-z]{1,3}\",\"key\":\"[a-z]{20,30}\"\\}|[a-z{}\" ]{0,9})(\r)?", 0..8),
        piece in 1usize..40,
    ) {
        let text = lines.join("\n");
        let whole = read(ImportFormat::Ndjson, text.as_bytes());
        prop_assert_eq!(told(&whole), told(&in_pieces(ImportFormat::Ndjson, text.as_bytes(), piece)));
    }

    #[test]
    fn records_are_the_same_in_whichever_pieces_they_come(
        body in "[a-c,;\"\r\nä0]{0,80}",
        delimiter in prop::sample::select(vec![",", ";"]),
        piece in 1usize..20,
    ) {
        let text = format!("\u{feff}client_name{delimiter}key\n{body}");
        let whole = read(ImportFormat::Csv, text.as_bytes());
        prop_assert_eq!(told(&whole), told(&in_pieces(ImportFormat::Csv, text.as_bytes(), piece)));
    }

    #[test]
    fn cells_are_read_back_as_spreadsheets_write_them(names in prop::collection::vec("[a-z,;\"\n\r é]{1,12}", 1..6)) {
        let mut text = "client_name,key\r\n".to_owned();
        for name in &names {
            text.push_str(&format!("{},{KEY}\r\n", quoted(name)));
        }
        let rows = read(ImportFormat::Csv, text.as_bytes()).unwrap();
        let found: Vec<_> = rows.iter().map(|read| match &read.row {
            Ok(row) => row.settings.client_name.clone().unwrap_or_default(),
            Err(fault) => format!("{fault:?}"),
        }).collect();
        // A cell of blanks alone is not given.
        let expected: Vec<_> = names.iter().map(|name| if name.trim().is_empty() { String::new() } else { name.clone() }).collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn reading_anything_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200), piece in 1usize..50) {
        for format in [ImportFormat::Csv, ImportFormat::Ndjson] {
            let _ = in_pieces(format, &bytes, piece);
        }
    }

    #[test]
    fn parsing_any_hash_never_panics(text in "\\PC{0,90}", parts in "\\$?[a-z0-9_]{0,13}\\$[a-z0-9=,]{0,20}\\$[a-zA-Z0-9+/=]{0,30}\\$?[a-zA-Z0-9+/=]{0,45}") {
        for text in [text, parts] {
            if let Ok(GivenHash::Slow(hash)) = GivenHash::parse(&text) {
                prop_assert_eq!(SlowHash::parse(hash.as_str()), Ok(hash.clone()));
            }
        }
    }
}
