import { createHash } from 'node:crypto';
import { BizError } from '@bizstack/contracts';
import type { InvoiceDocument, PaymentMethod, SupplierInvoice } from '../client';
import { numberKey, supplierKey } from '../domain/invoice-check';
import { ACCOUNTS, credit, debit, type Posting, reversed } from '../domain/ledger';
import { formatMoney, parseMoney } from '../domain/money';
import type { DocumentExtractor, Extraction } from '../extraction/extractor';
import type { PaymentOrder, PaymentProvider, PaymentReceipt } from '../payments/provider';
import type { Database, Step } from './database';
import { withHeartbeat } from './heartbeat';
import { keyOf, type StepInput } from './step';

export interface StoreDocument extends StepInput {
  readonly document: InvoiceDocument;
}
export interface StoredDocument {
  readonly id: string;
  readonly sha256: string;
}
export interface ExtractDocument {
  readonly documentId: string;
}
export interface RecordInvoice extends StepInput {
  readonly documentId: string;
  readonly invoice: SupplierInvoice;
}
export interface Category {
  readonly category: string;
  readonly account: string;
}
export interface SetCategory extends StepInput, Category {}
export interface RecordDecision extends StepInput {
  readonly level: number;
  readonly person: string;
  readonly onBehalfOf: string | null;
  readonly decision: 'approved' | 'rejected';
  readonly comment: string | null;
  /** True when nobody else has to decide. */
  readonly final: boolean;
}
export interface EscalateApproval extends StepInput {
  readonly level: number;
  readonly persons: readonly string[];
}
export interface PayInvoice extends StepInput {
  readonly method: Exclude<PaymentMethod, 'manual'>;
  readonly order: PaymentOrder;
}
export interface SettleInvoice extends StepInput {
  readonly method: PaymentMethod;
  readonly reference: string;
}
export interface CancelInvoice extends StepInput {
  readonly by: string | null;
  readonly reason: string;
}

interface InvoiceRow {
  supplier: SupplierInvoice['supplier'];
  supplier_key: string;
  number: string;
  currency: string;
  net: string;
  tax: string;
  gross: string;
  category: string | null;
  account: string | null;
  cost_centre: string | null;
  status: string;
}

export interface InvoiceParts {
  readonly database: Database;
  readonly extractors: readonly DocumentExtractor[];
  readonly providers: Readonly<Record<Exclude<PaymentMethod, 'manual'>, PaymentProvider>>;
}

