-- One Kafka consumer per topic. ${KAFKA_BROKERS} is a comma separated list of host:port, filled in by who applies this file.
-- RawBLOB takes a message whole and cannot fail, so a malformed one never blocks its partition: the views below sort
-- events from errors. An existing consumer keeps its brokers: to change them, drop the kafka_* tables and apply this again.

CREATE TABLE IF NOT EXISTS bizstack.kafka_crm
(
    raw String
)
ENGINE = Kafka
SETTINGS
    kafka_broker_list = '${KAFKA_BROKERS}',
    kafka_topic_list = 'bizstack.crm',
    kafka_group_name = 'bizstack-clickhouse-crm',
    kafka_format = 'RawBLOB',
    kafka_handle_error_mode = 'stream',
    kafka_flush_interval_ms = 1000;

CREATE MATERIALIZED VIEW IF NOT EXISTS bizstack.kafka_crm_events TO bizstack.events AS
SELECT
    toUUID(JSONExtractString(raw, 'id')) AS event_id,
    JSONExtractString(raw, 'type') AS type,
    JSONExtractString(raw, 'subject') AS subject,
    JSONExtractString(raw, 'source') AS source,
    parseDateTime64BestEffort(JSONExtractString(raw, 'time'), 3, 'UTC') AS time,
    JSONExtractRaw(raw, 'data') AS data,
    _topic AS topic,
    toInt32(_partition) AS `partition`,
    toInt64(_offset) AS `offset`
FROM bizstack.kafka_crm
WHERE _error = ''
    AND isValidJSON(raw)
    AND toUUIDOrNull(JSONExtractString(raw, 'id')) IS NOT NULL
    AND JSONExtractString(raw, 'type') != ''
    AND parseDateTime64BestEffortOrNull(JSONExtractString(raw, 'time'), 3, 'UTC') IS NOT NULL;

CREATE MATERIALIZED VIEW IF NOT EXISTS bizstack.kafka_crm_errors TO bizstack.event_errors AS
SELECT
    _topic AS topic,
    toInt32(_partition) AS `partition`,
    toInt64(_offset) AS `offset`,
    multiIf(
        _error != '', _error,
        NOT isValidJSON(raw), 'The message is not JSON',
        toUUIDOrNull(JSONExtractString(raw, 'id')) IS NULL, 'The field id is not a UUID',
        JSONExtractString(raw, 'type') = '', 'The field type is missing',
        'The field time is not a time'
    ) AS error,
    if(_error != '', _raw_message, raw) AS raw
FROM bizstack.kafka_crm
WHERE _error != ''
    OR NOT ifNull(
        isValidJSON(raw)
        AND toUUIDOrNull(JSONExtractString(raw, 'id')) IS NOT NULL
        AND JSONExtractString(raw, 'type') != ''
        AND parseDateTime64BestEffortOrNull(JSONExtractString(raw, 'time'), 3, 'UTC') IS NOT NULL,
        false
    );

CREATE TABLE IF NOT EXISTS bizstack.kafka_sales
(
    raw String
)
ENGINE = Kafka
SETTINGS
    kafka_broker_list = '${KAFKA_BROKERS}',
    kafka_topic_list = 'bizstack.sales',
    kafka_group_name = 'bizstack-clickhouse-sales',
    kafka_format = 'RawBLOB',
    kafka_handle_error_mode = 'stream',
    kafka_flush_interval_ms = 1000;

CREATE MATERIALIZED VIEW IF NOT EXISTS bizstack.kafka_sales_events TO bizstack.events AS
SELECT
    toUUID(JSONExtractString(raw, 'id')) AS event_id,
    JSONExtractString(raw, 'type') AS type,
    JSONExtractString(raw, 'subject') AS subject,
    JSONExtractString(raw, 'source') AS source,
    parseDateTime64BestEffort(JSONExtractString(raw, 'time'), 3, 'UTC') AS time,
    JSONExtractRaw(raw, 'data') AS data,
    _topic AS topic,
    toInt32(_partition) AS `partition`,
    toInt64(_offset) AS `offset`
