-- Registrations of the kafka-bridge, which makes its own tables. Safe to run again.
CREATE SCHEMA IF NOT EXISTS kafka_bridge AUTHORIZATION business;
