//! How the changes of verbs take their turns.

use store::Turn;

/// A change of more keys is committed by itself, so that no other waits until it is made.
const FEW: usize = 10;

/// The turn of a change of one key or account, or of none.
pub(crate) const ONE: Turn = Turn { revokes: false, alone: false };
/// The turn of one that takes access away, and so goes before those that don't: a flood of others must not delay it.
pub(crate) const REVOKES: Turn = Turn { revokes: true, alone: false };
/// The turn of a change of many rows.
pub(crate) const ALONE: Turn = Turn { revokes: false, alone: true };

/// The turn of a change of this many keys.
pub(crate) const fn turn(keys: usize, revokes: bool) -> Turn {
    Turn { revokes, alone: keys > FEW }
}