FROM bizstack.kafka_sales
WHERE _error = ''
    AND isValidJSON(raw)
    AND toUUIDOrNull(JSONExtractString(raw, 'id')) IS NOT NULL
    AND JSONExtractString(raw, 'type') != ''
    AND parseDateTime64BestEffortOrNull(JSONExtractString(raw, 'time'), 3, 'UTC') IS NOT NULL;

CREATE MATERIALIZED VIEW IF NOT EXISTS bizstack.kafka_sales_errors TO bizstack.event_errors AS
SELECT
    _topic AS topic,
    toInt32(_partition) AS `partition`,
    toInt64(_offset) AS `offset`,
    multiIf(
        _error != '', _error,
        NOT isValidJSON(raw), 'The message is not JSON',
        toUUIDOrNull(JSONExtractString(raw, 'id')) IS NULL, 'The field id is not a UUID',
        JSONExtractString(raw, 'type') = '', 'The field type is missing',
        'The field time is not a time'
    ) AS error,
    if(_error != '', _raw_message, raw) AS raw
FROM bizstack.kafka_sales
WHERE _error != ''
    OR NOT ifNull(
        isValidJSON(raw)
        AND toUUIDOrNull(JSONExtractString(raw, 'id')) IS NOT NULL
        AND JSONExtractString(raw, 'type') != ''
        AND parseDateTime64BestEffortOrNull(JSONExtractString(raw, 'time'), 3, 'UTC') IS NOT NULL,
        false
    );

CREATE TABLE IF NOT EXISTS bizstack.kafka_finance
(
    raw String
)
ENGINE = Kafka
SETTINGS
    kafka_broker_list = '${KAFKA_BROKERS}',
    kafka_topic_list = 'bizstack.finance',
    kafka_group_name = 'bizstack-clickhouse-finance',
    kafka_format = 'RawBLOB',
    kafka_handle_error_mode = 'stream',
    kafka_flush_interval_ms = 1000;

CREATE MATERIALIZED VIEW IF NOT EXISTS bizstack.kafka_finance_events TO bizstack.events AS
SELECT
    toUUID(JSONExtractString(raw, 'id')) AS event_id,
    JSONExtractString(raw, 'type') AS type,
    JSONExtractString(raw, 'subject') AS subject,
    JSONExtractString(raw, 'source') AS source,
    parseDateTime64BestEffort(JSONExtractString(raw, 'time'), 3, 'UTC') AS time,
    JSONExtractRaw(raw, 'data') AS data,
    _topic AS topic,
    toInt32(_partition) AS `partition`,
    toInt64(_offset) AS `offset`
FROM bizstack.kafka_finance
WHERE _error = ''
    AND isValidJSON(raw)
    AND toUUIDOrNull(JSONExtractString(raw, 'id')) IS NOT NULL
    AND JSONExtractString(raw, 'type') != ''
    AND parseDateTime64BestEffortOrNull(JSONExtractString(raw, 'time'), 3, 'UTC') IS NOT NULL;

CREATE MATERIALIZED VIEW IF NOT EXISTS bizstack.kafka_finance_errors TO bizstack.event_errors AS
SELECT
    _topic AS topic,
    toInt32(_partition) AS `partition`,
    toInt64(_offset) AS `offset`,
    multiIf(
        _error != '', _error,
        NOT isValidJSON(raw), 'The message is not JSON',
        toUUIDOrNull(JSONExtractString(raw, 'id')) IS NULL, 'The field id is not a UUID',
        JSONExtractString(raw, 'type') = '', 'The field type is missing',
        'The field time is not a time'
    ) AS error,
    if(_error != '', _raw_message, raw) AS raw
FROM bizstack.kafka_finance
WHERE _error != ''
    OR NOT ifNull(
        isValidJSON(raw)
        AND toUUIDOrNull(JSONExtractString(raw, 'id')) IS NOT NULL
        AND JSONExtractString(raw, 'type') != ''
        AND parseDateTime64BestEffortOrNull(JSONExtractString(raw, 'time'), 3, 'UTC') IS NOT NULL,
        false
    );

