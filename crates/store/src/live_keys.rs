//! Which keys there are for whoever reads: those of an import that is not live yet are hidden.

/// The condition, on the columns of `api_key`, under this name of the table or none. Imports that are not live are few, so the list of
/// them is made once for a statement, and for most keys not asked for.
macro_rules! live_keys {
    () => {
        "(import_id IS NULL OR import_id NOT IN (SELECT id FROM key_import WHERE state <> 'live'))"
    };
    ($table:literal) => {
        concat!(
            "(",
            $table,
            ".import_id IS NULL OR ",
            $table,
            ".import_id NOT IN (SELECT id FROM key_import WHERE state <> 'live'))"
        )
    };
}

pub(crate) use live_keys;
