//! The catalog's tables.

/// The format of a store: catalog, segments and ledger together. Format 3 has segments of the kinds `taken-back` and
/// `caller-hours`; of days whose callers were rolled up before, the next compaction makes the latter. Format 4 has
/// notes in the ledger beside one id of a request, and links to it from the others, format 5 filters in ledger files.
pub(super) const FORMAT: i64 = 5;

/// The first format that has [`WATCHING`].
pub(super) const FORMAT_OF_WATCHING: i64 = 2;

/// Makes the tables of format 1.
pub(super) const CREATE: &str = "
CREATE TABLE batches (number INTEGER PRIMARY KEY, committed_at INTEGER NOT NULL);

CREATE TABLE series (
    id INTEGER PRIMARY KEY, key_arn TEXT NOT NULL, destination_arn TEXT NOT NULL, operation TEXT NOT NULL,
    account TEXT NOT NULL, region TEXT NOT NULL, reason TEXT NOT NULL);
CREATE TABLE callers (
    id INTEGER PRIMARY KEY, account TEXT NOT NULL, principal TEXT NOT NULL, service TEXT NOT NULL,
    resource TEXT NOT NULL, vpc_endpoint TEXT NOT NULL);
CREATE TABLE pools (id INTEGER PRIMARY KEY, account TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL);

-- Immutable Parquet files. A file that is not here is litter.
CREATE TABLE segments (
    file TEXT PRIMARY KEY, kind TEXT NOT NULL, day INTEGER NOT NULL, rows INTEGER NOT NULL, bytes INTEGER NOT NULL,
    minute_first INTEGER NOT NULL, minute_last INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX segments_by_day ON segments (kind, day);

-- Log objects by the hash of their content. One that was taken in part only (a range was asked for) is not whole.
CREATE TABLE objects (
    identity BLOB PRIMARY KEY, name TEXT NOT NULL, shape TEXT NOT NULL, bytes INTEGER NOT NULL, whole INTEGER NOT NULL,
    records INTEGER NOT NULL, requests INTEGER NOT NULL, calls INTEGER NOT NULL, rejects INTEGER NOT NULL,
    batch INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE rejects (
    identity BLOB NOT NULL, name TEXT NOT NULL, position INTEGER NOT NULL, reason TEXT NOT NULL, detail TEXT NOT NULL,
    PRIMARY KEY (identity, position, reason)) WITHOUT ROWID;
-- Objects that can't be read, tried again whenever they are met.
CREATE TABLE quarantine (
    name TEXT PRIMARY KEY, reason TEXT NOT NULL, detail TEXT NOT NULL, attempts INTEGER NOT NULL,
    first_at INTEGER NOT NULL, last_at INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;

-- Sorted runs of event ids, by the hour of the event.
CREATE TABLE ledger_runs (
    hour INTEGER NOT NULL, file TEXT NOT NULL, start INTEGER NOT NULL, ids INTEGER NOT NULL,
    PRIMARY KEY (hour, file, start)) WITHOUT ROWID;
CREATE INDEX ledger_runs_by_file ON ledger_runs (file);
CREATE TABLE ledger_hours (hour INTEGER PRIMARY KEY, last_new_at INTEGER NOT NULL, closed INTEGER NOT NULL);

CREATE TABLE lifecycle (
    id INTEGER PRIMARY KEY, second INTEGER NOT NULL,
    event_id TEXT UNIQUE, shared_event_id TEXT UNIQUE, session BLOB UNIQUE,
    event_source TEXT NOT NULL, event_name TEXT NOT NULL, account TEXT NOT NULL, region TEXT NOT NULL,
    key_arn TEXT NOT NULL, alias TEXT NOT NULL, actor TEXT NOT NULL, error_code TEXT NOT NULL, details TEXT NOT NULL);
CREATE INDEX lifecycle_by_key ON lifecycle (key_arn, second);
-- Which key an alias named, from when on; an alias that is deleted names none (empty).
CREATE VIEW aliases AS
    SELECT account, region, alias, second AS since,
           CASE event_name WHEN 'DeleteAlias' THEN '' ELSE key_arn END AS key_arn
    FROM lifecycle
    WHERE alias <> '' AND error_code = '' AND event_name IN ('CreateAlias', 'UpdateAlias', 'DeleteAlias');
";

/// Finds a batch's objects. It came later than the tables, and changes no format.
pub(super) const OBJECTS_BY_BATCH: &str = "CREATE INDEX IF NOT EXISTS objects_by_batch ON objects (batch)";

/// Makes a catalog of format 1 one of format 2: what the watch remembers and owes.
pub(super) const WATCHING: &str = "
-- The minutes that the batch brought anything of: where they are behind the watch, the watch looks again.
ALTER TABLE batches ADD COLUMN minute_first INTEGER;
ALTER TABLE batches ADD COLUMN minute_last INTEGER;

CREATE TABLE memories (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
-- Files of saved models, each as of a minute.
CREATE TABLE model_files (file TEXT PRIMARY KEY, minute INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE alarm_history (
    id INTEGER PRIMARY KEY, at INTEGER NOT NULL, alarm TEXT NOT NULL, kind TEXT NOT NULL, summary TEXT NOT NULL,
    data TEXT NOT NULL);
CREATE INDEX alarm_history_by_alarm ON alarm_history (alarm, at);
CREATE TABLE incidents (
    number INTEGER PRIMARY KEY, onset INTEGER NOT NULL, resolved_at INTEGER, body TEXT NOT NULL);
CREATE TABLE incident_series (
    number INTEGER NOT NULL, key_arn TEXT NOT NULL, operation TEXT NOT NULL, metric TEXT NOT NULL,
    onset INTEGER NOT NULL, PRIMARY KEY (number, key_arn, operation, metric)) WITHOUT ROWID;
CREATE INDEX incident_series_by_series ON incident_series (key_arn, operation, metric, onset);
-- Messages owed. One that was delivered stays for a while, as evidence.
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY, route TEXT NOT NULL, dedup_key TEXT NOT NULL, notice TEXT NOT NULL,
    owed_at INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, next_at INTEGER NOT NULL,
    delivered_at INTEGER, dead_at INTEGER, error TEXT NOT NULL DEFAULT '');
CREATE INDEX outbox_open ON outbox (next_at) WHERE delivered_at IS NULL AND dead_at IS NULL;
";
