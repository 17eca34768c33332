/** Applied in this order, each once; never change one that was released, add another. */
export const MIGRATIONS: readonly string[] = [
  `CREATE TABLE runs (
     run_id text PRIMARY KEY,
     agent text NOT NULL,
     contact_id text,
     user_id text NOT NULL,
     status text NOT NULL DEFAULT 'running'
       CHECK (status IN ('running', 'needs_approval', 'completed', 'failed', 'cancelled')),
     calls jsonb NOT NULL DEFAULT '[]',
     decisions jsonb,
     result jsonb,
     usage jsonb NOT NULL,
     cancel_requested boolean NOT NULL DEFAULT false,
     created_at timestamptz NOT NULL DEFAULT now(),
     updated_at timestamptz NOT NULL DEFAULT now()
   );
   CREATE INDEX runs_contact ON runs (contact_id) WHERE contact_id IS NOT NULL;
   CREATE TABLE calls (
     run_id text NOT NULL REFERENCES runs ON DELETE CASCADE,
     call_id text NOT NULL,
     tool text NOT NULL,
     outcome jsonb,
     begun_at timestamptz NOT NULL DEFAULT now(),
     PRIMARY KEY (run_id, call_id)
   );
   CREATE TABLE turns (
     id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     contact_id text NOT NULL,
     agent text NOT NULL,
     run_id text NOT NULL REFERENCES runs ON DELETE CASCADE,
     position integer NOT NULL,
     role text NOT NULL CHECK (role IN ('contact', 'agent')),
     text text NOT NULL,
     said_at timestamptz NOT NULL DEFAULT now(),
     UNIQUE (run_id, agent, position)
   );
   CREATE INDEX turns_contact ON turns (contact_id, agent, id);
   CREATE TABLE summaries (
     contact_id text NOT NULL,
     agent text NOT NULL,
     text text NOT NULL,
     up_to bigint NOT NULL,
     PRIMARY KEY (contact_id, agent)
   );
   CREATE TABLE qualification (
     contact_id text NOT NULL,
     field text NOT NULL CHECK (field IN ('budget', 'authority', 'need', 'timeline')),
     value text NOT NULL,
     quote text NOT NULL,
     run_id text NOT NULL REFERENCES runs ON DELETE CASCADE,
     updated_at timestamptz NOT NULL DEFAULT now(),
     PRIMARY KEY (contact_id, field)
   )`,
  `CREATE TABLE IF NOT EXISTS audit (
     event_id uuid PRIMARY KEY,
     event jsonb NOT NULL,
     recorded_at timestamptz NOT NULL DEFAULT now()
   )`,
];
