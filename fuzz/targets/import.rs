//! Rows are read alike however their bytes come, without panic, and nothing that is printed of them tells a key.
#![no_main]

use libfuzzer_sys::fuzz_target;
use model::{ImportFormat, ImportReader, ReadRow};

fuzz_target!(|bytes: &[u8]| {
    for format in [ImportFormat::Csv, ImportFormat::Ndjson] {
        // However the bytes come, the rows are the same, and nothing that is printed of them tells a key.
        let whole = rows(format, [bytes]);
        let each = rows(format, bytes.chunks(1));
        assert_eq!(format!("{whole:?}"), format!("{each:?}"));
    }
});

fn rows<'a>(
    format: ImportFormat,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Result<Vec<ReadRow>, model::ImportFault> {
    let (mut reader, mut rows) = (ImportReader::new(format), Vec::new());
    for piece in pieces {
        reader.push(piece, &mut rows)?;
    }
    reader.finish(&mut rows)?;
    Ok(rows)
}
