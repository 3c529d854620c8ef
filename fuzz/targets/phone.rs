//! A text that is read as a number is that number in every notation of it, wherever it is read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use model::phone::{Reading, Region, Withheld, read};

fuzz_target!(|input: (u8, &str)| {
    let (place, text) = input;
    let regions = ["AU", "US", "MX", "IT", "AR", "DE", "GB", "RU"];
    let region = |name: &str| name.parse::<Region>().expect("a region");
    let withheld = Withheld::default();
    let Reading::Number(number) = read(text, region(regions[usize::from(place) % regions.len()]), &withheld) else { return };
    for name in regions {
        let Reading::Number(again) = read(&number.e164.to_string(), region(name), &withheld) else {
            panic!("{} is a number in one region and none in {name}", number.e164)
        };
        assert_eq!((again.e164, again.region, again.kind), (number.e164, number.region, number.kind));
        assert!(!again.national);
    }
});