CREATE TABLE IF NOT EXISTS bizstack.kafka_content
(
    raw String
)
ENGINE = Kafka
SETTINGS
    kafka_broker_list = '${KAFKA_BROKERS}',
    kafka_topic_list = 'bizstack.content',
    kafka_group_name = 'bizstack-clickhouse-content',
    kafka_format = 'RawBLOB',
    kafka_handle_error_mode = 'stream',
    kafka_flush_interval_ms = 1000;

CREATE MATERIALIZED VIEW IF NOT EXISTS bizstack.kafka_content_events TO bizstack.events AS
SELECT
    toUUID(JSONExtractString(raw, 'id')) AS event_id,
    JSONExtractString(raw, 'type') AS type,
    JSONExtractString(raw, 'subject') AS subject,
    JSONExtractString(raw, 'source') AS source,
    parseDateTime64BestEffort(JSONExtractString(raw, 'time'), 3, 'UTC') AS time,
    JSONExtractRaw(raw, 'data') AS data,
    _topic AS topic,
    toInt32(_partition) AS `partition`,
    toInt64(_offset) AS `offset`
FROM bizstack.kafka_content
WHERE _error = ''
    AND isValidJSON(raw)
    AND toUUIDOrNull(JSONExtractString(raw, 'id')) IS NOT NULL
    AND JSONExtractString(raw, 'type') != ''
    AND parseDateTime64BestEffortOrNull(JSONExtractString(raw, 'time'), 3, 'UTC') IS NOT NULL;

CREATE MATERIALIZED VIEW IF NOT EXISTS bizstack.kafka_content_errors TO bizstack.event_errors AS
SELECT
    _topic AS topic,
    toInt32(_partition) AS `partition`,
    toInt64(_offset) AS `offset`,
    multiIf(
        _error != '', _error,
        NOT isValidJSON(raw), 'The message is not JSON',
        toUUIDOrNull(JSONExtractString(raw, 'id')) IS NULL, 'The field id is not a UUID',
        JSONExtractString(raw, 'type') = '', 'The field type is missing',
        'The field time is not a time'
    ) AS error,
    if(_error != '', _raw_message, raw) AS raw
FROM bizstack.kafka_content
WHERE _error != ''
    OR NOT ifNull(
        isValidJSON(raw)
        AND toUUIDOrNull(JSONExtractString(raw, 'id')) IS NOT NULL
        AND JSONExtractString(raw, 'type') != ''
        AND parseDateTime64BestEffortOrNull(JSONExtractString(raw, 'time'), 3, 'UTC') IS NOT NULL,
        false
    );

CREATE TABLE IF NOT EXISTS bizstack.kafka_ops
(
    raw String
)
ENGINE = Kafka
SETTINGS
    kafka_broker_list = '${KAFKA_BROKERS}',
    kafka_topic_list = 'bizstack.ops',
    kafka_group_name = 'bizstack-clickhouse-ops',
    kafka_format = 'RawBLOB',
    kafka_handle_error_mode = 'stream',
    kafka_flush_interval_ms = 1000;

CREATE MATERIALIZED VIEW IF NOT EXISTS bizstack.kafka_ops_events TO bizstack.events AS
SELECT
    toUUID(JSONExtractString(raw, 'id')) AS event_id,
    JSONExtractString(raw, 'type') AS type,
    JSONExtractString(raw, 'subject') AS subject,
    JSONExtractString(raw, 'source') AS source,
    parseDateTime64BestEffort(JSONExtractString(raw, 'time'), 3, 'UTC') AS time,
    JSONExtractRaw(raw, 'data') AS data,
    _topic AS topic,
    toInt32(_partition) AS `partition`,
    toInt64(_offset) AS `offset`
