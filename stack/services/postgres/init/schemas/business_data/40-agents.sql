-- Conversations, checkpoints and audit of the AI agents, which make their own tables. Safe to run again.
CREATE SCHEMA IF NOT EXISTS bizstack_agents AUTHORIZATION business;
-- The set-up of LangGraph's checkpoints says CREATE SCHEMA IF NOT EXISTS, which asks for this right even so.
GRANT CREATE ON DATABASE business_data TO business;
