-- Documents and search results: material, never instruction.

CREATE TABLE documents (
    -- one ingested file
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    name         TEXT NOT NULL,
    kind         TEXT NOT NULL CHECK (kind IN ('pdf', 'docx', 'txt', 'md', 'csv', 'html')),
    content_hash TEXT NOT NULL UNIQUE,           -- the same file is not stored twice
    bytes        INTEGER NOT NULL,
    pages        INTEGER,
    characters   INTEGER NOT NULL,
    created_ms   INTEGER NOT NULL
) STRICT;

CREATE TABLE document_chunks (
    -- a passage of a document, with what a citation needs
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    document  INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    position  INTEGER NOT NULL,
    page      INTEGER,                           -- for the citation, where the kind has pages
    heading   TEXT,
    start     INTEGER NOT NULL,                  -- characters in the document's text
    "end"     INTEGER NOT NULL,
    text      TEXT NOT NULL,
    UNIQUE (document, position)
) STRICT;

CREATE VIRTUAL TABLE document_chunks_text USING fts5 (text, content='document_chunks', content_rowid='id');
CREATE TRIGGER document_chunks_text_insert AFTER INSERT ON document_chunks BEGIN
    INSERT INTO document_chunks_text (rowid, text) VALUES (new.id, new.text);
END;
CREATE TRIGGER document_chunks_text_delete AFTER DELETE ON document_chunks BEGIN
    INSERT INTO document_chunks_text (document_chunks_text, rowid, text) VALUES ('delete', old.id, old.text);
END;
CREATE TRIGGER document_chunks_text_update AFTER UPDATE OF text ON document_chunks BEGIN
    INSERT INTO document_chunks_text (document_chunks_text, rowid, text) VALUES ('delete', old.id, old.text);
    INSERT INTO document_chunks_text (rowid, text) VALUES (new.id, new.text);
END;
CREATE TRIGGER embeddings_follow_chunks AFTER DELETE ON document_chunks BEGIN
    DELETE FROM embeddings WHERE owner = 'chunk' AND owner_id = old.id;
END;
CREATE TRIGGER embeddings_follow_passages AFTER UPDATE OF text ON document_chunks WHEN new.text IS NOT old.text BEGIN
    DELETE FROM embeddings WHERE owner = 'chunk' AND owner_id = old.id;
END;

CREATE TABLE search_cache (
    -- web results with their date; asked for by the user, untrusted, never verifying a premise
    query      TEXT NOT NULL,
    provider   TEXT NOT NULL,
    results    TEXT NOT NULL CHECK (json_valid(results)),
    fetched_ms INTEGER NOT NULL,
    PRIMARY KEY (query, provider)
) STRICT, WITHOUT ROWID;
CREATE INDEX search_cache_by_age ON search_cache (fetched_ms);
