/// Size of the drawing.
pub(super) const WIDTH: f32 = 60.0;
pub(super) const HEIGHT: f32 = 16.0;

/// The line through daily totals, oldest first, as the path of a drawing of [`WIDTH`] by [`HEIGHT`].
pub(super) fn path(days: &[u32]) -> String {
    let most = days.iter().copied().max().unwrap_or(0).max(1) as f32;
    let step = WIDTH / (days.len().max(2) - 1) as f32;
    let mut path = String::with_capacity(days.len() * 8);
    for (index, calls) in days.iter().enumerate() {
        let x = (step * index as f32).round() as u32;
        let y = (1.0 + (HEIGHT - 2.0) * (1.0 - *calls as f32 / most)).round() as u32;
        path.push(if index == 0 { 'M' } else { 'L' });
        path.push_str(&x.to_string());
        path.push(' ');
        path.push_str(&y.to_string());
    }
    path
}

#[cfg(test)]
mod tests {
    use super::path;

    #[test]
    fn a_line_spans_the_drawing() {
        assert_eq!(path(&[0, 4, 2]), "M0 15L30 1L60 8");
        assert_eq!(path(&[0; 2]), "M0 15L60 15");
        assert_eq!(path(&[]), "");
    }
}
