-- A pause between two processes is no part of a cycle's length. What was finished before this was kept keeps what it has.
ALTER TABLE prime_cycles ADD COLUMN working_seconds /* of its seconds, those in which a process was at work */ REAL;
UPDATE prime_cycles SET working_seconds = seconds WHERE status = 'done';
