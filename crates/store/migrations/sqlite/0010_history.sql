-- Histories are told apart. After a failover to a standby that lags, or a restore under running nodes, the epoch goes back, and
-- later changes reach the same numbers again: a number alone does not say whether what a node knows is still the past. So each
-- value has a random mark. Triggers make it, so that releases that know nothing of it make it, too.

ALTER TABLE epoch ADD COLUMN mark BLOB NOT NULL DEFAULT x'00000000000000000000000000000000' CHECK (length(mark) = 16);
UPDATE epoch SET mark = randomblob(16);

-- The marks of the newest values: a node that saw one of them asks whether it is still there.
CREATE TABLE epoch_mark (
    epoch INTEGER NOT NULL PRIMARY KEY,
    mark BLOB NOT NULL CHECK (length(mark) = 16)
) STRICT;
INSERT INTO epoch_mark (epoch, mark) SELECT value, mark FROM epoch;

-- What lies above the value before is another history's. 100,000 values are more than pass while a node trusts its memory.
CREATE TRIGGER epoch_marked AFTER UPDATE OF value ON epoch
BEGIN
    UPDATE epoch SET mark = randomblob(16) WHERE id = NEW.id AND NEW.mark IS OLD.mark;
    DELETE FROM epoch_mark WHERE epoch > MIN(OLD.value, NEW.value - 1);
    DELETE FROM epoch_mark WHERE epoch <= NEW.value - 100000;
    INSERT INTO epoch_mark (epoch, mark) SELECT value, mark FROM epoch WHERE id = NEW.id;
END;
