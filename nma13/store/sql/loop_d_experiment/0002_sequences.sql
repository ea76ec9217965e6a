-- Loop D: CAN placed in an ordered, non-empty selection of the five primes, another one for each resident.
ALTER TABLE loop_d_cycles ADD COLUMN can_resolved /* 1: every station confirmed CAN in R3 */ INTEGER
    CHECK (can_resolved IN (0, 1));
ALTER TABLE loop_d_cycles ADD COLUMN blocking_stations /* the stations that did not, e.g. ["S2","S5"] */ TEXT
    CHECK (blocking_stations IS NULL OR json_valid(blocking_stations));
ALTER TABLE loop_d_cycles ADD COLUMN collective_lean /* where the seven leans point together */ TEXT;
ALTER TABLE loop_d_cycles ADD COLUMN architecture_note /* what this cycle says about a cognitive architecture */ TEXT;
ALTER TABLE loop_d_cycles ADD COLUMN sequence_note /* what this cycle's sequences did */ TEXT;
ALTER TABLE loop_d ADD COLUMN can_sequence /* e.g. «SENSE CAN MOVE» */ TEXT;
ALTER TABLE loop_d ADD COLUMN can_position /* place of CAN in it, 0 = first */ INTEGER
    CHECK (can_position BETWEEN 0 AND 5);
ALTER TABLE loop_d ADD COLUMN can_length /* words in it, CAN counted */ INTEGER CHECK (can_length BETWEEN 2 AND 6);
ALTER TABLE loop_d ADD COLUMN can_confirmed /* R3: 1 when the station states GOOD BODY CAN MOVE HERE NOW */ INTEGER
    CHECK (can_confirmed IN (0, 1));
ALTER TABLE loop_d ADD COLUMN lean /* R3: what follows «The lean is toward» */ TEXT;
CREATE INDEX loop_d_by_sequence ON loop_d (can_sequence, can_confirmed) WHERE round = 'R3';
CREATE INDEX loop_d_cycles_by_can ON loop_d_cycles (source, can_resolved, cycle);

CREATE TABLE rollup_positions (
    -- how CAN's place in a sequence changes what happens in R3, per bucket
    source    TEXT NOT NULL,
    bucket    INTEGER NOT NULL,
    length    INTEGER NOT NULL,               -- words in the sequence, CAN counted: 2 to 6
    position  INTEGER NOT NULL,               -- CAN's place in it, 0 = first
    outputs   INTEGER NOT NULL DEFAULT 0,
    confirmed INTEGER NOT NULL DEFAULT 0,     -- of these, CAN confirmed
    PRIMARY KEY (source, length, position, bucket)
) STRICT, WITHOUT ROWID;

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
