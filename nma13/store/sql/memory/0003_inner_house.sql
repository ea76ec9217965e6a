-- The Inner House: one person's problem, seven stations, three rounds, one resolution.

CREATE TABLE inner_house_sessions (
    -- one deliberation on one person's problem, from its gates to its resolution
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    session_id    TEXT NOT NULL UNIQUE,          -- also the deep link
    problem       TEXT,                          -- NULL after `forget`
    scenario_type TEXT,
    terrain       INTEGER NOT NULL DEFAULT 1 CHECK (terrain IN (0, 1)),   -- 0: the cold-start condition
    status        TEXT NOT NULL CHECK (status IN ('starting', 'running', 'done', 'cancelled', 'timeout', 'failed')),
    round         TEXT CHECK (round IN ('R1', 'R2', 'R3', 'BOF')),
    pid           INTEGER,
    seed          INTEGER NOT NULL,
    model         TEXT NOT NULL,
    gates         TEXT CHECK (gates IS NULL OR json_valid(gates)),        -- Step 0 to Gate 2, before it began
    friction_type TEXT,
    friction_source TEXT,
    lead_station  TEXT,
    bof_status    TEXT CHECK (bof_status IN ('ok', 'parse_error')),
    resolution    TEXT,
    loop_context  TEXT,                          -- Option B: what the loops have been surfacing
    error         TEXT,
    created_ms    INTEGER NOT NULL,
    beat_ms       INTEGER NOT NULL,              -- the runner's heartbeat
    finished_ms   INTEGER
) STRICT;
CREATE INDEX inner_house_sessions_recent ON inner_house_sessions (created_ms);

CREATE TABLE inner_house_outputs (
    -- one station's words in one round; `text` grows while it is written
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    session_id TEXT NOT NULL REFERENCES inner_house_sessions (session_id) ON DELETE CASCADE,
    round      TEXT NOT NULL CHECK (round IN ('R1', 'R2', 'R3')),
    station    TEXT NOT NULL CHECK (station IN ('S1', 'S2', 'S3', 'S4', 'S5', 'S6', 'S7')),
    text       TEXT NOT NULL DEFAULT '',
    state      TEXT NOT NULL CHECK (state IN ('writing', 'done')),
    audit      TEXT NOT NULL DEFAULT 'not audited' CHECK (audit IN ('not audited', 'passed', 'withheld')),
    findings   TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(findings)),
    tokens     INTEGER NOT NULL DEFAULT 0,
    updated_ms INTEGER NOT NULL,
    UNIQUE (session_id, round, station)
) STRICT;

CREATE TABLE inner_house_terrain (
    -- Option C: what the loops had found on this type of scenario, as it was given to the session
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    session_id TEXT NOT NULL REFERENCES inner_house_sessions (session_id) ON DELETE CASCADE,
    cycle      INTEGER NOT NULL,
    source     TEXT NOT NULL,
    station    TEXT NOT NULL,
    text       TEXT NOT NULL,
    included   INTEGER NOT NULL CHECK (included IN (0, 1)),  -- 0: the fidelity gate kept it out
    reason     TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX inner_house_terrain_by_session ON inner_house_terrain (session_id);
