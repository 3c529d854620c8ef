//! Rows that are higher than the others: a long name takes more lines. They keep their room when they are out of sight.

/// By how much, in pixels, in the order of the list. Only of rows that were in the document.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Tall(Vec<(usize, f64)>);

impl Tall {
    /// Notes by how much a row is higher. Returns by how much more than was known.
    pub(super) fn note(&mut self, row: usize, by: f64) -> f64 {
        match self.0.binary_search_by_key(&row, |(row, _)| *row) {
            Ok(at) if by == 0.0 => -self.0.remove(at).1,
            Ok(at) => by - std::mem::replace(&mut self.0[at].1, by),
            Err(_) if by == 0.0 => 0.0,
            Err(at) => {
                self.0.insert(at, (row, by));
                by
            }
        }
    }

    pub(super) fn forget(&mut self) {
        self.0.clear();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// By how much all rows before one are higher.
    pub(super) fn before(&self, row: usize) -> f64 {
        self.0.iter().take_while(|(tall, _)| *tall < row).map(|(_, by)| by).sum()
    }

    pub(super) fn of(&self, row: usize) -> f64 {
        self.0.binary_search_by_key(&row, |(row, _)| *row).map_or(0.0, |at| self.0[at].1)
    }

    /// The row at a distance from the beginning of the list, where the others are so high.
    pub(super) fn row_at(&self, distance: f64, height: f64) -> usize {
        let mut higher = 0.0;
        for (row, by) in &self.0 {
            let top = *row as f64 * height + higher;
            if distance < top + height + by {
                return ((distance - higher) / height).clamp(0.0, *row as f64) as usize;
            }
            higher += by;
        }
        ((distance - higher) / height).max(0.0) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::Tall;

    #[test]
    fn the_room_of_higher_rows_is_added_up() {
        let mut tall = Tall::default();
        assert_eq!(
            (tall.note(7, 20.0), tall.note(2, 10.0), tall.note(7, 25.0), tall.note(3, 0.0)),
            (20.0, 10.0, 5.0, 0.0)
        );
        assert_eq!([0, 2, 3, 7, 8].map(|row| tall.before(row)), [0.0, 0.0, 10.0, 10.0, 35.0]);
        assert_eq!([1, 2, 7].map(|row| tall.of(row)), [0.0, 10.0, 25.0]);
        assert_eq!(tall.note(2, 0.0), -10.0);
        assert_eq!(tall.before(8), 25.0);
        tall.forget();
        assert!(tall.is_empty());
    }

    #[test]
    fn each_row_is_found_at_its_place() {
        let mut tall = Tall::default();
        tall.note(0, 18.0);
        tall.note(4, 60.0);
        tall.note(5, 20.0);
        for row in 0..12 {
            let top = row as f64 * 40.0 + tall.before(row);
            let end = top + 40.0 + tall.of(row);
            for distance in [top, top + 20.0, end - 1.0] {
                assert_eq!(tall.row_at(distance, 40.0), row, "{distance}");
            }
        }
        assert_eq!(tall.row_at(-5.0, 40.0), 0);
    }
}
