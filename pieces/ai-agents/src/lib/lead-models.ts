import type { LeadModel } from '@bizstack/agents/scoring';
import { BizError } from '@bizstack/piece-common';
import { z } from 'zod';
import type { Connection } from './connection';
import { SCHEMA, withDatabase } from './postgres';

const nameSchema = z.string().trim().min(1).max(100);
const rowsSchema = z.array(z.object({ model: z.unknown() }));

/** Keeps a model under a name; every version stays. The same version twice is one. */
export async function storeLeadModel(connection: Connection, name: string, model: LeadModel): Promise<void> {
  await withDatabase(connection, ({ pool }) =>
    pool.query(
      `INSERT INTO ${SCHEMA}.lead_models (name, version, model, trained_at) VALUES ($1, $2, $3, $4)
       ON CONFLICT (name, version) DO UPDATE SET stored_at = now(), model = excluded.model, trained_at = excluded.trained_at`,
      [nameSchema.parse(name), model.version, JSON.stringify(model), model.trainedAt],
    ),
  );
}

/**
 * The stored model: a version of it, else the one stored last.
 * @throws BizError `BIZ_SCORING_MODEL_MISSING`, `BIZ_AI_NOT_CONFIGURED`, or when it was changed since
 */
export async function loadLeadModel(
  connection: Connection,
  name: string,
  version: string | undefined,
): Promise<LeadModel> {
  const { rows } = await withDatabase(connection, ({ pool }) =>
    pool.query(
      `SELECT model FROM ${SCHEMA}.lead_models WHERE name = $1 AND ($2::text IS NULL OR version = $2)
       ORDER BY stored_at DESC LIMIT 1`,
      [nameSchema.parse(name), version ?? null],
    ),
  );
  const [row] = rowsSchema.parse(rows);
  if (row === undefined) {
    const which = version === undefined ? '' : ` of version ${version}`;
    throw new BizError('BIZ_SCORING_MODEL_MISSING', `There is no stored model "${name}"${which}.`, {
      hint: 'Train and store one with Train Lead Scoring.',
    });
  }
  const { parseLeadModel } = await import('@bizstack/agents/scoring');
  return parseLeadModel(row.model);
}
