"""Prints, one JSON document a line, how the reference reads numbers: `[region, text, number or null]`.

Example numbers of every region and kind, in every notation that the reference writes, and texts in which something is wrong. A
number is `{e164, extension, region, kind, national}`; null is what it does not take for a valid number.
"""

import json

import phonenumbers
from phonenumbers import CountryCodeSource, PhoneNumberFormat, PhoneNumberType

KINDS = {
    PhoneNumberType.FIXED_LINE: "fixed_line",
    PhoneNumberType.MOBILE: "mobile",
    PhoneNumberType.FIXED_LINE_OR_MOBILE: "fixed_line_or_mobile",
    PhoneNumberType.TOLL_FREE: "toll_free",
    PhoneNumberType.PREMIUM_RATE: "premium_rate",
    PhoneNumberType.SHARED_COST: "shared_cost",
    PhoneNumberType.VOIP: "voip",
    PhoneNumberType.PERSONAL_NUMBER: "personal_number",
    PhoneNumberType.PAGER: "pager",
    PhoneNumberType.UAN: "uan",
    PhoneNumberType.VOICEMAIL: "voicemail",
    PhoneNumberType.UNKNOWN: "unknown",
}


def read(text, region):
    """What the reference takes a text for."""
    try:
        number = phonenumbers.parse(text, region, keep_raw_input=True)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    of = phonenumbers.region_code_for_number(number)
    return {
        "e164": phonenumbers.format_number(number, PhoneNumberFormat.E164),
        "extension": number.extension,
        "region": None if of == "001" else of,
        "kind": KINDS[phonenumbers.number_type(number)],
        "national": number.country_code_source == CountryCodeSource.FROM_DEFAULT_COUNTRY,
    }


def notations(number, region):
    """A number as people and programs write it."""
    for form in (
        PhoneNumberFormat.E164,
        PhoneNumberFormat.INTERNATIONAL,
        PhoneNumberFormat.NATIONAL,
        PhoneNumberFormat.RFC3966,
    ):
        yield phonenumbers.format_number(number, form)
    significant = phonenumbers.national_significant_number(number)
    yield significant
    yield f"{number.country_code}{significant}"
    yield f"+{number.country_code} (0){significant}"
    yield f"0{significant}"
    yield phonenumbers.format_out_of_country_calling_number(number, region)
    extended = phonenumbers.PhoneNumber()
    extended.merge_from(number)
    extended.extension = "12"
    yield phonenumbers.format_number(extended, PhoneNumberFormat.NATIONAL)
    yield phonenumbers.format_number(extended, PhoneNumberFormat.RFC3966)
    # Digits of Arabic and of full width.
    yield "".join(chr(0x660 + int(c)) if c.isdigit() else c for c in significant)
    yield "".join(chr(0xFF10 + int(c)) if c.isdigit() else c for c in significant)
    # A digit too few, and too many.
    yield significant[:-1]
    yield f"+{number.country_code}{significant}7"


def examples():
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        for kind in KINDS:
            number = phonenumbers.example_number_for_type(region, kind)
            if number is not None:
                yield region, number
    for code in sorted(phonenumbers.COUNTRY_CODES_FOR_NON_GEO_REGIONS):
        yield "AU", phonenumbers.example_number_for_non_geo_entity(code)


for home, example in examples():
    # At home, and as seen from two places with other prefixes.
    for region in dict.fromkeys((home, "AU", "US")):
        for text in notations(example, region):
            print(json.dumps([region, text, read(text, region)]))
