//! Phone numbers in any notation. [`read`] is the one function behind which the library of phone numbers stands.
//!
//! Invariants:
//! - a number is *valid* by the numbering plan of its country, or it is no number at all;
//! - reading makes no difference between notations: whoever is reached by two texts has one [`E164`];
//! - a text of any length and any characters is answered, and costs no more than one of [`PHONE_TEXT_MAX`] bytes.

mod e164;
mod kind;
mod notation;
mod number;
mod numbering_plan;
mod region;
mod withheld;

pub use e164::{E164, InvalidE164};
pub use kind::PhoneKind;
pub use number::Number;
pub use region::{Region, UnknownRegion};
pub use withheld::{InvalidWithheld, WITHHELD_MAX, Withheld};

/// The longest text that is read, in bytes. libphonenumber reads no longer ones either.
pub const PHONE_TEXT_MAX: usize = 250;

/// What a text says of who calls or is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// A valid number.
    Number(Number),
    /// Whoever calls keeps their number to themselves, or the network does not know it.
    Withheld,
    /// Anything else: an internal extension, a number that no plan has, no number at all.
    NoNumber,
}

/// Reads a text as people, address books and networks write numbers, as seen from `region`.
///
/// What is read besides the notations of libphonenumber:
/// - a `+` that arrived as a space, as it does in a query string;
/// - `00` from where another prefix leads abroad;
/// - Mexican numbers with the digits that were dialled before mobile numbers until 2019: `+52 1`, `044`, `045`, `01`;
/// - SIP addresses, with a display name or without.
pub fn read(text: &str, region: Region, withheld: &Withheld) -> Reading {
    if text.len() > PHONE_TEXT_MAX {
        return Reading::NoNumber;
    }
    let text = notation::user_part(text);
    if withheld.has_word(text) {
        return Reading::Withheld;
    }
    let international = notation::with_plus(text);
    if withheld.has_number(international.as_deref().unwrap_or(text)) {
        return Reading::Withheld;
    }
    // What is written is tried before what may have been meant. A lost plus is no guess: it stood there.
    let lost_plus = international.as_deref().filter(|_| notation::lost_its_plus(text));
    let mut tries = lost_plus.into_iter().chain([text]).chain(international.as_deref());
    tries
        .find_map(|attempt| numbering_plan::valid(attempt, region))
        .or_else(|| numbering_plan::as_dialled_before(international.as_deref().unwrap_or(text), region))
        .map_or(Reading::NoNumber, Reading::Number)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read_in(region: &str, text: &str) -> Reading {
        read(text, region.parse().unwrap(), &Withheld::default())
    }

    /// `+61491570006`, or with an extension `+61491570006;12`; `withheld`, `none`.
    fn short(reading: &Reading) -> String {
        match reading {
            Reading::Number(Number { e164, extension: None, .. }) => e164.to_string(),
            Reading::Number(Number { e164, extension: Some(extension), .. }) => format!("{e164};{extension}"),
            Reading::Withheld => "withheld".to_owned(),
            Reading::NoNumber => "none".to_owned(),
        }
    }

    #[test]
    fn any_notation_gives_one_number() {
        for text in [
            "0491 570 006",
            "+61 (0)491 570 006",
            "61491570006",
            // In a query string a plus arrives as a space.
            " 61491570006",
            " 61 491 570 006 ",
            "+61491570006",
            "0011 61 491 570 006",
            // The prefix of most countries, which leads nowhere in Australia.
            "00 61 491 570 006",
            "0061 0491 570 006",
            "00+61491570006",
            "491570006",
            "tel:+61-491-570-006",
            "tel:0491-570-006;phone-context=+61",
            "sip:+61491570006@pbx.example;user=phone",
            "\"Mia Chen\" <sips:0491570006@pbx.example:5061>;tag=8",
            "٠٤٩١٥٧٠٠٠٦",
            "０４９１５７０００６",
            "0491 570 006  ",
            "0491 570 006\n",
            "(04) 91.57/00-06",
            "0491\u{200b}570\u{200b}006",
            "\u{202a}+61491570006\u{202c}",
            "++61491570006",
        ] {
            assert_eq!(short(&read_in("AU", text)), "+61491570006", "{text:?}");
        }
    }

    #[test]
    fn an_extension_is_kept_apart() {
        for text in ["0491 570 006 ext. 12", "0491570006x12", "tel:+61491570006;ext=12", "+61491570006 ext 12"] {
            assert_eq!(short(&read_in("AU", text)), "+61491570006;12", "{text}");
        }
    }

    #[test]
    fn whoever_keeps_their_number_is_withheld() {
        for text in [
            "",
            "   ",
            "anonymous",
            "Anonymous",
            "restricted",
            "Private number",
            "sip:anonymous@anonymous.invalid",
            "\"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=1",
            "+266696687",
            " 266696687",
            "+266 696 687",
            "00266696687",
        ] {
            assert_eq!(read_in("AU", text), Reading::Withheld, "{text:?}");
        }
    }

    #[test]
    fn what_is_no_valid_number_is_none() {
        for text in
            ["57O", "1001", "000", "+", "+61 4", "+6149157000600000000", "hello", "0x1F", "🦀", "12 34 56 78 9", "\0"]
        {
            assert_eq!(read_in("AU", text), Reading::NoNumber, "{text:?}");
        }
        assert_eq!(read_in("AU", &"0491570006 ".repeat(40)), Reading::NoNumber);
    }

    #[test]
    fn countries_write_in_their_own_ways() {
        for (region, text, e164) in [
            // Italy keeps its leading zero, also from abroad.
            ("IT", "06 1234 5678", "+390612345678"),
            ("IT", "+39 06 1234 5678", "+390612345678"),
            ("IT", "+39 6 1234 5678", "none"),
            // Argentina dials 15 at home and 9 from abroad.
            ("AR", "011 15 2345-6789", "+5491123456789"),
            ("AR", "+54 11 15 2345-6789", "+5491123456789"),
            ("AR", "+54 9 11 2345-6789", "+5491123456789"),
            ("DE", "+49 (0711) 123456", "+49711123456"),
            ("DE", "0711 123456", "+49711123456"),
            ("US", "(201) 555-0123", "+12015550123"),
            ("US", "1 201 555 0123", "+12015550123"),
            ("US", "011 61 491 570 006", "+61491570006"),
            ("US", "00 61 491 570 006", "+61491570006"),
            ("GB", "+44 (0) 20 7183 8750", "+442071838750"),
            ("BR", "0 15 11 96123-4567", "+5511961234567"),
            ("RU", "8 912 345-67-89", "+79123456789"),
            ("RU", "8 10 61 491570006", "+61491570006"),
            ("MX", "55 1234 5678", "+525512345678"),
            ("MX", "+52 55 1234 5678", "+525512345678"),
            ("MX", "+52 1 55 1234 5678", "+525512345678"),
            ("AU", "+52 1 55 1234 5678", "+525512345678"),
            ("AU", "00 52 1 55 1234 5678", "+525512345678"),
            ("AU", " 5215512345678", "+525512345678"),
            ("MX", "521 55 1234 5678", "+525512345678"),
            ("MX", "1 55 1234 5678", "+525512345678"),
            ("MX", "044 55 1234 5678", "+525512345678"),
            ("MX", "045 55 1234 5678", "+525512345678"),
            ("MX", "01 55 1234 5678", "+525512345678"),
            ("MX", "+52 1 1 55 1234 5678", "none"),
        ] {
            assert_eq!(short(&read_in(region, text)), e164, "{region} {text}");
        }
    }

    #[test]
    fn a_number_says_what_it_is_and_on_what_it_rests() {
        let told = |region: &str, text: &str| match read_in(region, text) {
            Reading::Number(number) => (number.region.map(|region| region.to_string()), number.kind, number.national),
            other => panic!("{text}: {other:?}"),
        };
        let au = || Some("AU".to_owned());
        assert_eq!(told("AU", "0491 570 006"), (au(), PhoneKind::Mobile, true));
        assert_eq!(told("US", "+61491570006"), (au(), PhoneKind::Mobile, false));
        assert_eq!(told("AU", " 61491570006"), (au(), PhoneKind::Mobile, false));
        assert_eq!(told("AU", "0011 61 491570006"), (au(), PhoneKind::Mobile, false));
        assert_eq!(told("AU", "1300 975 707"), (au(), PhoneKind::SharedCost, true));
        assert_eq!(told("MX", "044 55 1234 5678"), (Some("MX".to_owned()), PhoneKind::FixedLineOrMobile, true));
        assert_eq!(told("AU", "+800 1234 5678"), (None, PhoneKind::TollFree, false));
    }

    #[test]
    fn a_space_before_a_national_number_is_only_a_space() {
        assert_eq!(short(&read_in("AU", " 0491 570 006")), "+61491570006");
        assert_eq!(short(&read_in("GB", " 020 7183 8750")), "+442071838750");
    }

    #[test]
    fn the_withheld_list_is_whoever_installs_its_own() {
        let withheld = Withheld::new(["geheim", "+61491570006"]).unwrap();
        let region = "AU".parse().unwrap();
        assert_eq!(read("GEHEIM", region, &withheld), Reading::Withheld);
        assert_eq!(read("+61 491 570 006", region, &withheld), Reading::Withheld);
        assert_eq!(read("anonymous", region, &withheld), Reading::NoNumber);
        // Nothing at all is always withheld.
        assert_eq!(read("", region, &withheld), Reading::Withheld);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,300}") {
            read_in("AU", &text);
        }

        #[test]
        fn what_looks_like_a_number_reads_as_its_own_e164(text in "[ +0-9()./x-]{0,24}", region in prop::sample::select(vec!["AU", "US", "MX", "IT", "AR"])) {
            if let Reading::Number(number) = read_in(region, &text) {
                let again = read_in("GB", &number.e164.to_string());
                prop_assert_eq!(short(&again), number.e164.to_string());
            }
        }
    }
}