/** Steps of supplier invoices. Each is done once, however often it is called. */
export function invoiceActivities({ database, extractors, providers }: InvoiceParts) {
  const once = <T>(input: StepInput, identity: unknown, work: (step: Step) => Promise<T>): Promise<T> =>
    database.once(keyOf(input), identity, work);

  return {
    storeDocument(input: StoreDocument): Promise<StoredDocument> {
      const { mediaType, bytes } = bytesOf(input.document);
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      return once(input, [sha256], async (step) => {
        const id = keyOf(input);
        await step.rows(
          'INSERT INTO finance.documents (id, workflow_id, sha256, media_type, bytes) VALUES ($1, $2, $3, $4, $5)',
          [id, input.workflowId, sha256, mediaType, bytes],
        );
        return { id, sha256 };
      });
    },

    /** Reads the stored document. Reading again gives no harm, so it is not a step. */
    async extractDocument({ documentId }: ExtractDocument): Promise<Extraction> {
      const [row] = await database.read<{ media_type: string; bytes: Buffer }>(
        'SELECT media_type, bytes FROM finance.documents WHERE id = $1',
        [documentId],
      );
      if (!row) throw new BizError('BIZ_RECORD_MISSING', `There is no document ${documentId}.`);
      const document = documentOf(row.media_type, row.bytes);
      const extractor = extractors.find((one) => one.accepts(document));
      if (!extractor) throw new BizError('BIZ_EXTRACT_UNREADABLE', `Nothing reads ${row.media_type}.`);
      return withHeartbeat(({ signal }) => extractor.extract(document, signal));
    },

    /** Records the invoice, or says which workflow has it already. */
    recordInvoice: (input: RecordInvoice): Promise<{ duplicateOf: string | null }> =>
      once(input, [], async (step) => {
        const { workflowId, documentId, invoice } = input;
        const { supplier, number, issuedOn, dueOn, currency, net, tax, gross, lines } = invoice;
        const keys = [supplierKey(supplier), numberKey(number)];
        const recorded = await step.rows(
          `INSERT INTO finance.supplier_invoices
             (workflow_id, document_id, supplier_key, number_key, supplier, number, issued_on, due_on, currency, net, tax, gross, lines)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
           ON CONFLICT (supplier_key, number_key, gross, currency) WHERE status NOT IN ('rejected', 'cancelled')
           DO NOTHING RETURNING workflow_id`,
          [
            ...[workflowId, documentId, ...keys, JSON.stringify(supplier), number, issuedOn, dueOn ?? null],
            ...[currency, net, tax, gross, JSON.stringify(lines)],
          ],
        );
        const data = { workflowId, supplier: supplier.name, number, amount: gross, currency };
        const subject = `supplier-invoice/${keys.join('/')}`.slice(0, 300);
        if (recorded.length > 0) {
          await step.emit({ type: 'finance.invoice.received', subject, data });
          return { duplicateOf: null };
        }
        const first = await step.row<{ workflow_id: string }>(
          'first invoice of the duplicate',
          `SELECT workflow_id FROM finance.supplier_invoices
            WHERE supplier_key = $1 AND number_key = $2 AND gross = $3 AND currency = $4
              AND status NOT IN ('rejected', 'cancelled')`,
          [...keys, gross, currency],
        );
        await step.emit({
          type: 'finance.invoice.duplicate',
          subject,
          data: { ...data, duplicateOf: first.workflow_id },
        });
        return { duplicateOf: first.workflow_id };
      }),

    /** The category and the account of the first rule that fits. */
    categoriseInvoice: (input: StepInput): Promise<Category> =>
      once(input, [], async (step) => {
        const [found] = await step.rows<{ category: string; account: string; cost_centre: string | null }>(
          `SELECT r.category, r.account, r.cost_centre
             FROM finance.category_rules r, finance.supplier_invoices i
            WHERE i.workflow_id = $1
              AND (r.supplier_contains IS NULL OR strpos(lower(i.supplier->>'name'), lower(r.supplier_contains)) > 0)
              AND (r.text_contains IS NULL OR EXISTS (
                SELECT FROM jsonb_array_elements(i.lines) l
                 WHERE strpos(lower(l->>'description'), lower(r.text_contains)) > 0))
              AND (r.min_gross IS NULL OR i.gross >= r.min_gross)
              AND (r.max_gross IS NULL OR i.gross <= r.max_gross)
            ORDER BY r.priority, r.id LIMIT 1`,
          [input.workflowId],
        );
        const { category, account, cost_centre } = found ?? {
          category: 'General expense',
          account: ACCOUNTS.generalExpense,
          cost_centre: null,
        };
        await saveCategory(step, input.workflowId, category, account, cost_centre);
        return { category, account };
      }),

    setInvoiceCategory: (input: SetCategory): Promise<void> =>
      once(input, [], async (step) => {
        const known = await step.rows(`SELECT 1 FROM finance.accounts WHERE code = $1 AND type = 'expense'`, [
          input.account,
        ]);
        if (known.length === 0) {
          throw new BizError('BIZ_ACCOUNT_UNKNOWN', `"${input.account}" is not an account for expenses.`, {
            hint: 'See finance.accounts.',
          });
        }
        await saveCategory(step, input.workflowId, input.category, input.account, null);
      }),

    /** Records who decided; the last approval makes the invoice a liability. */
    recordDecision: (input: RecordDecision): Promise<void> =>
      once(input, [input.person, input.decision], async (step) => {
        const { workflowId, level, person, onBehalfOf, decision, comment, final, at } = input;
        await step.rows(
          `INSERT INTO finance.approvals (workflow_id, level, person, on_behalf_of, decision, comment)
           VALUES ($1, $2, $3, $4, $5, $6)`,
          [workflowId, level, person, onBehalfOf, decision, comment],
        );
        if (!final) return;
        const invoice = await setStatus(step, workflowId, decision);
        if (decision === 'approved') {
          await step.post({
            key: `${keyOf(input)}:liability`,
            ...{ workflowId, at, currency: invoice.currency, reference: invoice.number },
            description: `Supplier invoice ${invoice.number}`,
            postings: liability(invoice),
          });
        }
        await step.emit({
          type: decision === 'approved' ? 'finance.invoice.approved' : 'finance.invoice.rejected',
          ...about(workflowId, invoice, { by: person, comment }),
        });
      }),

    escalateApproval: (input: EscalateApproval): Promise<void> =>
      once(input, [], async (step) => {
        const { workflowId, level, persons } = input;
        const invoice = await lock(step, workflowId);
        await step.emit({
          type: 'finance.invoice.escalated',
          ...about(workflowId, invoice, { level, persons }),
        });
      }),

    /** Pays through a provider, which knows a repeated order by its key. */
    async payInvoice(input: PayInvoice): Promise<PaymentReceipt> {
      const { method, order, workflowId } = input;
      const provider = providers[method];
      const receipt = await withHeartbeat((context) => provider.pay(order, context));
      await once(input, [order.key], (step) =>
        step.rows(
          `INSERT INTO finance.supplier_payments (key, workflow_id, provider, reference, amount, currency, status)
           VALUES ($1, $2, $3, $4, $5, $6, $7)`,
          [order.key, workflowId, method, receipt.reference, order.amount, order.currency, receipt.status],
        ),
      );
      return receipt;
    },

    /** The money went: posting, report and events. */
    settleInvoice: (input: SettleInvoice): Promise<void> =>
      once(input, [], async (step) => {
        const { workflowId, method, reference, at } = input;
        const invoice = await setStatus(step, workflowId, 'paid');
        const gross = parseMoney(invoice.gross, invoice.currency);
        await step.rows(
          'UPDATE finance.supplier_invoices SET payment_reference = $2 WHERE workflow_id = $1',
          [workflowId, reference],
        );
        await step.rows(
          `UPDATE finance.supplier_payments SET status = 'settled', updated_at = now()
            WHERE workflow_id = $1 AND status = 'submitted'`,
          [workflowId],
        );
        await step.post({
          key: keyOf(input),
          ...{ workflowId, at, currency: invoice.currency, reference: invoice.number },
          description: `Payment of supplier invoice ${invoice.number}`,
          postings: [debit(ACCOUNTS.payable, gross), credit(ACCOUNTS.bank, gross)],
        });
        await step.rows(
          `INSERT INTO finance.spend_report
             (workflow_id, month, supplier, category, cost_centre, currency, net, tax, gross, days_to_pay)
           SELECT workflow_id, date_trunc('month', issued_on), supplier->>'name', coalesce(category, 'General expense'),
                  cost_centre, currency, net, tax, gross, $2::date - issued_on
             FROM finance.supplier_invoices WHERE workflow_id = $1`,
          [workflowId, at.slice(0, 10)],
        );
        const facts = about(workflowId, invoice, { reference, provider: method, direction: 'outgoing' });
        await step.emit({ type: 'finance.payment.settled', ...facts });
        await step.emit({ type: 'finance.invoice.posted', ...facts });
      }),

    /** Takes an invoice back that was not paid. Does nothing when there is none, or it was ended before. */
    cancelInvoice: (input: CancelInvoice): Promise<boolean> =>
      once(input, [], async (step) => {
        const { workflowId, by, reason, at } = input;
        const found = await step.rows<InvoiceRow>(
          'SELECT * FROM finance.supplier_invoices WHERE workflow_id = $1 FOR UPDATE',
          [workflowId],
        );
        const [before] = found;
        if (!before || !['recorded', 'approved'].includes(before.status)) return false;
        const invoice = await setStatus(step, workflowId, 'cancelled');
        if (before.status === 'approved') {
          await step.post({
            key: keyOf(input),
            ...{ workflowId, at, currency: invoice.currency, reference: invoice.number },
            description: `Reversal of supplier invoice ${invoice.number}`,
            postings: reversed(liability(invoice)),
          });
        }
        await step.emit({ type: 'finance.invoice.cancelled', ...about(workflowId, invoice, { by, reason }) });
        return true;
      }),
  };
}

