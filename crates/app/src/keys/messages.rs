use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::stop::Undo;

/// Messages that stand at once.
const MOST: usize = 4;

/// A message about something that was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Toast {
    /// No other message of the page has it.
    pub(super) id: u64,
    pub(super) text: String,
    pub(super) undo: Option<Undo>,
}

/// Adds a message. One that offers to undo something makes room for others only when all do.
pub(super) fn push(toasts: &mut Vec<Toast>, text: String, undo: Option<Undo>) {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    if toasts.len() >= MOST {
        let out = toasts.iter().position(|toast| toast.undo.is_none()).unwrap_or_default();
        toasts.remove(out);
    }
    toasts.push(Toast { id: NEXT.fetch_add(1, Relaxed), text, undo });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_without_undo_makes_room() {
        let mut toasts = Vec::new();
        for number in 0..4 {
            let undo = (number != 1).then(|| Undo::Delete(vec![number]));
            push(&mut toasts, number.to_string(), undo);
        }
        let texts = |toasts: &[Toast]| toasts.iter().map(|toast| toast.text.clone()).collect::<Vec<_>>();
        push(&mut toasts, "4".to_owned(), Some(Undo::Delete(vec![4])));
        assert_eq!(texts(&toasts), ["0", "2", "3", "4"]);
        push(&mut toasts, "5".to_owned(), None);
        assert_eq!(texts(&toasts), ["2", "3", "4", "5"]);
        assert!(toasts.windows(2).all(|two| two[0].id < two[1].id));
    }
}
