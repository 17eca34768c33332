import { BranchOperator } from '@activepieces/shared';
import { z } from 'zod';

/** The template version that the runner knows. */
export const FLOW_SCHEMA_VERSION = '20';

const stepBase = {
  name: z.string().min(1).max(100),
  displayName: z.string().default(''),
  valid: z.boolean().default(true),
  skip: z.boolean().default(false),
};

const inputSchema = z.record(z.string(), z.unknown()).default({});
const flag = z.looseObject({ value: z.boolean().optional() }).optional();
const errorHandling = z.looseObject({ continueOnFailure: flag, retryOnFailure: flag }).optional();
const propertySettings = z
  .record(z.string(), z.looseObject({ type: z.string().optional(), schema: z.unknown().optional() }))
  .default({});

const conditionSchema = z.looseObject({
  firstValue: z.unknown().optional(),
  secondValue: z.unknown().optional(),
  caseSensitive: z.boolean().optional(),
  operator: z.enum(BranchOperator),
});

const branchSchema = z.discriminatedUnion('branchType', [
  z.looseObject({
    branchType: z.literal('CONDITION'),
    branchName: z.string().default(''),
    conditions: z.array(z.array(conditionSchema)),
  }),
  z.looseObject({ branchType: z.literal('FALLBACK'), branchName: z.string().default('') }),
]);

const codeSettings = z.looseObject({
  sourceCode: z.looseObject({ code: z.string(), packageJson: z.string().default('{}') }),
  input: inputSchema,
  errorHandlingOptions: errorHandling,
});

const pieceSettings = z.looseObject({
  pieceName: z.string().min(1),
  pieceVersion: z.string().min(1),
  actionName: z.string().min(1),
  input: inputSchema,
  propertySettings,
  errorHandlingOptions: errorHandling,
});

const loopSettings = z.looseObject({ items: z.unknown() });

const routerSettings = z.looseObject({
  executionType: z.enum(['EXECUTE_FIRST_MATCH', 'EXECUTE_ALL_MATCH']),
  branches: z.array(branchSchema),
});

interface StepBase {
  name: string;
  displayName: string;
  valid: boolean;
  skip: boolean;
  nextAction?: FlowStep | undefined;
}

export interface CodeStep extends StepBase {
  type: 'CODE';
  settings: z.infer<typeof codeSettings>;
}

export interface PieceStep extends StepBase {
  type: 'PIECE';
  settings: z.infer<typeof pieceSettings>;
}

export interface LoopStep extends StepBase {
  type: 'LOOP_ON_ITEMS';
  settings: z.infer<typeof loopSettings>;
  firstLoopAction?: FlowStep | undefined;
}

export interface RouterStep extends StepBase {
  type: 'ROUTER';
  settings: z.infer<typeof routerSettings>;
  children: Array<FlowStep | null>;
}

export type FlowStep = CodeStep | PieceStep | LoopStep | RouterStep;
export type Branch = z.infer<typeof branchSchema>;
export type Condition = z.infer<typeof conditionSchema>;

export const stepSchema: z.ZodType<FlowStep> = z.lazy(() => {
  const nextAction = stepSchema.optional();
  return z.discriminatedUnion('type', [
    z.looseObject({ ...stepBase, type: z.literal('CODE'), settings: codeSettings, nextAction }),
    z.looseObject({ ...stepBase, type: z.literal('PIECE'), settings: pieceSettings, nextAction }),
    z.looseObject({
      ...stepBase,
      type: z.literal('LOOP_ON_ITEMS'),
      settings: loopSettings,
      firstLoopAction: stepSchema.optional(),
      nextAction,
    }),
    z.looseObject({
      ...stepBase,
      type: z.literal('ROUTER'),
      settings: routerSettings,
      children: z.array(stepSchema.nullable()),
      nextAction,
    }),
  ]);
});

export const STEP_TYPES = ['CODE', 'PIECE', 'LOOP_ON_ITEMS', 'ROUTER'] as const;

const pieceTrigger = z.looseObject({
  ...stepBase,
  type: z.literal('PIECE_TRIGGER'),
  settings: z.looseObject({
    pieceName: z.string().min(1),
    pieceVersion: z.string().min(1),
    triggerName: z.string().min(1),
    input: inputSchema,
    propertySettings,
  }),
  nextAction: stepSchema.optional(),
});

const emptyTrigger = z.looseObject({
  ...stepBase,
  type: z.literal('EMPTY'),
  nextAction: stepSchema.optional(),
});

export const flowSchema = z.looseObject({
  displayName: z.string().min(1),
  trigger: z.discriminatedUnion('type', [pieceTrigger, emptyTrigger]),
});

export type FlowDefinition = z.infer<typeof flowSchema>;
export type FlowTriggerStep = FlowDefinition['trigger'];
export type PieceTriggerStep = z.infer<typeof pieceTrigger>;
