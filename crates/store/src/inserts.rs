use crate::sql::{CHUNK, Sql};

/// Rows in one INSERT, from many to one: of a few lengths only, so that a database keeps all of these statements prepared.
const LENGTHS: [usize; 8] = [CHUNK, 128, 32, 16, 8, 4, 2, 1];

/// The rows in pieces of at most `most`, and of few lengths, as above.
pub(crate) fn pieces<T>(rows: &[T], most: usize) -> impl Iterator<Item = &[T]> {
    let mut rest = rows;
    std::iter::from_fn(move || {
        let fits = |length: &&usize| **length <= most.min(rest.len());
        let (piece, others) = rest.split_at(*LENGTHS.iter().find(fits)?);
        rest = others;
        Some(piece)
    })
}

/// The beginning of a statement that writes rows, up to VALUES.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Insert(pub(crate) &'static str);

/// Rows that are still to be written. Those of a table that names another come after it.
#[derive(Debug, Default)]
pub(crate) struct Inserts(Vec<(Insert, Vec<Sql>)>);

impl Inserts {
    /// Adds a row, as `(?, ?, ..)`.
    pub(crate) fn add(&mut self, into: Insert, row: Sql) {
        self.rows(into).push(row);
    }

    /// Adds the rows of a later change.
    pub(crate) fn take_in(&mut self, later: Self) {
        for (into, rows) in later.0 {
            self.rows(into).extend(rows);
        }
    }

    /// The statements that write them, as few as may be.
    pub(crate) fn into_statements(self) -> impl Iterator<Item = Sql> + Send {
        self.0.into_iter().flat_map(|(into, rows)| {
            let mut rows = rows.into_iter();
            std::iter::from_fn(move || {
                let length = *LENGTHS.iter().find(|length| **length <= rows.len())?;
                let mut sql = Sql::new(into.0);
                for (index, row) in rows.by_ref().take(length).enumerate() {
                    sql.push(if index == 0 { "" } else { ", " }).append(row);
                }
                Some(sql)
            })
        })
    }

    fn rows(&mut self, into: Insert) -> &mut Vec<Sql> {
        let at = self.0.iter().position(|(other, _)| *other == into).unwrap_or_else(|| {
            self.0.push((into, Vec::new()));
            self.0.len() - 1
        });
        &mut self.0[at].1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(number: i64) -> Sql {
        let mut sql = Sql::new("(");
        sql.int(number).push(")");
        sql
    }

    #[test]
    fn rows_are_written_by_table_in_statements_of_few_lengths() {
        let mut inserts = Inserts::default();
        let [a, b] = [Insert("INSERT INTO a VALUES "), Insert("INSERT INTO b VALUES ")];
        inserts.add(a, row(0));
        inserts.add(b, row(0));
        let mut later = Inserts::default();
        (1..7).for_each(|number| later.add(a, row(number)));
        inserts.take_in(later);
        let statements: Vec<_> = inserts.into_statements().map(|sql| (sql.text, sql.values.len())).collect();
        let expected = [
            ("INSERT INTO a VALUES (?), (?), (?), (?)", 4),
            ("INSERT INTO a VALUES (?), (?)", 2),
            ("INSERT INTO a VALUES (?)", 1),
            ("INSERT INTO b VALUES (?)", 1),
        ];
        assert_eq!(statements, expected.map(|(text, values)| (text.to_owned(), values)));
    }

    #[test]
    fn pieces_are_of_few_lengths_and_leave_nothing_out() {
        let rows: Vec<_> = (0..83).collect();
        let lengths = |most| pieces(&rows, most).map(<[_]>::len).collect::<Vec<_>>();
        assert_eq!(lengths(32), [32, 32, 16, 2, 1]);
        assert_eq!(lengths(CHUNK), [32, 32, 16, 2, 1]);
        assert_eq!(lengths(8), [8; 10].into_iter().chain([2, 1]).collect::<Vec<_>>());
        assert_eq!(pieces(&rows, 32).flatten().copied().collect::<Vec<_>>(), rows);
        assert_eq!(pieces(&[0; 0], 32).count(), 0);
    }
}
