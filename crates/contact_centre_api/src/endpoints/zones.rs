use model::{
    TimeZone,
    phone::{self, Reading},
};

use crate::centre::Settings;

/// Countries, with the westernmost and the easternmost clocks that many people have there. A number does not say more.
const ZONES: [(&str, &[&str]); 22] = [
    ("AR", &["America/Argentina/Buenos_Aires"]),
    ("AU", &["Australia/Perth", "Australia/Sydney"]),
    ("BR", &["America/Rio_Branco", "America/Sao_Paulo"]),
    ("CA", &["America/Vancouver", "America/St_Johns"]),
    ("CH", &["Europe/Zurich"]),
    ("CN", &["Asia/Shanghai"]),
    ("DE", &["Europe/Berlin"]),
    ("ES", &["Europe/Madrid"]),
    ("FR", &["Europe/Paris"]),
    ("GB", &["Europe/London"]),
    ("IE", &["Europe/Dublin"]),
    ("IN", &["Asia/Kolkata"]),
    ("IT", &["Europe/Rome"]),
    ("JP", &["Asia/Tokyo"]),
    ("MX", &["America/Tijuana", "America/Cancun"]),
    ("NL", &["Europe/Amsterdam"]),
    ("NZ", &["Pacific/Auckland"]),
    ("PH", &["Asia/Manila"]),
    ("SG", &["Asia/Singapore"]),
    ("TH", &["Asia/Bangkok"]),
    ("US", &["Pacific/Honolulu", "America/New_York"]),
    ("ZA", &["Africa/Johannesburg"]),
];

/// The clocks that whoever has a number may have, by its country; none where that is not known.
pub(super) fn zones_of(raw: &str, settings: &Settings) -> Vec<TimeZone> {
    let Reading::Number(number) = phone::read(raw, settings.region, &settings.withheld) else { return Vec::new() };
    let Some(region) = number.region.map(|region| region.to_string()) else { return Vec::new() };
    let of = ZONES.iter().find(|(country, _)| **country == *region).map(|(_, zones)| *zones);
    of.unwrap_or_default().iter().filter_map(|zone| zone.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_zone_is_one() {
        for (country, zones) in ZONES {
            assert!(country.parse::<phone::Region>().is_ok(), "{country}");
            for zone in zones {
                assert!(zone.parse::<TimeZone>().is_ok(), "{zone}");
            }
        }
    }
}