const UBL_TYPE = 'application/xml+ubl';
const FIELDS_TYPE = 'application/vnd.bizstack.invoice+json';

/** How a document is kept. */
function bytesOf(document: InvoiceDocument): { mediaType: string; bytes: Buffer } {
  switch (document.kind) {
    case 'structured':
      return { mediaType: FIELDS_TYPE, bytes: Buffer.from(JSON.stringify(document.invoice)) };
    case 'ubl':
      return { mediaType: UBL_TYPE, bytes: Buffer.from(document.xml) };
    case 'document':
      return { mediaType: document.mediaType, bytes: Buffer.from(document.base64, 'base64') };
  }
}

function documentOf(mediaType: string, bytes: Buffer): InvoiceDocument {
  if (mediaType === UBL_TYPE) return { kind: 'ubl', xml: bytes.toString('utf8') };
  if (mediaType === FIELDS_TYPE) {
    return { kind: 'structured', invoice: JSON.parse(bytes.toString('utf8')) as SupplierInvoice };
  }
  return { kind: 'document', mediaType, base64: bytes.toString('base64') };
}

function lock(step: Step, workflowId: string): Promise<InvoiceRow> {
  return step.row<InvoiceRow>(
    `supplier invoice of workflow ${workflowId}`,
    'SELECT * FROM finance.supplier_invoices WHERE workflow_id = $1 FOR UPDATE',
    [workflowId],
  );
}

