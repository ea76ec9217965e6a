-- What a person's own navigations leave behind: episodes, what was learned from them, records, feedback.

CREATE TABLE episodic_memory (
    -- one finished run of the pipeline; `forget` redacts the texts and keeps the row
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    session         TEXT NOT NULL,
    loop_cycle      INTEGER NOT NULL DEFAULT 0,
    input           TEXT,                        -- NULL: redacted, or «do not store this»
    input_hash      TEXT NOT NULL,
    icxatrs         TEXT NOT NULL,               -- e.g. I=HIGH C=FALSE X=TRUE A=FALSE T=FALSE R=FALSE S=CLEAR
    override        TEXT NOT NULL,
    routing         TEXT NOT NULL,
    mode            TEXT NOT NULL,
    friction        TEXT NOT NULL,
    friction_source TEXT NOT NULL DEFAULT '',
    lead_station    TEXT NOT NULL,
    trust           TEXT NOT NULL,
    output_class    TEXT NOT NULL,
    unlearned_trust TEXT NOT NULL,               -- the decision as it would have been without a learned prior
    unlearned_class TEXT NOT NULL,
    prior_applied   INTEGER NOT NULL DEFAULT 0 CHECK (prior_applied IN (0, 1)),
    halted          INTEGER NOT NULL DEFAULT 0 CHECK (halted IN (0, 1)),
    state           TEXT CHECK (state IS NULL OR json_valid(state)),
    prose           TEXT,
    prose_source    TEXT CHECK (prose_source IN ('model', 'repaired', 'structural', 'reviewed')),
    model           TEXT NOT NULL DEFAULT 'none',
    tokens          INTEGER NOT NULL DEFAULT 0,
    record_hash     TEXT,                        -- in decision_records, when the run was recorded
    created_ms      INTEGER NOT NULL
) STRICT;
CREATE INDEX episodic_memory_by_session ON episodic_memory (session, id);
CREATE INDEX episodic_memory_by_time ON episodic_memory (created_ms);      -- retention
CREATE INDEX episodic_memory_by_pattern ON episodic_memory (icxatrs, output_class);

CREATE VIRTUAL TABLE episodic_memory_text USING fts5 (input, content='episodic_memory', content_rowid='id');
CREATE TRIGGER episodic_memory_text_insert AFTER INSERT ON episodic_memory WHEN new.input IS NOT NULL BEGIN
    INSERT INTO episodic_memory_text (rowid, input) VALUES (new.id, new.input);
END;
CREATE TRIGGER episodic_memory_text_delete AFTER DELETE ON episodic_memory WHEN old.input IS NOT NULL BEGIN
    INSERT INTO episodic_memory_text (episodic_memory_text, rowid, input) VALUES ('delete', old.id, old.input);
END;
CREATE TRIGGER episodic_memory_text_update AFTER UPDATE OF input ON episodic_memory BEGIN
    INSERT INTO episodic_memory_text (episodic_memory_text, rowid, input)
        SELECT 'delete', old.id, old.input WHERE old.input IS NOT NULL;
    INSERT INTO episodic_memory_text (rowid, input) SELECT new.id, new.input WHERE new.input IS NOT NULL;
END;

CREATE TABLE semantic_memory (
    -- rules learned from episodes; they may only raise caution
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    kind         TEXT NOT NULL CHECK (kind IN ('icxatrs', 'friction', 'routing', 'override')),
    condition    TEXT NOT NULL,              -- what was seen, e.g. routing=NMA-3
    outcome      TEXT NOT NULL,              -- what it led to
    confidence   REAL NOT NULL CHECK (confidence BETWEEN 0 AND 1),   -- it never falls: the larger of old and new
    wilson       REAL NOT NULL CHECK (wilson BETWEEN 0 AND 1),       -- lower bound; a prior lapses below threshold
    n            INTEGER NOT NULL,
    enabled      INTEGER NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
    first_ms     INTEGER NOT NULL,
    last_ms      INTEGER NOT NULL,
    UNIQUE (kind, condition, outcome)
) STRICT;
CREATE TABLE semantic_memory_episodes (
    -- which episodes a rule was learned from
    rule    INTEGER NOT NULL REFERENCES semantic_memory (id) ON DELETE CASCADE,
    episode INTEGER NOT NULL REFERENCES episodic_memory (id) ON DELETE CASCADE,
    PRIMARY KEY (rule, episode)
) STRICT, WITHOUT ROWID;
CREATE INDEX semantic_memory_episodes_by_episode ON semantic_memory_episodes (episode);

CREATE TABLE loop_state (
    -- the navigation loop's state, so that it survives a restart
    session    TEXT PRIMARY KEY,
    state      TEXT NOT NULL CHECK (json_valid(state)),  -- handshake, class, routing, friction, cycle
    updated_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE decision_records (
    -- the hash chain: each row's hash covers its body and the hash before it
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    parent     TEXT NOT NULL,
    hash       TEXT NOT NULL UNIQUE,
    body       TEXT NOT NULL CHECK (json_valid(body)),  -- canonical JSON
    created_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE feedback (
    -- what a person said of a decision
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    episode    INTEGER REFERENCES episodic_memory (id) ON DELETE CASCADE,
    record_hash TEXT,
    verdict    TEXT NOT NULL CHECK (verdict IN ('agree', 'disagree', 'override')),
    reason     TEXT NOT NULL DEFAULT '',
    created_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX feedback_by_episode ON feedback (episode);

CREATE TABLE embeddings (
    -- vectors of the sentence encoder, for episodes and document chunks
    owner      TEXT NOT NULL CHECK (owner IN ('episode', 'chunk')),
    owner_id   INTEGER NOT NULL,
    encoder    TEXT NOT NULL,              -- fingerprint of the weights that made the vector
    vector     BLOB NOT NULL,              -- float32, little endian, normalised
    PRIMARY KEY (owner, owner_id, encoder)
) STRICT, WITHOUT ROWID;
-- A vector tells of its text: it goes when the text goes or changes.
CREATE TRIGGER embeddings_follow_episodes AFTER DELETE ON episodic_memory BEGIN
    DELETE FROM embeddings WHERE owner = 'episode' AND owner_id = old.id;
END;
CREATE TRIGGER embeddings_follow_inputs AFTER UPDATE OF input ON episodic_memory WHEN new.input IS NOT old.input BEGIN
    DELETE FROM embeddings WHERE owner = 'episode' AND owner_id = old.id;
END;

CREATE TABLE settings (
    -- choices made in the pages, as JSON values; never a secret
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL CHECK (json_valid(value)),
    updated_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
