-- The audit's copy of the sessions: a token without a serial was never signed.
ALTER TABLE sessions ADD COLUMN serial bigint;
UPDATE sessions SET serial = id;
ALTER TABLE sessions ALTER COLUMN serial SET NOT NULL;
ALTER TABLE sessions DROP COLUMN unsigned;
