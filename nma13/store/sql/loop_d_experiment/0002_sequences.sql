-- Loop D: CAN placed in an ordered, non-empty selection of the five primes, another one for each resident.
ALTER TABLE loop_d_cycles ADD COLUMN can_resolved INTEGER CHECK (can_resolved IN (0, 1));
ALTER TABLE loop_d_cycles ADD COLUMN blocking_stations TEXT CHECK (blocking_stations IS NULL OR json_valid(blocking_stations));
ALTER TABLE loop_d_cycles ADD COLUMN collective_lean TEXT;
ALTER TABLE loop_d_cycles ADD COLUMN architecture_note TEXT;
ALTER TABLE loop_d_cycles ADD COLUMN sequence_note TEXT;
ALTER TABLE loop_d ADD COLUMN can_sequence TEXT;       -- e.g. «SENSE CAN MOVE»
ALTER TABLE loop_d ADD COLUMN can_position INTEGER;    -- 0 = first
ALTER TABLE loop_d ADD COLUMN can_confirmed INTEGER CHECK (can_confirmed IN (0, 1));
ALTER TABLE loop_d ADD COLUMN lean TEXT;
CREATE INDEX loop_d_by_position ON loop_d (can_position, can_confirmed) WHERE round = 'R3';

CREATE TABLE components (
    -- parts of a cognitive architecture that the stations named, kept as a library
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    source      TEXT NOT NULL,
    name        TEXT NOT NULL,
    station     TEXT NOT NULL,
    first_cycle INTEGER NOT NULL,
    last_cycle  INTEGER NOT NULL,
    uses        INTEGER NOT NULL DEFAULT 1,
    description TEXT NOT NULL,
    UNIQUE (source, name)
) STRICT;
