import type { ContentPorts } from '@bizstack/agents/agents';
import { jsonObjectSchema, parseInput, parseJsonProp } from '@bizstack/piece-common';
import { z } from 'zod';
import { keywordsSchema, performanceSchema, publishedSchema, questionsSchema } from '../content-props';
import { createdSchema, type Writer, writerTo } from '../writer';

/** Props of the step, as the engine gives them. */
export interface ContentValues {
  variants?: unknown;
  keywords?: unknown;
  brandVoice?: unknown;
  published?: unknown;
  performance?: unknown;
  questions?: unknown;
  writeUrl?: string | undefined;
}

/** Reads the props at once. @throws BizError `BIZ_INPUT_INVALID` */
export function contentMember(values: ContentValues) {
  const ports = portsOf(
    {
      published: parseJsonProp('Published Items', values.published ?? [], publishedSchema),
      performance: parseJsonProp('Performance', values.performance ?? [], performanceSchema),
      questions: parseJsonProp('Questions', values.questions ?? [], questionsSchema),
    },
    writerTo(values.writeUrl),
  );
  const keywords = parseInput('Keywords', values.keywords ?? [], keywordsSchema);
  const variants = parseInput('Variants', values.variants ?? 1, z.number().int().min(1).max(5));
  const voice = parseJsonProp('Brand Voice', values.brandVoice ?? {}, jsonObjectSchema.nullish()) ?? {};
  return async () => {
    const { brandVoiceSchema, contentAgent } = await import('@bizstack/agents/agents');
    const given = Object.keys(voice).length > 0;
    return contentAgent({
      ports,
      settings: {
        keywords,
        variants,
        ...(given ? { voice: parseInput('Brand Voice', voice, brandVoiceSchema) } : {}),
      },
    });
  };
}

interface Known {
  published: z.output<typeof publishedSchema>;
  performance: z.output<typeof performanceSchema>;
  questions: z.output<typeof questionsSchema>;
}

function portsOf({ published, performance, questions }: Known, write: Writer | undefined): ContentPorts {
  return {
    published: async (query, { limit }) => {
      const { similarity } = await import('@bizstack/agents/agents');
      return published
        .map((item) => ({ item, likeness: similarity(query, `${item.title} ${item.text}`, 1) }))
        .sort((left, right) => right.likeness - left.likeness)
        .slice(0, limit)
        .map(({ item }) => item);
    },
    performance: async () => performance,
    questions: async () => questions,
    ...(write
      ? {
          saveDraft: (draft, options) =>
            write('save_draft', draft, createdSchema(options.idempotencyKey), options),
        }
      : {}),
  };
}
