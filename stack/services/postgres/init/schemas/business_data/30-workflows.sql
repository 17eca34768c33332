-- What the durable workflows write: quotes, invoices, books, content, and the outbox of their events.
-- Safe to run again. The role `business` cannot change or delete what was posted.
CREATE SCHEMA IF NOT EXISTS sales;
CREATE SCHEMA IF NOT EXISTS finance;
CREATE SCHEMA IF NOT EXISTS content;
CREATE SCHEMA IF NOT EXISTS workflows;

-- Steps that were done, each with its result: a repeated activity gives the result of the first.
CREATE TABLE IF NOT EXISTS workflows.steps (
  key     text PRIMARY KEY,
  result  jsonb NOT NULL,
  done_at timestamptz NOT NULL DEFAULT now()
);

-- The relay makes its own table beside this one, so the schema belongs to the role that runs it.
CREATE SCHEMA IF NOT EXISTS outbox AUTHORIZATION business;
CREATE TABLE IF NOT EXISTS outbox.events (
  id            uuid PRIMARY KEY,
  topic         text NOT NULL,
  aggregateid   text NOT NULL,
  type          text NOT NULL,
  payload       jsonb NOT NULL,
  "publishedAt" timestamptz,
  attempts      integer NOT NULL DEFAULT 0,
  "lastError"   text,
  "createdAt"   timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS events_pending_idx ON outbox.events (id) WHERE "publishedAt" IS NULL;

-- Numbers without gaps: taken in the transaction that uses them.
CREATE TABLE IF NOT EXISTS finance.number_series (
  name text PRIMARY KEY,
  last bigint NOT NULL DEFAULT 0
);

CREATE TABLE IF NOT EXISTS finance.accounts (
  code text PRIMARY KEY,
  name text NOT NULL,
  type text NOT NULL CHECK (type IN ('asset', 'liability', 'equity', 'revenue', 'expense'))
);
INSERT INTO finance.accounts (code, name, type) VALUES
  ('1000', 'Bank', 'asset'),
  ('1100', 'Accounts receivable', 'asset'),
  ('1200', 'Input tax', 'asset'),
  ('2000', 'Accounts payable', 'liability'),
  ('2100', 'Output tax', 'liability'),
  ('2200', 'Customer credit', 'liability'),
  ('4000', 'Revenue', 'revenue'),
  ('4100', 'Late fees and interest', 'revenue'),
  ('4900', 'Refunds', 'revenue'),
  ('6000', 'General expense', 'expense'),
  ('6100', 'Software and hosting', 'expense'),
  ('6200', 'Travel', 'expense'),
  ('6300', 'Office', 'expense'),
  ('6400', 'Professional services', 'expense'),
  ('6900', 'Bad debt', 'expense')
ON CONFLICT (code) DO NOTHING;

-- Months in which nothing may be posted any more, the first day of each.
CREATE TABLE IF NOT EXISTS finance.closed_periods (
  month     date PRIMARY KEY CHECK (extract(day FROM month) = 1),
  closed_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS finance.journal_entries (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- The step that posted it: never twice.
  key         text NOT NULL UNIQUE,
  workflow_id text NOT NULL,
  posted_on   date NOT NULL,
  description text NOT NULL,
  reference   text NOT NULL,
  currency    char(3) NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS journal_entries_workflow_idx ON finance.journal_entries (workflow_id);
CREATE INDEX IF NOT EXISTS journal_entries_posted_on_idx ON finance.journal_entries (posted_on);

CREATE TABLE IF NOT EXISTS finance.journal_lines (
  entry_id bigint NOT NULL REFERENCES finance.journal_entries,
  line_no  smallint NOT NULL,
  account  text NOT NULL REFERENCES finance.accounts,
  debit    numeric(19, 4) NOT NULL DEFAULT 0 CHECK (debit >= 0),
  credit   numeric(19, 4) NOT NULL DEFAULT 0 CHECK (credit >= 0),
  PRIMARY KEY (entry_id, line_no),
  CHECK ((debit = 0) <> (credit = 0))
);
CREATE INDEX IF NOT EXISTS journal_lines_account_idx ON finance.journal_lines (account);

CREATE OR REPLACE FUNCTION finance.require_balance() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
  difference numeric;
BEGIN
  SELECT sum(debit) - sum(credit) INTO difference FROM finance.journal_lines WHERE entry_id = NEW.entry_id;
  IF difference <> 0 THEN
    RAISE EXCEPTION 'journal entry % is not balanced: debit and credit differ by %', NEW.entry_id, difference
      USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END
$$;

-- At commit, when every line of the entry is there.
DO $$
BEGIN
  IF NOT EXISTS (
    SELECT FROM pg_trigger
     WHERE tgname = 'journal_lines_balance' AND tgrelid = 'finance.journal_lines'::regclass
  ) THEN
    CREATE CONSTRAINT TRIGGER journal_lines_balance
      AFTER INSERT OR UPDATE ON finance.journal_lines
      DEFERRABLE INITIALLY DEFERRED
      FOR EACH ROW EXECUTE FUNCTION finance.require_balance();
  END IF;
END
$$;

CREATE OR REPLACE VIEW finance.balances AS
  SELECT e.workflow_id, l.account, e.currency, sum(l.debit) AS debit, sum(l.credit) AS credit,
         sum(l.debit) - sum(l.credit) AS balance
    FROM finance.journal_lines l JOIN finance.journal_entries e ON e.id = l.entry_id
   GROUP BY e.workflow_id, l.account, e.currency;

CREATE TABLE IF NOT EXISTS sales.quotes (
  number      text PRIMARY KEY,
  workflow_id text NOT NULL,
  revision    integer NOT NULL CHECK (revision > 0),
  lead_id     text NOT NULL,
  customer    jsonb NOT NULL,
  lines       jsonb NOT NULL,
  currency    char(3) NOT NULL,
  net         numeric(19, 4) NOT NULL,
  tax         numeric(19, 4) NOT NULL,
  gross       numeric(19, 4) NOT NULL,
  status      text NOT NULL DEFAULT 'sent'
              CHECK (status IN ('sent', 'accepted', 'declined', 'expired', 'superseded', 'cancelled')),
  expires_at  timestamptz NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT now(),
  updated_at  timestamptz NOT NULL DEFAULT now(),
  UNIQUE (workflow_id, revision)
);

CREATE TABLE IF NOT EXISTS sales.invoices (
  number       text PRIMARY KEY,
  workflow_id  text NOT NULL UNIQUE,
  quote_number text NOT NULL REFERENCES sales.quotes,
  customer     jsonb NOT NULL,
  lines        jsonb NOT NULL,
  currency     char(3) NOT NULL,
  net          numeric(19, 4) NOT NULL,
  tax          numeric(19, 4) NOT NULL,
  gross        numeric(19, 4) NOT NULL,
  charges      numeric(19, 4) NOT NULL DEFAULT 0,
  paid         numeric(19, 4) NOT NULL DEFAULT 0,
  refunded     numeric(19, 4) NOT NULL DEFAULT 0,
  -- What the customer paid too much and has not got back.
  credit       numeric(19, 4) NOT NULL DEFAULT 0,
  written_off  numeric(19, 4) NOT NULL DEFAULT 0,
  status       text NOT NULL DEFAULT 'open'
               CHECK (status IN ('open', 'paid', 'written_off', 'refunded', 'credited')),
  due_at       timestamptz NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  updated_at   timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS sales.payments (
  workflow_id text NOT NULL,
  payment_id  text NOT NULL,
  kind        text NOT NULL CHECK (kind IN ('payment', 'refund')),
  amount      numeric(19, 4) NOT NULL CHECK (amount > 0),
  currency    char(3) NOT NULL,
  method      text NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (workflow_id, kind, payment_id)
);

CREATE TABLE IF NOT EXISTS finance.documents (
  id          text PRIMARY KEY,
  workflow_id text NOT NULL,
  sha256      char(64) NOT NULL,
  media_type  text NOT NULL,
  bytes       bytea NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS finance.supplier_invoices (
  workflow_id   text PRIMARY KEY,
  document_id   text NOT NULL REFERENCES finance.documents,
  -- VAT id when there is one, else the name, in one spelling.
  supplier_key  text NOT NULL,
  supplier      jsonb NOT NULL,
  number        text NOT NULL,
  number_key    text NOT NULL,
  issued_on     date NOT NULL,
  due_on        date,
  currency      char(3) NOT NULL,
  net           numeric(19, 4) NOT NULL,
  tax           numeric(19, 4) NOT NULL,
  gross         numeric(19, 4) NOT NULL,
  lines         jsonb NOT NULL,
  category      text,
  account       text REFERENCES finance.accounts,
  cost_centre   text,
  status        text NOT NULL DEFAULT 'recorded'
                CHECK (status IN ('recorded', 'approved', 'rejected', 'paid', 'cancelled')),
  payment_reference text,
  created_at    timestamptz NOT NULL DEFAULT now(),
  updated_at    timestamptz NOT NULL DEFAULT now()
);
-- The same invoice twice is a duplicate, unless the first was rejected or cancelled.
CREATE UNIQUE INDEX IF NOT EXISTS supplier_invoices_once_idx
  ON finance.supplier_invoices (supplier_key, number_key, gross, currency)
  WHERE status NOT IN ('rejected', 'cancelled');

-- The first rule that fits, by priority; a condition that is null always fits.
CREATE TABLE IF NOT EXISTS finance.category_rules (
  id                integer GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
  priority          integer NOT NULL DEFAULT 100,
  supplier_contains text,
  text_contains     text,
  min_gross         numeric(19, 4),
  max_gross         numeric(19, 4),
  category          text NOT NULL,
  account           text NOT NULL REFERENCES finance.accounts,
  cost_centre       text
);
INSERT INTO finance.category_rules (id, priority, text_contains, category, account) VALUES
  (1, 900, 'hosting', 'Software and hosting', '6100'),
  (2, 900, 'software', 'Software and hosting', '6100'),
  (3, 900, 'hotel', 'Travel', '6200'),
  (4, 900, 'flight', 'Travel', '6200'),
  (5, 900, 'paper', 'Office', '6300'),
  (6, 900, 'consulting', 'Professional services', '6400')
ON CONFLICT (id) DO NOTHING;
SELECT setval(
  pg_get_serial_sequence('finance.category_rules', 'id'),
  greatest((SELECT max(id) FROM finance.category_rules), 1000)
);

CREATE TABLE IF NOT EXISTS finance.approvals (
  workflow_id  text NOT NULL,
  level        smallint NOT NULL,
  -- The one who acted.
  person       text NOT NULL,
  -- For whom, when delegated.
  on_behalf_of text,
  decision     text NOT NULL CHECK (decision IN ('approved', 'rejected')),
  comment      text,
  decided_at   timestamptz NOT NULL DEFAULT now(),
  -- Four eyes: one person decides once about an invoice.
  PRIMARY KEY (workflow_id, person)
);

CREATE TABLE IF NOT EXISTS finance.supplier_payments (
  key         text PRIMARY KEY,
  workflow_id text NOT NULL,
  provider    text NOT NULL,
  reference   text NOT NULL,
  amount      numeric(19, 4) NOT NULL CHECK (amount > 0),
  currency    char(3) NOT NULL,
  status      text NOT NULL CHECK (status IN ('submitted', 'settled', 'failed')),
  created_at  timestamptz NOT NULL DEFAULT now(),
  updated_at  timestamptz NOT NULL DEFAULT now()
);

-- One row for each paid invoice, ready for reports.
CREATE TABLE IF NOT EXISTS finance.spend_report (
  workflow_id text PRIMARY KEY,
  month       date NOT NULL,
  supplier    text NOT NULL,
  category    text NOT NULL,
  cost_centre text,
  currency    char(3) NOT NULL,
  net         numeric(19, 4) NOT NULL,
  tax         numeric(19, 4) NOT NULL,
  gross       numeric(19, 4) NOT NULL,
  days_to_pay integer NOT NULL
);
CREATE INDEX IF NOT EXISTS spend_report_month_idx ON finance.spend_report (month, category);

CREATE TABLE IF NOT EXISTS content.items (
  workflow_id  text PRIMARY KEY,
  item_id      text NOT NULL,
  revision     integer NOT NULL,
  title        text NOT NULL,
  body         text NOT NULL,
  author       text NOT NULL,
  status       text NOT NULL CHECK (status IN ('in_review', 'revising', 'approved', 'rejected', 'published', 'partly_published')),
  publish_at   timestamptz,
  updated_at   timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS content.reviews (
  workflow_id text NOT NULL,
  revision    integer NOT NULL,
  reviewer    text NOT NULL,
  decision    text NOT NULL CHECK (decision IN ('approved', 'revise', 'rejected')),
  comment     text,
  decided_at  timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (workflow_id, revision, reviewer)
);

CREATE TABLE IF NOT EXISTS content.publications (
  workflow_id  text NOT NULL,
  target       text NOT NULL,
  url          text,
  published_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (workflow_id, target)
);

GRANT USAGE ON SCHEMA sales, finance, content, workflows TO business;
GRANT SELECT, INSERT ON workflows.steps TO business;
GRANT SELECT, INSERT, UPDATE, DELETE ON outbox.events TO business;
GRANT SELECT, INSERT, UPDATE ON finance.number_series TO business;
GRANT SELECT ON finance.accounts, finance.closed_periods, finance.balances TO business;
-- Posted is posted: a mistake is reversed by another entry.
GRANT SELECT, INSERT ON finance.journal_entries, finance.journal_lines TO business;
GRANT SELECT, INSERT, UPDATE ON sales.quotes, sales.invoices TO business;
GRANT SELECT, INSERT ON sales.payments TO business;
GRANT SELECT, INSERT ON finance.documents, finance.approvals TO business;
GRANT SELECT, INSERT, UPDATE ON finance.supplier_invoices, finance.supplier_payments TO business;
GRANT SELECT, INSERT, UPDATE, DELETE ON finance.category_rules TO business;
GRANT SELECT, INSERT ON finance.spend_report TO business;
GRANT SELECT, INSERT, UPDATE ON content.items TO business;
GRANT SELECT, INSERT ON content.reviews, content.publications TO business;
