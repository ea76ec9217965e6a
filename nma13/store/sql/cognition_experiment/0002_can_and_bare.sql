-- Loop C: the same question with a criterion per station; about one cycle in five leaves one station bare.
ALTER TABLE cognition_cycles ADD COLUMN can_resolved /* 1: every station confirmed CAN in R3 */ INTEGER
    CHECK (can_resolved IN (0, 1));
ALTER TABLE cognition_cycles ADD COLUMN blocking_stations /* the stations that did not, e.g. ["S2","S5"] */ TEXT
    CHECK (blocking_stations IS NULL OR json_valid(blocking_stations));
ALTER TABLE cognition_cycles ADD COLUMN collective_lean /* where the seven leans point together */ TEXT;
ALTER TABLE cognition_cycles ADD COLUMN bare_station /* the station asked without a criterion in this cycle, or NULL */ TEXT;
ALTER TABLE cognition_cycles ADD COLUMN architecture_note /* what this cycle says about a cognitive architecture */ TEXT;
ALTER TABLE cognition_loop ADD COLUMN can_confirmed /* R3: 1 when the station states GOOD BODY CAN MOVE HERE NOW */ INTEGER
    CHECK (can_confirmed IN (0, 1));
ALTER TABLE cognition_loop ADD COLUMN lean /* R3: what follows «The lean is toward» */ TEXT;
ALTER TABLE cognition_loop ADD COLUMN bare /* 1: asked without a criterion */ INTEGER NOT NULL DEFAULT 0
    CHECK (bare IN (0, 1));
CREATE INDEX cognition_cycles_by_can ON cognition_cycles (source, can_resolved, cycle);

CREATE TABLE rollup_bare (
    -- what a station says in R3 with its criterion and without, per bucket
    source    TEXT NOT NULL,
    bucket    INTEGER NOT NULL,
    station   TEXT NOT NULL,
    bare      INTEGER NOT NULL,               -- 1: asked without a criterion
    outputs   INTEGER NOT NULL DEFAULT 0,
    confirmed INTEGER NOT NULL DEFAULT 0,     -- of these, CAN confirmed
    PRIMARY KEY (source, station, bare, bucket)
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
