//! What the library of phone numbers says of a text.

use rlibphonenumber::{CountryCodeSource, PHONE_NUMBER_UTIL, PhoneNumber, PhoneNumberFormat, PhoneNumberType};

use super::{kind::PhoneKind, number::Number, region::Region};

/// The country whose mobile numbers lost digits in 2019, which address books still have.
const MEXICO: i32 = 52;
/// What was dialled before the ten digits of a Mexican number: from abroad, from the same town, from another, and for a fixed line.
const DIALLED_BEFORE: [&str; 4] = ["1", "044", "045", "01"];
const MEXICAN_DIGITS: usize = 10;

/// The number that a text names, if it is valid.
pub(super) fn valid(text: &str, region: Region) -> Option<Number> {
    let parsed = PHONE_NUMBER_UTIL.parse_and_keep_raw_input(text, Some(region.of_library())).ok()?;
    judged(&parsed)
}

/// The number that a text named when it was dialled in another way.
pub(super) fn as_dialled_before(text: &str, region: Region) -> Option<Number> {
    let parsed = PHONE_NUMBER_UTIL.parse_and_keep_raw_input(text, Some(region.of_library())).ok()?;
    if parsed.country_code != MEXICO {
        return None;
    }
    let digits = rlibphonenumber::get_national_significant_number_owned(&parsed);
    let subscriber = DIALLED_BEFORE
        .iter()
        .filter_map(|prefix| digits.strip_prefix(prefix))
        .find(|subscriber| subscriber.len() == MEXICAN_DIGITS)?;
    let number = PhoneNumber {
        national_number: subscriber.parse().ok()?,
        italian_leading_zero: None,
        number_of_leading_zeros: None,
        ..parsed
    };
    judged(&number)
}

fn judged(number: &PhoneNumber) -> Option<Number> {
    if !PHONE_NUMBER_UTIL.is_valid_number(number) {
        return None;
    }
    Some(Number {
        e164: PHONE_NUMBER_UTIL.format(number, PhoneNumberFormat::E164).parse().ok()?,
        extension: number.extension.clone(),
        region: PHONE_NUMBER_UTIL.get_region_for_number(number).and_then(Region::known),
        kind: kind(PHONE_NUMBER_UTIL.get_number_type(number)),
        national: number.country_code_source() == CountryCodeSource::FromDefaultCountry,
    })
}

fn kind(of_library: PhoneNumberType) -> PhoneKind {
    match of_library {
        PhoneNumberType::FixedLine => PhoneKind::FixedLine,
        PhoneNumberType::Mobile => PhoneKind::Mobile,
        PhoneNumberType::FixedLineOrMobile => PhoneKind::FixedLineOrMobile,
        PhoneNumberType::TollFree => PhoneKind::TollFree,
        PhoneNumberType::PremiumRate => PhoneKind::PremiumRate,
        PhoneNumberType::SharedCost => PhoneKind::SharedCost,
        PhoneNumberType::VoIP => PhoneKind::Voip,
        PhoneNumberType::PersonalNumber => PhoneKind::PersonalNumber,
        PhoneNumberType::Pager => PhoneKind::Pager,
        PhoneNumberType::UAN => PhoneKind::Uan,
        PhoneNumberType::VoiceMail => PhoneKind::Voicemail,
        PhoneNumberType::Unknown => PhoneKind::Unknown,
    }
}
