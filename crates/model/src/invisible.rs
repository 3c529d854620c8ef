//! Characters that nobody sees.

use icu_properties::{CodePointSetData, props::DefaultIgnorableCodePoint};

/// Whether the character is invisible, or changes how its neighbours are shown.
pub fn is_invisible(c: char) -> bool {
    c.is_control()
        // Soft hyphen, fillers, joiners, direction marks, selectors, tags, and places that Unicode keeps for such.
        || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
        || matches!(c,
            '\u{2028}' | '\u{2029}' // line and paragraph separators
            // Those format characters that are not to be ignored: they enclose or arrange what follows.
            | '\u{0600}'..='\u{0605}' | '\u{06DD}' | '\u{070F}' | '\u{0890}'..='\u{0891}' | '\u{08E2}'
            | '\u{110BD}' | '\u{110CD}' | '\u{13430}'..='\u{13440}'
            | '\u{FFF9}'..='\u{FFFC}' // annotations, and the place of an object that is not there
            | '\u{16FE4}' // filler of the Khitan small script
            | '\u{1D159}' // musical null notehead
        )
        || is_noncharacter(c)
}

/// What Unicode will never give a meaning.
fn is_noncharacter(c: char) -> bool {
    matches!(c, '\u{FDD0}'..='\u{FDEF}') || u32::from(c) & 0xFFFE == 0xFFFE
}
