-- Loop B asks in R3: CAN GOOD BODY MOVE HERE NOW?
ALTER TABLE prime_cycles ADD COLUMN can_resolved /* 1: every station confirmed CAN in R3 */ INTEGER
    CHECK (can_resolved IN (0, 1));
ALTER TABLE prime_cycles ADD COLUMN blocking_stations /* the stations that did not, e.g. ["S2","S5"] */ TEXT
    CHECK (blocking_stations IS NULL OR json_valid(blocking_stations));
ALTER TABLE prime_cycles ADD COLUMN collective_lean /* where the seven leans point together */ TEXT;
ALTER TABLE prime_loop ADD COLUMN can_confirmed /* R3: 1 when the station states GOOD BODY CAN MOVE HERE NOW */ INTEGER
    CHECK (can_confirmed IN (0, 1));
ALTER TABLE prime_loop ADD COLUMN lean /* R3: what follows «The lean is toward» */ TEXT;
CREATE INDEX prime_cycles_by_can ON prime_cycles (source, can_resolved, cycle);
