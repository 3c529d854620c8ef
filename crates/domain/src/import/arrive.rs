use std::collections::VecDeque;

use model::{IMPORT_BYTES_MAX, ImportFault, ImportFormat, ImportReader, ReadRow};
use tokio::{sync::mpsc, task};
use zeroize::Zeroizing;

use super::options::ImportPart;

/// How much is read at once: rows take some milliseconds, and then others have the thread.
const PIECE: usize = 16 * 1024;
/// How much must have come before the form can be told.
const BEGINNING: usize = 64;

/// Rows, as they come.
pub(super) struct Arriving {
    parts: mpsc::Receiver<ImportPart>,
    format: Option<ImportFormat>,
    reader: Option<ImportReader>,
    /// What came last, of which the first bytes are read.
    part: Zeroizing<Vec<u8>>,
    read: usize,
    bytes: u64,
    rows: VecDeque<ReadRow>,
    ended: bool,
}

impl Arriving {
    pub(super) fn new(parts: mpsc::Receiver<ImportPart>, format: Option<ImportFormat>) -> Self {
        Self {
            parts,
            format,
            reader: None,
            part: Zeroizing::default(),
            read: 0,
            bytes: 0,
            rows: VecDeque::new(),
            ended: false,
        }
    }

    /// So many rows; fewer, if those are the last.
    pub(super) async fn rows(&mut self, most: usize) -> Result<Vec<ReadRow>, ImportFault> {
        while self.rows.len() < most && !self.ended {
            self.more().await?;
        }
        let count = self.rows.len().min(most);
        Ok(self.rows.drain(..count).collect())
    }

    /// Whether all has come.
    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    async fn more(&mut self) -> Result<(), ImportFault> {
        if let Some(reader) = &mut self.reader
            && self.read < self.part.len()
        {
            let end = (self.read + PIECE).min(self.part.len());
            reader.push(&self.part[self.read..end], &mut self.rows)?;
            self.read = end;
            task::yield_now().await;
            return Ok(());
        }
        let part = self.parts.recv().await.ok_or(ImportFault::BrokenOff)?;
        match part {
            ImportPart::Bytes(bytes) => {
                self.bytes += bytes.len() as u64;
                if self.bytes > IMPORT_BYTES_MAX {
                    return Err(ImportFault::TooLarge);
                }
                if self.reader.is_some() {
                    (self.part, self.read) = (Zeroizing::new(bytes), 0);
                    return Ok(());
                }
                self.part.extend_from_slice(&bytes);
                if self.format.is_some() || self.part.len() >= BEGINNING {
                    self.begin();
                }
                Ok(())
            }
            ImportPart::End => {
                if self.reader.is_none() {
                    self.begin();
                }
                if let Some(reader) = &mut self.reader {
                    reader.push(&self.part[self.read..], &mut self.rows)?;
                    reader.finish(&mut self.rows)?;
                }
                self.read = self.part.len();
                self.ended = true;
                Ok(())
            }
        }
    }

    fn begin(&mut self) {
        let format = self.format.unwrap_or_else(|| ImportFormat::of_beginning(&self.part));
        self.reader = Some(ImportReader::new(format));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn lines(format: Option<ImportFormat>, parts: Vec<ImportPart>) -> Result<Vec<u32>, ImportFault> {
        let (send, receive) = mpsc::channel(parts.len().max(1));
        for part in parts {
            assert!(send.try_send(part).is_ok());
        }
        drop(send);
        let mut arriving = Arriving::new(receive, format);
        let mut lines = Vec::new();
        loop {
            let rows = arriving.rows(2).await?;
            if rows.is_empty() {
                return Ok(lines);
            }
            lines.extend(rows.into_iter().map(|row| row.line));
        }
    }

    const NDJSON: &str = "{\"client_name\":\"A\",\"key\":\"abcdefghijklmnopqrstuvwx\"}\n\n{}\n{}";

    fn each_byte(text: &str) -> Vec<ImportPart> {
        text.bytes().map(|byte| ImportPart::Bytes(vec![byte])).chain([ImportPart::End]).collect()
    }

    #[tokio::test]
    async fn rows_are_the_same_however_they_come() {
        let whole = vec![ImportPart::Bytes(NDJSON.into()), ImportPart::End];
        for format in [None, Some(ImportFormat::Ndjson)] {
            assert_eq!(lines(format, whole.clone()).await, Ok(vec![1, 3, 4]));
            assert_eq!(lines(format, each_byte(NDJSON)).await, Ok(vec![1, 3, 4]));
        }
        let csv = "client_name,key\nA,abcdefghijklmnopqrstuvwx\nB,\n";
        assert_eq!(lines(None, each_byte(csv)).await, Ok(vec![2, 3]));
        assert_eq!(
            lines(None, each_byte("client_name,key\n")).await,
            Err(ImportFault::Empty),
            "shorter than what tells the form"
        );
        assert_eq!(lines(None, vec![ImportPart::End]).await, Err(ImportFault::Empty));
    }

    #[tokio::test]
    async fn what_breaks_off_or_is_too_long_is_told() {
        assert_eq!(lines(None, vec![ImportPart::Bytes(NDJSON.into())]).await, Err(ImportFault::BrokenOff));
        let (send, receive) = mpsc::channel(2);
        let mut arriving = Arriving::new(receive, None);
        arriving.bytes = IMPORT_BYTES_MAX - 1;
        assert!(
            send.try_send(ImportPart::Bytes(vec![b' '])).is_ok()
                && send.try_send(ImportPart::Bytes(vec![b' '])).is_ok()
        );
        assert_eq!(arriving.rows(1).await.err(), Some(ImportFault::TooLarge));
    }
}
