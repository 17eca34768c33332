-- Events of all topics, and the messages that are none.
-- Statements end with a semicolon at the end of a line; every one may be run again.

CREATE DATABASE IF NOT EXISTS bizstack;

-- One row per event id: a message that Kafka delivers twice has the same sorting key and merges into one.
-- Merging takes its time: read bizstack.events_unique where a duplicate would matter.
CREATE TABLE IF NOT EXISTS bizstack.events
(
    event_id UUID,
    type LowCardinality(String),
    subject String,
    source LowCardinality(String),
    time DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    data String CODEC(ZSTD(3)),
    topic LowCardinality(String),
    `partition` Int32,
    `offset` Int64,
    ingested_at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree(ingested_at)
PARTITION BY toYYYYMM(time)
ORDER BY (type, time, event_id)
SETTINGS non_replicated_deduplication_window = 1000;

CREATE VIEW IF NOT EXISTS bizstack.events_unique AS
SELECT * FROM bizstack.events FINAL;

-- Messages that are not CloudEvents in JSON. `raw` is the message as it came.
CREATE TABLE IF NOT EXISTS bizstack.event_errors
(
    topic LowCardinality(String),
    `partition` Int32,
    `offset` Int64,
    error String,
    raw String CODEC(ZSTD(3)),
    ingested_at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree(ingested_at)
PARTITION BY toYYYYMM(ingested_at)
ORDER BY (topic, `partition`, `offset`)
TTL toDateTime(ingested_at) + INTERVAL 90 DAY;
