import type { Stack } from '@bizstack/native';
import { factsOf } from '../clone';

/** Where the doctor looks. Holds secrets. */
export interface DoctorAccess {
  readonly crmUrl: string;
  readonly webhookSecret: string;
  readonly crmDatabaseUrl: string;
  readonly businessDatabaseUrl: string;
  readonly brokers: string;
  readonly qdrant: { readonly url: string; readonly apiKey: string };
  readonly logFile: (service: string) => string;
}

export function doctorAccess(stack: Stack): DoctorAccess {
  const text = (service: string, key: string): string => String(factsOf(stack, service)[key]);
  return {
    crmUrl: text('nocobase', 'url'),
    webhookSecret: text('nocobase', 'webhook_secret'),
    crmDatabaseUrl: text('postgres', 'database_url_nocobase'),
    businessDatabaseUrl: text('postgres', 'database_url_business_data'),
    brokers: text('kafka', 'brokers'),
    qdrant: { url: text('qdrant', 'url'), apiKey: text('qdrant', 'apiKey') },
    logFile: (service) => `${stack.paths.logDir}/${service}.log`,
  };
}
