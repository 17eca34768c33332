-- Scored leads, one row per captured event. Safe to run again.
CREATE TABLE IF NOT EXISTS public.leads (
  -- Id of the event crm.lead.captured: the same event never makes a second row.
  event_id      uuid PRIMARY KEY,
  lead_id       text NOT NULL,
  captured_at   timestamptz NOT NULL,
  name          text,
  email         text,
  phone         text,
  company       text,
  job_title     text,
  country       text,
  city          text,
  source        text,
  message       text,
  attributes    jsonb NOT NULL DEFAULT '{}',
  score         numeric(5, 2) CHECK (score BETWEEN 0 AND 100),
  grade         text CHECK (grade IN ('A', 'B', 'C', 'D')),
  score_reasons jsonb,
  score_model   text,
  scored_at     timestamptz,
  created_at    timestamptz NOT NULL DEFAULT now(),
  updated_at    timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX IF NOT EXISTS leads_lead_id_idx ON public.leads (lead_id);
CREATE INDEX IF NOT EXISTS leads_email_idx ON public.leads (lower(email));
CREATE INDEX IF NOT EXISTS leads_score_idx ON public.leads (score DESC NULLS LAST);
CREATE INDEX IF NOT EXISTS leads_captured_at_idx ON public.leads (captured_at);

CREATE OR REPLACE FUNCTION public.set_updated_at() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  NEW.updated_at := now();
  RETURN NEW;
END
$$;

CREATE OR REPLACE TRIGGER leads_set_updated_at
  BEFORE UPDATE ON public.leads
  FOR EACH ROW EXECUTE FUNCTION public.set_updated_at();

-- Flows read and write leads and may keep tables of their own; they can neither change nor drop this one.
GRANT USAGE, CREATE ON SCHEMA public TO business;
GRANT SELECT, INSERT, UPDATE, DELETE ON public.leads TO business;
