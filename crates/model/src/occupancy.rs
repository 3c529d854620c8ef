/// How full something is that somebody else can fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Occupancy {
    /// What it holds, in the words of a metric's label.
    pub of: &'static str,
    /// How many are in it now.
    pub used: u64,
    /// How many it takes.
    pub bound: u64,
}

impl Occupancy {
    /// This many of at most that many.
    pub fn new(of: &'static str, used: usize, bound: usize) -> Self {
        Self { of, used: used as u64, bound: bound as u64 }
    }
}
