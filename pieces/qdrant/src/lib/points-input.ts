import { BizError, parseJsonProp } from '@bizstack/piece-common';
import { z } from 'zod';
import type { QdrantAuthProps } from './auth';
import { embeddingsOf } from './auth';
import { documentVector } from './bm25';
import { embedTexts } from './embeddings';
import { idOfKey, type PointId, readId } from './ids';
import { readVector, type Vector } from './inputs';

/** Points of one call; more belong into several calls, each with its own retry. */
const POINTS_MAX = 100_000;

/** A list is looked at later, number by number; copying it here would double the memory of a large call. */
const listSchema = z.custom<unknown[]>((value) => Array.isArray(value), 'expected a list');

const pointSchema = z.strictObject({
  id: z.union([z.number(), z.string()]).optional(),
  key: z.union([z.number(), z.string()]).optional(),
  text: z.string().nullish(),
  vector: z.union([listSchema, z.record(z.string(), z.unknown())]).nullish(),
  payload: z.record(z.string(), z.unknown()).nullish(),
});

type PointInput = z.infer<typeof pointSchema>;

export type NamedVectors = Record<string, Vector>;

/** A point as Qdrant takes it. */
export interface Point {
  id: PointId;
  vector: Vector | NamedVectors;
  payload: Record<string, unknown>;
}

export interface PointsOptions {
  auth: QdrantAuthProps;
  /** Named vector that texts are embedded into; the unnamed one unless given. */
  vectorName?: string | undefined;
  /** Sparse vector that gets the words of the text. */
  keywordVector?: string | undefined;
  /** Payload field that keeps the text. */
  textField?: string | undefined;
  /** Payload field that keeps the own key. */
  keyField?: string | undefined;
}

/**
 * Reads the points of an upsert and embeds their texts. When one id stands twice, the last one counts, as
 * the server would have it.
 * @throws BizError `BIZ_INPUT_INVALID` naming the point, or `BIZ_EMBEDDINGS_…`.
 */
export async function readPoints(input: unknown, options: PointsOptions): Promise<Point[]> {
  const list = parseJsonProp('Points', input, z.preprocess(asList, z.array(pointSchema).max(POINTS_MAX)));
  const drafts = list.map((point, index) => readPoint(point, index, options));
  const texts = drafts.flatMap(({ text, embed }) => (embed && text !== undefined ? [text] : []));
  const embedded = texts.length > 0 ? await embedTexts(embeddingsOf(options.auth), texts) : [];
  const vectors = embedded.values();
  const points = drafts.map(({ id, text, embed, vector, payload }): Point => {
    const dense = embed ? withText(vectors.next().value ?? [], vector, options.vectorName) : vector;
    return { id, payload, vector: withWords(dense, text, options) };
  });
  return [...new Map(points.map((point) => [point.id, point])).values()];
}

/** One point alone is a list of one. */
function asList(value: unknown): unknown {
  return Array.isArray(value) || value === undefined || value === null ? value : [value];
}

interface Draft {
  id: PointId;
  text: string | undefined;
  /** False: the vector of the text is given, and only its words are needed. */
  embed: boolean;
  vector: Vector | NamedVectors;
  payload: Record<string, unknown>;
}

function readPoint(
  point: PointInput,
  index: number,
  { textField, keyField, vectorName, keywordVector }: PointsOptions,
): Draft {
  const where = `Points[${index}]`;
  const text = point.text?.trim() ? point.text : undefined;
  const vector = point.vector ? readVectors(`${where}.vector`, point.vector) : {};
  if (text === undefined && isEmpty(vector)) {
    throw invalid(`${where} has neither a text nor a vector.`);
  }
  const placeTaken = isSingle(vector)
    ? !isEmpty(vector)
    : Object.hasOwn(vector, vectorName ?? '') || (vectorName === undefined && !isEmpty(vector));
  if (text !== undefined && placeTaken && !keywordVector) {
    throw invalid(
      `${where} has a text and a vector for the same place.`,
      'Give one of them, or set Vector Name, or Keyword Vector to keep the words of the text beside the vector.',
    );
  }
  return {
    id: readPointId(point, where),
    text,
    embed: text !== undefined && !placeTaken,
    vector,
    payload: {
      ...point.payload,
      ...(textField && text !== undefined ? { [textField]: text } : {}),
      ...(keyField && point.key !== undefined ? { [keyField]: point.key } : {}),
    },
  };
}

function readPointId({ id, key }: PointInput, where: string): PointId {
  if ((id === undefined) === (key === undefined)) {
    throw invalid(
      `${where} needs an id or a key, and not both.`,
      'Without one, running the step twice would store the point twice.',
    );
  }
  try {
    return key === undefined ? readId(id) : idOfKey(key);
  } catch (cause) {
    throw new BizError(
      'BIZ_INPUT_INVALID',
      `${where}: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        cause,
      },
    );
  }
}

/** A single vector, or vectors by name. */
function readVectors(name: string, value: unknown[] | Record<string, unknown>): Vector | NamedVectors {
  if (Array.isArray(value) || ('indices' in value && 'values' in value)) return readVector(name, value);
  return Object.fromEntries(
    Object.entries(value).map(([vector, each]) => [vector, readVector(`${name}.${vector}`, each)]),
  );
}

function isSingle(vector: Vector | NamedVectors): vector is Vector {
  return Array.isArray(vector) || 'indices' in vector;
}

/** Listing the keys of a long vector would cost more than all other checks. */
function isEmpty(vector: Vector | NamedVectors): boolean {
  return Array.isArray(vector) ? vector.length === 0 : Object.keys(vector).length === 0;
}

function withText(
  embedding: number[],
  vector: Vector | NamedVectors,
  name: string | undefined,
): Vector | NamedVectors {
  if (name === undefined || name === '') return embedding;
  return isSingle(vector) ? vector : { ...vector, [name]: embedding };
}

/** Adds the words of the text; the unnamed vector then goes by an empty name. */
function withWords(
  vector: Vector | NamedVectors,
  text: string | undefined,
  { keywordVector, vectorName }: PointsOptions,
): Vector | NamedVectors {
  const words = keywordVector && text !== undefined ? documentVector(text) : undefined;
  if (!keywordVector || !words || words.indices.length === 0) return vector;
  const named = isSingle(vector) ? { [vectorName ?? '']: vector } : vector;
  return { ...named, [keywordVector]: words };
}

function invalid(message: string, hint?: string): BizError {
  return new BizError('BIZ_INPUT_INVALID', message, hint === undefined ? {} : { hint });
}
