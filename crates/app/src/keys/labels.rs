use crate::ui::count;

/// `1 API key`, `3 API keys`.
pub(super) fn keys(number: u64) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} API key{plural}", count(number))
}

#[cfg(test)]
mod tests {
    use super::keys;

    #[test]
    fn one_key_is_singular() {
        assert_eq!([keys(1), keys(2)], ["1 API key", "2 API keys"]);
    }
}
