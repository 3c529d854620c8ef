//! Numbers of mobile telephones of several countries. Nothing here reaches the telephone network.

use std::sync::Arc;

use crate::{objects::PhoneNumber, sim::Draws};

/// How the numbers of a country begin, how many digits follow, whose clocks its people have, and how many of a hundred
/// contacts live there.
pub(super) struct Country {
    pub(super) prefix: &'static str,
    pub(super) digits: usize,
    /// What is written in the country in place of the country code, and that code.
    national: Option<(&'static str, &'static str)>,
    pub(super) timezone: &'static str,
    pub(super) share: usize,
}

/// The shares add up to a hundred.
pub(super) const COUNTRIES: [Country; 10] = [
    Country { prefix: "+6141", digits: 7, national: Some(("+61", "0")), timezone: "Australia/Sydney", share: 44 },
    Country { prefix: "+6142", digits: 7, national: Some(("+61", "0")), timezone: "Australia/Adelaide", share: 6 },
    Country { prefix: "+6421", digits: 7, national: Some(("+64", "0")), timezone: "Pacific/Auckland", share: 14 },
    Country { prefix: "+44771", digits: 7, national: Some(("+44", "0")), timezone: "Europe/London", share: 10 },
    Country { prefix: "+1212", digits: 7, national: None, timezone: "America/New_York", share: 8 },
    Country { prefix: "+49151", digits: 8, national: Some(("+49", "0")), timezone: "Europe/Berlin", share: 5 },
    Country { prefix: "+3361", digits: 7, national: Some(("+33", "0")), timezone: "Europe/Paris", share: 4 },
    Country { prefix: "+3934", digits: 8, national: None, timezone: "Europe/Rome", share: 3 },
    Country { prefix: "+9198", digits: 8, national: Some(("+91", "0")), timezone: "Asia/Kolkata", share: 4 },
    Country { prefix: "+2782", digits: 7, national: Some(("+27", "0")), timezone: "Africa/Johannesburg", share: 2 },
];

/// The country of a contact, by its share.
pub(super) fn country(draws: &mut Draws) -> &'static Country {
    let mut left = draws.below(100);
    for country in &COUNTRIES {
        if left < country.share {
            return country;
        }
        left -= country.share;
    }
    &COUNTRIES[0]
}

/// A number of a country.
pub(super) fn number(draws: &mut Draws, country: &Country) -> PhoneNumber {
    let mut e164 = String::from(country.prefix);
    for place in 0..country.digits {
        // No exchange of North America begins with 0 or 1, or with 9, which leads to 911.
        let digit = if place == 0 { 2 + draws.below(7) } else { draws.below(10) };
        e164.extend(u32::try_from(digit).ok().and_then(|digit| char::from_digit(digit, 10)));
    }
    let national = country.national.filter(|_| draws.chance(0.15));
    let raw = national.and_then(|(code, trunk)| Some(format!("{trunk}{}", e164.strip_prefix(code)?)));
    let number = PhoneNumber::valid(&e164);
    PhoneNumber { raw: raw.map_or(number.raw.clone(), Into::into), ..number }
}

/// The number of somebody who is no contact.
pub(crate) fn stranger(mut draws: Draws) -> Arc<PhoneNumber> {
    let country = country(&mut draws);
    Arc::new(number(&mut draws, country))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::Seed;

    #[test]
    fn shares_add_up_and_are_met() {
        assert_eq!(COUNTRIES.iter().map(|country| country.share).sum::<usize>(), 100);
        let mut draws = Draws::numbered(Seed(3), "test", 0);
        let mut counts = [0_usize; COUNTRIES.len()];
        for _ in 0..20_000 {
            let prefix = country(&mut draws).prefix;
            counts[COUNTRIES.iter().position(|country| country.prefix == prefix).unwrap()] += 1;
        }
        for (country, count) in COUNTRIES.iter().zip(counts) {
            let wanted = country.share * 200;
            assert!(count.abs_diff(wanted) < 60 + wanted / 5, "{}: {count} and not {wanted}", country.prefix);
        }
    }

    #[test]
    fn a_number_has_as_many_digits_as_its_country_has() {
        let mut draws = Draws::numbered(Seed(3), "test", 1);
        for country in &COUNTRIES {
            let e164 = number(&mut draws, country).e164.unwrap();
            assert!(e164.starts_with(country.prefix) && e164.len() == country.prefix.len() + country.digits);
        }
    }
}
