/// A number with separated thousands.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::count;

    #[test]
    fn numbers_are_written_as_people_write_them() {
        let written = [0, 7, 999, 1_000, 100_000, 1_234_567].map(count);
        assert_eq!(written, ["0", "7", "999", "1,000", "100,000", "1,234,567"]);
    }
}
