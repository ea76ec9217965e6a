-- The tables every loop writes. {outputs} and {cycles} carry the names of the loop's own two tables;
-- all else is called the same in each database, so that one monitor kit reads them all.

CREATE TABLE {cycles} (
    -- one deliberation cycle: a scenario, 7 stations × 3 rounds, one arbitration (BOF)
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    cycle          INTEGER NOT NULL CHECK (cycle >= 0),
    source         TEXT NOT NULL CHECK (source IN ({sources})),
    scenario_id    TEXT NOT NULL,
    scenario_type  TEXT NOT NULL CHECK (scenario_type IN ('Constraint Collision', 'Capacity Collapse',
                       'Standing Conflict', 'Irreversible Threshold', 'Unclear Ambiguity')),
    seed           INTEGER NOT NULL,
    model          TEXT NOT NULL,
    status         TEXT NOT NULL DEFAULT 'running' CHECK (status IN ('running', 'done')),
    started_ms     INTEGER NOT NULL,             -- UTC, milliseconds since 1970
    finished_ms    INTEGER,
    seconds        REAL,                         -- from start to finish, pauses between processes included
    model_seconds  REAL,                         -- of these, inside the language model
    bof_status     TEXT CHECK (bof_status IN ('ok', 'parse_error')),  -- a parse error is never a friction
    friction_type  TEXT CHECK (friction_type IN ('NONE', 'PRODUCTIVE', 'UNPRODUCTIVE', 'IRREDUCIBLE', 'TRAGIC FORK')),
    friction_source TEXT,                        -- between what and what, in the model's words
    lead_station   TEXT CHECK (lead_station IN ('S1', 'S2', 'S3', 'S4', 'S5', 'S6', 'S7')),
    arb_note       TEXT,                         -- the arbitration's one remark
    bof_text       TEXT,                         -- what the model answered, as it stands
    g2_passed      INTEGER CHECK (g2_passed IN (0, 1)),  -- 0: kept out of what is ever remembered
    confab_count   INTEGER,                      -- outputs of this cycle flagged CONFAB
    output_count   INTEGER,                      -- 21 in a whole cycle
    UNIQUE (cycle, source),
    CHECK (bof_status IS NOT 'parse_error' OR friction_type IS NULL)
) STRICT;
CREATE INDEX {cycles}_by_type ON {cycles} (source, scenario_type, id);
CREATE INDEX {cycles}_by_source ON {cycles} (source, cycle);
CREATE INDEX {cycles}_open ON {cycles} (source, status, cycle) WHERE status = 'running';   -- where to resume
CREATE INDEX {cycles}_by_duration ON {cycles} (source, seconds, cycle);            -- what Cycle History sorts by
CREATE INDEX {cycles}_by_friction ON {cycles} (source, friction_type, cycle);
CREATE INDEX {cycles}_by_lead ON {cycles} (source, lead_station, cycle);

CREATE TABLE {outputs} (
    -- one station's words in one round, as written; the unit of commit
    id                INTEGER PRIMARY KEY AUTOINCREMENT,
    cycle             INTEGER NOT NULL,
    source            TEXT NOT NULL,
    round             TEXT NOT NULL CHECK (round IN ('R1', 'R2', 'R3')),
    station           TEXT NOT NULL CHECK (station IN ('S1', 'S2', 'S3', 'S4', 'S5', 'S6', 'S7')),
    text              TEXT NOT NULL,
    confab            INTEGER NOT NULL DEFAULT 0 CHECK (confab IN (0, 1)),     -- flags of Gate 2's output side
    closure           INTEGER NOT NULL DEFAULT 0 CHECK (closure IN (0, 1)),
    overreach         INTEGER NOT NULL DEFAULT 0 CHECK (overreach IN (0, 1)),
    findings          TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(findings)), -- evidence of the flags, with spans
    audit             TEXT NOT NULL DEFAULT 'not audited' CHECK (audit IN ('not audited', 'passed', 'withheld')),  -- before it may be displayed
    seed              INTEGER NOT NULL,
    model             TEXT NOT NULL,
    made              TEXT NOT NULL CHECK (made IN ('batched', 'sequential')), -- batching may change a token
    prompt_tokens     INTEGER NOT NULL DEFAULT 0,
    completion_tokens INTEGER NOT NULL DEFAULT 0,
    seconds           REAL NOT NULL DEFAULT 0,
    created_ms        INTEGER NOT NULL,
    FOREIGN KEY (cycle, source) REFERENCES {cycles} (cycle, source) ON DELETE CASCADE
) STRICT;
CREATE UNIQUE INDEX {outputs}_natural ON {outputs} (cycle, source, round, station);
CREATE INDEX {outputs}_feed ON {outputs} (source, id);

-- Full text without a second copy of it: an external-content index. Triggers keep it, so it is part of the
-- transaction that writes the row, and neither a kill nor a rollback can part the two.
CREATE VIRTUAL TABLE {outputs}_text USING fts5 (text, content='{outputs}', content_rowid='id');
CREATE TRIGGER {outputs}_text_insert AFTER INSERT ON {outputs} BEGIN
    INSERT INTO {outputs}_text (rowid, text) VALUES (new.id, new.text);
END;
CREATE TRIGGER {outputs}_text_delete AFTER DELETE ON {outputs} BEGIN
    INSERT INTO {outputs}_text ({outputs}_text, rowid, text) VALUES ('delete', old.id, old.text);
END;
CREATE TRIGGER {outputs}_text_update AFTER UPDATE OF text ON {outputs} BEGIN
    INSERT INTO {outputs}_text ({outputs}_text, rowid, text) VALUES ('delete', old.id, old.text);
    INSERT INTO {outputs}_text (rowid, text) VALUES (new.id, new.text);
