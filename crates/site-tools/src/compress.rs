//! Compresses files for browsers, once and as well as can be.

use std::{
    fs, io,
    io::Write as _,
    path::{Path, PathBuf},
};

use flate2::{Compression, write::GzEncoder};

use crate::Failed;

/// Writes `FILE.br` and `FILE.gz`, each where it is smaller than the file.
pub(crate) fn compress(file: &Path) -> Result<(), Failed> {
    let at = |path: &Path| {
        let path = path.display().to_string();
        move |error: io::Error| format!("{path}: {error}")
    };
    let bytes = fs::read(file).map_err(at(file))?;
    for (suffix, pack) in [("br", brotli as fn(&[u8]) -> io::Result<Vec<u8>>), ("gz", gzip)] {
        let packed = with_suffix(file, suffix);
        let smaller = pack(&bytes).map_err(at(&packed))?;
        if smaller.len() < bytes.len() {
            fs::write(&packed, &smaller).map_err(at(&packed))?;
        }
    }
    Ok(())
}

fn with_suffix(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    name.into()
}

fn brotli(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut packed = Vec::new();
    let parameters =
        brotli::enc::BrotliEncoderParams { quality: 11, lgwin: 22, size_hint: bytes.len(), ..Default::default() };
    brotli::BrotliCompress(&mut &*bytes, &mut packed, &parameters)?;
    Ok(packed)
}

fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    encoder.finish()
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn only_what_is_smaller_is_written_and_it_is_the_same_file() {
        let folder = tempfile::tempdir().unwrap();
        let (long, short) = (folder.path().join("a.css"), folder.path().join("x.txt"));
        let text = "keydesk ".repeat(100);
        fs::write(&long, &text).unwrap();
        fs::write(&short, "x").unwrap();
        compress(&long).unwrap();
        compress(&short).unwrap();
        let mut names: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names, ["a.css", "a.css.br", "a.css.gz", "x.txt"]);
        let mut unpacked = String::new();
        let packed = fs::File::open(with_suffix(&long, "gz")).unwrap();
        flate2::read::GzDecoder::new(packed).read_to_string(&mut unpacked).unwrap();
        assert_eq!(unpacked, text);
        let mut unpacked = Vec::new();
        brotli::BrotliDecompress(&mut &fs::read(with_suffix(&long, "br")).unwrap()[..], &mut unpacked).unwrap();
        assert_eq!(unpacked, text.as_bytes());
        assert!(compress(&folder.path().join("none")).unwrap_err().to_string().contains("none"));
    }
}
