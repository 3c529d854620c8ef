-- Whose midnight ends a day of this installation, where nobody says whose else. Until somebody sets it, days are those of UTC,
-- as they were before. Whether there is such a zone is known to the program; here is what every name of one looks like.
ALTER TABLE installation ADD COLUMN time_zone TEXT NOT NULL DEFAULT 'UTC'
    CHECK (length(time_zone) BETWEEN 1 AND 64 AND time_zone NOT GLOB '*[^A-Za-z0-9_+/-]*');
