//! Letters, and pairs and triples of letters that stand together in a word: each as a number. Two that have the same number cost time, and
//! no key: a block is then read in vain.

/// Adds those of a folded text. No word that is searched for holds a blank, so none reaches over one.
pub(super) fn push_text(text: &str, grams: &mut Vec<u32>) {
    for word in text.split(' ') {
        let (mut one, mut two) = (None, None);
        for c in word.chars() {
            let c = number(c);
            grams.push(mixed(c));
            if let Some(one) = one {
                grams.push(mixed(pair(one, c)));
                if let Some(two) = two {
                    grams.push(mixed(triple(two, one, c)));
                }
            }
            (two, one) = (one, Some(c));
        }
    }
}

/// Those that a text must hold to hold this word: its triples, or what it has of one or two letters.
pub(super) fn of_word(word: &str) -> Vec<u32> {
    let letters: Vec<u64> = word.chars().map(number).collect();
    let mut grams: Vec<u32> = match letters.as_slice() {
        [] => Vec::new(),
        [one] => vec![mixed(*one)],
        [one, two] => vec![mixed(pair(*one, *two))],
        more => more.windows(3).map(|letters| mixed(triple(letters[0], letters[1], letters[2]))).collect(),
    };
    grams.sort_unstable();
    grams.dedup();
    grams
}

/// 21 bits, and never 0: so no pair is a triple, and no letter a pair.
fn number(c: char) -> u64 {
    u64::from(u32::from(c)) + 1
}

fn pair(one: u64, two: u64) -> u64 {
    one << 21 | two
}

fn triple(one: u64, two: u64, three: u64) -> u64 {
    one << 42 | pair(two, three)
}

fn mixed(letters: u64) -> u32 {
    (letters.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_holds_what_each_part_of_its_words_must_have() {
        let text = "northwind airlines évora 東京";
        let mut held = Vec::new();
        push_text(text, &mut held);
        for word in text.split(' ') {
            let letters: Vec<char> = word.chars().collect();
            for from in 0..letters.len() {
                for to in from + 1..=letters.len() {
                    let part: String = letters[from..to].iter().collect();
                    assert!(of_word(&part).iter().all(|gram| held.contains(gram)), "{part}");
                }
            }
        }
        for other in ["x", "da", "ndair", "東京évora", "京東"] {
            assert!(!of_word(other).iter().all(|gram| held.contains(gram)), "{other}");
        }
    }
}
