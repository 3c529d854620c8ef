-- Histories are told apart. After a failover to a standby that lags, or a restore under running nodes, the epoch goes back, and
-- later changes reach the same numbers again: a number alone does not say whether what a node knows is still the past. So each
-- value has a random mark. A trigger makes it, so that releases that know nothing of it make it, too.

ALTER TABLE epoch ADD COLUMN mark UUID NOT NULL DEFAULT gen_random_uuid();

-- The marks of the newest values: a node that saw one of them asks whether it is still there.
CREATE TABLE epoch_mark (
    epoch BIGINT NOT NULL PRIMARY KEY,
    mark UUID NOT NULL
);
INSERT INTO epoch_mark (epoch, mark) SELECT value, mark FROM epoch;

-- What lies above the value before is another history's. 100,000 values are more than pass while a node trusts its memory.
CREATE FUNCTION epoch_marked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.mark := gen_random_uuid();
    DELETE FROM epoch_mark WHERE epoch > LEAST(OLD.value, NEW.value - 1);
    DELETE FROM epoch_mark WHERE epoch <= NEW.value - 100000;
    INSERT INTO epoch_mark (epoch, mark) VALUES (NEW.value, NEW.mark);
    -- Other nodes are told when this is committed. Engines that speak PostgreSQL's protocol may lack it; they look all the same.
    IF to_regprocedure('pg_notify(text, text)') IS NOT NULL THEN
        PERFORM pg_notify('keydesk_change', NEW.value::text);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER epoch_marked BEFORE UPDATE OF value ON epoch FOR EACH ROW EXECUTE FUNCTION epoch_marked();
