-- Whoever opens a hand-over link is told who sent it: the administrator who made it, by the id that audit entries have. NULL: the
-- operator or a program made it, or a release of before. No foreign key, as in the audit log: the link outlives the account.
ALTER TABLE handover ADD COLUMN administrator_id UUID;
