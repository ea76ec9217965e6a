-- Loop B asks in R3: CAN GOOD BODY MOVE HERE NOW?
ALTER TABLE prime_cycles ADD COLUMN can_resolved INTEGER CHECK (can_resolved IN (0, 1));
ALTER TABLE prime_cycles ADD COLUMN blocking_stations TEXT CHECK (blocking_stations IS NULL OR json_valid(blocking_stations));
ALTER TABLE prime_cycles ADD COLUMN collective_lean TEXT;
ALTER TABLE prime_loop ADD COLUMN can_confirmed INTEGER CHECK (can_confirmed IN (0, 1));  -- R3 only
ALTER TABLE prime_loop ADD COLUMN lean TEXT;
CREATE INDEX prime_cycles_by_can ON prime_cycles (source, can_resolved, cycle);