function setStatus(step: Step, workflowId: string, status: string): Promise<InvoiceRow> {
  return step.row<InvoiceRow>(
    `supplier invoice of workflow ${workflowId}`,
    'UPDATE finance.supplier_invoices SET status = $2, updated_at = now() WHERE workflow_id = $1 RETURNING *',
    [workflowId, status],
  );
}

async function saveCategory(
  step: Step,
  workflowId: string,
  category: string,
  account: string,
  costCentre: string | null,
): Promise<void> {
  await step.rows(
    'UPDATE finance.supplier_invoices SET category = $2, account = $3, cost_centre = $4, updated_at = now() WHERE workflow_id = $1',
    [workflowId, category, account, costCentre],
  );
}

function liability(invoice: InvoiceRow): Posting[] {
  const money = (text: string): bigint => parseMoney(text, invoice.currency);
  return [
    debit(invoice.account ?? ACCOUNTS.generalExpense, money(invoice.net)),
    debit(ACCOUNTS.inputTax, money(invoice.tax)),
    credit(ACCOUNTS.payable, money(invoice.gross)),
  ];
}

/** Subject and data of an event about an invoice. */
function about(workflowId: string, invoice: InvoiceRow, more: Readonly<Record<string, unknown>>) {
  const { number, currency, category } = invoice;
  return {
    subject: `supplier-invoice/${invoice.supplier_key}/${numberKey(number)}`.slice(0, 300),
    data: {
      ...{ workflowId, number, currency, category, supplier: invoice.supplier.name },
      amount: formatMoney(parseMoney(invoice.gross, currency), currency),
      ...more,
    },
  };
}
