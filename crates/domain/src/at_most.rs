use model::KeyError;

/// Refuses a list with more than `most` entries.
pub(crate) fn require_at_most(field: &str, entries: usize, most: usize) -> Result<(), KeyError> {
    if entries <= most {
        return Ok(());
    }
    Err(KeyError::InvalidSetting { field: field.to_owned(), reason: format!("At most {most} at once.") })
}
