use api::CreatedKey;
use clap::Args;
use model::KeyId;

use super::{Desk, Failed, Format, output::Output, show};

#[derive(Args)]
pub(super) struct KeyRotate {
    /// The key's id
    id: KeyId,
    /// For how long the old secret works beside the new one: 90s, 15m, 24h or 7d, at most 30d; 0 ends it now
    #[arg(long, value_name = "TIME", value_parser = seconds)]
    overlap: u32,
    #[command(flatten)]
    format: Format,
}

#[derive(Args)]
pub(super) struct KeyEndOverlap {
    /// The key's id
    id: KeyId,
    #[command(flatten)]
    format: Format,
}

impl KeyRotate {
    pub(super) async fn run(self, desk: &Desk, output: &mut Output) -> Result<(), Failed> {
        let operator = desk.operator().await?;
        let issued = desk.keydesk.rotate(&operator, self.id, self.overlap, None).await?;
        if self.format.json {
            return Ok(output.json(&CreatedKey::from(&issued))?);
        }
        show(&issued.key, Some(&issued.secret), output)
    }
}

impl KeyEndOverlap {
    pub(super) async fn run(self, desk: &Desk, output: &mut Output) -> Result<(), Failed> {
        let operator = desk.operator().await?;
        let key = desk.keydesk.end_overlap(&operator, self.id, None).await?;
        if self.format.json { Ok(output.json(&key)?) } else { show(&key, None, output) }
    }
}

fn seconds(text: &str) -> Result<u32, String> {
    let wrong = || "write a whole number with s, m, h or d after it, for example 24h".to_owned();
    if text == "0" {
        return Ok(0);
    }
    let (number, unit) = text.split_at(text.len() - text.chars().next_back().map_or(0, char::len_utf8));
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        _ => return Err(wrong()),
    };
    let number: u32 = if number.bytes().all(|b| b.is_ascii_digit()) {
        number.parse().map_err(|_| wrong())?
    } else {
        return Err(wrong());
    };
    number
        .checked_mul(unit)
        .filter(|seconds| *seconds <= domain::OVERLAP_MAX_SECONDS)
        .ok_or_else(|| "at most 30d".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_or_refused() {
        for (text, expected) in [
            ("0", Some(0)),
            ("0s", Some(0)),
            ("90s", Some(90)),
            ("15m", Some(900)),
            ("24h", Some(86_400)),
            ("30d", Some(2_592_000)),
            ("31d", None),
            ("99999999999d", None),
            ("4294967295d", None),
            ("24", None),
            ("h", None),
            ("-1h", None),
            ("+1h", None),
            ("1.5h", None),
            ("24ü", None),
            ("", None),
        ] {
            assert_eq!(seconds(text).ok(), expected, "{text:?}");
        }
    }
}