FROM bizstack.kafka_ops
WHERE _error = ''
    AND isValidJSON(raw)
    AND toUUIDOrNull(JSONExtractString(raw, 'id')) IS NOT NULL
    AND JSONExtractString(raw, 'type') != ''
    AND parseDateTime64BestEffortOrNull(JSONExtractString(raw, 'time'), 3, 'UTC') IS NOT NULL;

CREATE MATERIALIZED VIEW IF NOT EXISTS bizstack.kafka_ops_errors TO bizstack.event_errors AS
SELECT
    _topic AS topic,
    toInt32(_partition) AS `partition`,
    toInt64(_offset) AS `offset`,
    multiIf(
        _error != '', _error,
        NOT isValidJSON(raw), 'The message is not JSON',
        toUUIDOrNull(JSONExtractString(raw, 'id')) IS NULL, 'The field id is not a UUID',
        JSONExtractString(raw, 'type') = '', 'The field type is missing',
        'The field time is not a time'
    ) AS error,
    if(_error != '', _raw_message, raw) AS raw
FROM bizstack.kafka_ops
WHERE _error != ''
    OR NOT ifNull(
        isValidJSON(raw)
        AND toUUIDOrNull(JSONExtractString(raw, 'id')) IS NOT NULL
        AND JSONExtractString(raw, 'type') != ''
        AND parseDateTime64BestEffortOrNull(JSONExtractString(raw, 'time'), 3, 'UTC') IS NOT NULL,
        false
    );

CREATE TABLE IF NOT EXISTS bizstack.kafka_audit
(
    raw String
)
ENGINE = Kafka
SETTINGS
    kafka_broker_list = '${KAFKA_BROKERS}',
    kafka_topic_list = 'bizstack.audit',
    kafka_group_name = 'bizstack-clickhouse-audit',
    kafka_format = 'RawBLOB',
    kafka_handle_error_mode = 'stream',
    kafka_flush_interval_ms = 1000;

CREATE MATERIALIZED VIEW IF NOT EXISTS bizstack.kafka_audit_events TO bizstack.events AS
SELECT
    toUUID(JSONExtractString(raw, 'id')) AS event_id,
    JSONExtractString(raw, 'type') AS type,
    JSONExtractString(raw, 'subject') AS subject,
    JSONExtractString(raw, 'source') AS source,
    parseDateTime64BestEffort(JSONExtractString(raw, 'time'), 3, 'UTC') AS time,
    JSONExtractRaw(raw, 'data') AS data,
    _topic AS topic,
    toInt32(_partition) AS `partition`,
    toInt64(_offset) AS `offset`
FROM bizstack.kafka_audit
WHERE _error = ''
    AND isValidJSON(raw)
    AND toUUIDOrNull(JSONExtractString(raw, 'id')) IS NOT NULL
    AND JSONExtractString(raw, 'type') != ''
    AND parseDateTime64BestEffortOrNull(JSONExtractString(raw, 'time'), 3, 'UTC') IS NOT NULL;

CREATE MATERIALIZED VIEW IF NOT EXISTS bizstack.kafka_audit_errors TO bizstack.event_errors AS
SELECT
    _topic AS topic,
    toInt32(_partition) AS `partition`,
    toInt64(_offset) AS `offset`,
    multiIf(
        _error != '', _error,
        NOT isValidJSON(raw), 'The message is not JSON',
        toUUIDOrNull(JSONExtractString(raw, 'id')) IS NULL, 'The field id is not a UUID',
        JSONExtractString(raw, 'type') = '', 'The field type is missing',
        'The field time is not a time'
    ) AS error,
    if(_error != '', _raw_message, raw) AS raw
FROM bizstack.kafka_audit
WHERE _error != ''
    OR NOT ifNull(
        isValidJSON(raw)
        AND toUUIDOrNull(JSONExtractString(raw, 'id')) IS NOT NULL
        AND JSONExtractString(raw, 'type') != ''
        AND parseDateTime64BestEffortOrNull(JSONExtractString(raw, 'time'), 3, 'UTC') IS NOT NULL,
        false
    );
