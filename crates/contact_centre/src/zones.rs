//! The clocks of whoever has a telephone number.

use std::sync::LazyLock;

use model::TimeZone;

use crate::objects::PhoneNumber;

/// How numbers of a country begin, with the westernmost and the easternmost clocks that many people have there. A number does not say more.
/// The United States and Canada share a beginning.
const ZONES: [(&str, &[&str]); 21] = [
    ("+1", &["Pacific/Honolulu", "America/St_Johns"]),
    ("+27", &["Africa/Johannesburg"]),
    ("+31", &["Europe/Amsterdam"]),
    ("+33", &["Europe/Paris"]),
    ("+34", &["Europe/Madrid"]),
    ("+39", &["Europe/Rome"]),
    ("+41", &["Europe/Zurich"]),
    ("+44", &["Europe/London"]),
    ("+49", &["Europe/Berlin"]),
    ("+52", &["America/Tijuana", "America/Cancun"]),
    ("+54", &["America/Argentina/Buenos_Aires"]),
    ("+55", &["America/Rio_Branco", "America/Sao_Paulo"]),
    ("+61", &["Australia/Perth", "Australia/Sydney"]),
    ("+63", &["Asia/Manila"]),
    ("+64", &["Pacific/Auckland"]),
    ("+65", &["Asia/Singapore"]),
    ("+66", &["Asia/Bangkok"]),
    ("+81", &["Asia/Tokyo"]),
    ("+86", &["Asia/Shanghai"]),
    ("+91", &["Asia/Kolkata"]),
    ("+353", &["Europe/Dublin"]),
];

/// Read once: leads are looked at by the thousand.
static READ: LazyLock<Vec<(&str, Vec<TimeZone>)>> = LazyLock::new(|| {
    let read = |zones: &[&str]| zones.iter().filter_map(|zone| zone.parse().ok()).collect();
    ZONES.iter().map(|(begin, zones)| (*begin, read(zones))).collect()
});

/// The clocks that whoever has a number may have, by its country; none where that is not known.
pub fn zones_of(number: &PhoneNumber) -> &'static [TimeZone] {
    // No beginning of a country is that of another.
    let of = |e164: &str| READ.iter().find(|(begin, _)| e164.starts_with(begin));
    number.e164.as_deref().and_then(of).map_or(&[], |(_, zones)| zones)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_zone_is_one_and_no_beginning_is_that_of_another() {
        for (place, (begin, zones)) in ZONES.iter().enumerate() {
            assert!(!zones.is_empty() && zones.iter().all(|zone| zone.parse::<TimeZone>().is_ok()), "{begin}");
            assert!(ZONES.iter().enumerate().all(|(other, (own, _))| other == place || !own.starts_with(begin)));
        }
    }

    #[test]
    fn a_number_has_the_clocks_of_its_country() {
        let of = |e164: &str| {
            let zones = zones_of(&PhoneNumber::valid(e164));
            zones.iter().map(|zone| zone.name().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(of("+49711123456"), ["Europe/Berlin"]);
        assert_eq!(of("+61491570156"), ["Australia/Perth", "Australia/Sydney"]);
        assert!(of("+35312345678").contains(&"Europe/Dublin".to_owned()));
        assert!(of("+97312345678").is_empty() && zones_of(&PhoneNumber::internal("1001")).is_empty());
    }
}