END;

CREATE TABLE knowledge_ledger (
    -- what a station still does not know after a cycle, and what moved between R1 and R3
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    cycle       INTEGER NOT NULL,
    source      TEXT NOT NULL,
    station     TEXT NOT NULL CHECK (station IN ('S1', 'S2', 'S3', 'S4', 'S5', 'S6', 'S7')),
    uncertainty TEXT NOT NULL,
    movement    TEXT NOT NULL,
    class       TEXT NOT NULL CHECK (class IN ('UNCERTAIN', 'EVIDENCED', 'INFERRED', 'ASSUMED')),
    rests_on    TEXT NOT NULL CHECK (json_valid(rests_on)),  -- rounds of this cycle and station, e.g. ["R1","R3"]
    created_ms  INTEGER NOT NULL,
    UNIQUE (cycle, source, station),
    FOREIGN KEY (cycle, source) REFERENCES {cycles} (cycle, source) ON DELETE CASCADE
) STRICT;
CREATE INDEX knowledge_ledger_by_station ON knowledge_ledger (source, station, id);

CREATE TABLE heartbeat (
    -- one row per loop, rewritten every few seconds while its process lives
    source     TEXT PRIMARY KEY,
    pid        INTEGER NOT NULL,
    state      TEXT NOT NULL CHECK (state IN ('starting', 'running', 'waiting', 'stopped')),
    detail     TEXT NOT NULL DEFAULT '',   -- why it waits, in words
    cycle      INTEGER,
    at_ms      INTEGER NOT NULL
) STRICT;

CREATE TABLE process_events (
    -- starts, stops and resumes: the markers in a monitor's charts
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    source  TEXT NOT NULL,
    event   TEXT NOT NULL CHECK (event IN ('start', 'resume', 'stop', 'crash', 'wait', 'stall')),
    pid     INTEGER NOT NULL,
    cycle   INTEGER,
    detail  TEXT NOT NULL DEFAULT '',
    at_ms   INTEGER NOT NULL
) STRICT;
CREATE INDEX process_events_by_source ON process_events (source, id);

-- Roll-ups, kept by the writer in the transaction that finishes a cycle; one bucket is 100 cycles. What is asked for
-- stands before the bucket in each key, so that a sum over all time reads them in order and sorts nothing.
CREATE TABLE rollup_cycles (
    -- sums per bucket of 100 cycles
    source       TEXT NOT NULL,
    bucket       INTEGER NOT NULL,         -- cycle / 100
    cycles       INTEGER NOT NULL DEFAULT 0,
    resolved     INTEGER NOT NULL DEFAULT 0,  -- CAN confirmed (B, C, D); friction NONE or PRODUCTIVE (A)
    parse_errors INTEGER NOT NULL DEFAULT 0,
    g2_passed    INTEGER NOT NULL DEFAULT 0,
    seconds      REAL NOT NULL DEFAULT 0,
    tokens       INTEGER NOT NULL DEFAULT 0,  -- written by the model
    PRIMARY KEY (source, bucket)
) STRICT, WITHOUT ROWID;
CREATE TABLE rollup_friction (
    -- the friction mix per bucket
    source TEXT NOT NULL, bucket INTEGER NOT NULL, friction_type TEXT NOT NULL, cycles INTEGER NOT NULL,
    PRIMARY KEY (source, friction_type, bucket)
) STRICT, WITHOUT ROWID;
CREATE TABLE rollup_scenarios (
    -- how each type of scenario ends, per bucket
    source        TEXT NOT NULL,
    bucket        INTEGER NOT NULL,
    scenario_type TEXT NOT NULL,
    cycles        INTEGER NOT NULL DEFAULT 0,
    resolved      INTEGER NOT NULL DEFAULT 0,
    seconds       REAL NOT NULL DEFAULT 0,
    PRIMARY KEY (source, scenario_type, bucket)
) STRICT, WITHOUT ROWID;
CREATE TABLE rollup_stations (
    -- a station's profile per bucket: flags, tokens, how often it led or blocked
    source    TEXT NOT NULL,
    bucket    INTEGER NOT NULL,
    station   TEXT NOT NULL,
    outputs   INTEGER NOT NULL DEFAULT 0,
    confab    INTEGER NOT NULL DEFAULT 0,
    closure   INTEGER NOT NULL DEFAULT 0,
    overreach INTEGER NOT NULL DEFAULT 0,
    tokens    INTEGER NOT NULL DEFAULT 0,
    confirmed INTEGER NOT NULL DEFAULT 0,  -- R3 outputs that confirm CAN (B, C, D)
    led       INTEGER NOT NULL DEFAULT 0,  -- cycles in which this station led
    blocked   INTEGER NOT NULL DEFAULT 0,  -- cycles in which this station blocked CAN
    PRIMARY KEY (source, station, bucket)
) STRICT, WITHOUT ROWID;
CREATE TABLE rollup_leads (
    -- who leads after whom, counted between neighbouring cycles
    source TEXT NOT NULL, bucket INTEGER NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL, cycles INTEGER NOT NULL,
    PRIMARY KEY (source, before, after, bucket)
) STRICT, WITHOUT ROWID;
CREATE TABLE rollup_durations (
    -- cycle duration as a distribution: bin = floor(20 × log10(seconds))
    source TEXT NOT NULL, bucket INTEGER NOT NULL, bin INTEGER NOT NULL, cycles INTEGER NOT NULL,
    PRIMARY KEY (source, bin, bucket)
) STRICT, WITHOUT ROWID;
