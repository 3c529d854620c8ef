//! Where characters that can't be seen may stand, since they change the shape of their neighbours and no name passes for another.

use icu_properties::{
    CodePointMapData, CodePointSetData,
    props::{ExtendedPictographic, JoiningType},
};
use unicode_normalization::char::canonical_combining_class;

use crate::invisible::is_invisible;

const ZWNJ: char = '\u{200C}';
const ZWJ: char = '\u{200D}';
const EMOJI_SELECTOR: char = '\u{FE0F}';
/// Makes a key of the digit before it.
const KEYCAP: char = '\u{20E3}';

/// Whether the character at this place may stand there.
pub(crate) fn is_allowed(text: &[char], at: usize) -> bool {
    let c = text[at];
    if !is_invisible(c) {
        return true;
    }
    let before = at.checked_sub(1).and_then(|at| text.get(at)).copied();
    let after = text.get(at + 1).copied();
    match c {
        ZWNJ => before.is_some_and(is_virama) || joins(text, at),
        ZWJ => before.is_some_and(is_virama) || (ends_emoji(text, at) && after.is_some_and(is_emoji)),
        EMOJI_SELECTOR => {
            let key = after == Some(KEYCAP) && before.is_some_and(|c| matches!(c, '0'..='9' | '#' | '*'));
            key || before.is_some_and(is_emoji)
        }
        _ => false,
    }
}

fn is_virama(c: char) -> bool {
    canonical_combining_class(c) == 9
}

fn is_emoji(c: char) -> bool {
    CodePointSetData::new::<ExtendedPictographic>().contains(c)
}

/// Whether an emoji ends before this place, with its colour of skin or its selector.
fn ends_emoji(text: &[char], at: usize) -> bool {
    let shaped = |c: char| matches!(c, '\u{1F3FB}'..='\u{1F3FF}' | EMOJI_SELECTOR);
    text[..at].iter().rev().copied().find(|c| !shaped(*c)).is_some_and(is_emoji)
}

/// The rule of RFC 5892 A.1: between a letter that joins to its left-hand side and one that joins to its right-hand side, whatever
/// is transparent between them.
fn joins(text: &[char], at: usize) -> bool {
    let joining = CodePointMapData::<JoiningType>::new();
    let kind = |c: &char| joining.get(*c);
    let before = text[..at].iter().rev().map(kind).find(|kind| *kind != JoiningType::Transparent);
    let after = text[at + 1..].iter().map(kind).find(|kind| *kind != JoiningType::Transparent);
    before.is_some_and(|kind| [JoiningType::LeftJoining, JoiningType::DualJoining].contains(&kind))
        && after.is_some_and(|kind| [JoiningType::RightJoining, JoiningType::DualJoining].contains(&kind))
}
