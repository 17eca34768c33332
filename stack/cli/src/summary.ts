import { maskFacts, type Stack } from '@bizstack/native';

/** What a person can open, in the order in which it is of use. */
const ADDRESSES: readonly (readonly [service: string, fact: string, path: string, what: string])[] = [
  ['nocobase', 'url', '/admin', 'NocoBase'],
  ['nocobase', 'url', '/api/crmLeadForms:page/default', 'Public lead form'],
  ['flows', 'url', '/runs', 'Flow runs'],
  ['temporal', 'ui', '', 'Temporal'],
  ['clickhouse', 'url', '', 'ClickHouse'],
  ['qdrant', 'url', '', 'Qdrant'],
  ['embeddings', 'url', '/v1/embeddings', 'Embeddings'],
  ['autogen', 'url', '', 'AutoGen teams'],
  ['kafka', 'brokers', '', 'Kafka'],
  ['postgres', 'database_url_business_data', '', 'PostgreSQL'],
  ['redis', 'url', '', 'Redis'],
];

/** The addresses of the stack for a person; secrets stand as `***`. */
export function summary(stack: Stack): string[] {
  const parts = new Set(stack.order.map((driver) => driver.name));
  const lines = ADDRESSES.flatMap(([service, fact, path, what]) => {
    if (!parts.has(service)) return [];
    const value = maskFacts(stack.factsOf(service))[fact];
    return value === undefined ? [] : [`  ${what.padEnd(18)} ${value}${path}`];
  });
  return [
    '',
    ...lines,
    '',
    '  Accounts and passwords: npm run bizstack -- credentials --show',
    '  State: npm run bizstack -- status      Logs: npm run bizstack -- logs <service> -f',
    '',
  ];
}
