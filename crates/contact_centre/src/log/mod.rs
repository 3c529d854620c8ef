//! The one log of events: what can be read again, and the file that survives the process.

mod cursor;
mod journal;
mod mark;
mod replay;
mod weight;
mod window;

pub use cursor::{Cursor, Epoch, InvalidCursor};
pub use journal::{Journal, JournalError, Tail};
pub use mark::Mark;
pub use replay::Replay;
pub use window::{Unreadable, Window};
