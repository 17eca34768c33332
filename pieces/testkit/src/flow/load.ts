import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { InputPropertyMap } from '@activepieces/pieces-framework';
import { piecePropertySchema } from '../props/required';
import { z } from 'zod';
import { actionOf } from '../action';
import { FlowFileError, type BizErrorCode, BizError, codeOf, describeError, messageOf } from '../errors';
import { compileTemplate, inspectTemplate, isStepName, type Template } from '../expressions/template';
import { type LoadedPiece, versionFits } from '../piece/load';
import { definitionsOf, isPlainObject, parseJson } from '../values';
import { triggerOf } from '../trigger';
import { compileCode } from './code-pool';
import type { FlowPlan, PlannedBranch, PlannedStep, PlannedTrigger } from './plan';
import {
  FLOW_SCHEMA_VERSION,
  type FlowDefinition,
  flowSchema,
  type FlowStep,
  type PieceTriggerStep,
  type RouterStep,
  STEP_TYPES,
} from './schema';

export interface LoadFlowOptions {
  pieces: ReadonlyMap<string, LoadedPiece>;
  /** External ids that exist. */
  connections: ReadonlySet<string>;
  /** Told about what production shows as an empty value: expressions that do not compile. */
  warn?: (message: string) => void;
}

/**
 * Reads an exported template, or one flow of it, and checks everything that can be checked before a run.
 * @throws FlowFileError, codes `BIZ_FLOW_…`, naming the file, the step and what to do.
 */
export function loadFlows(file: string, options: LoadFlowOptions): FlowPlan[] {
  const flows = readFlows(file);
  return flows.map((flow, index) => planFlow(file, flow, index, flows.length, options));
}

function readFlows(file: string): unknown[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new FlowFileError('BIZ_FLOW_FILE', file, undefined, 'The file cannot be read.', { cause });
  }
  const json = parseJson(text);
  if (!isPlainObject(json)) {
    throw new FlowFileError('BIZ_FLOW_FILE', file, undefined, 'The file holds no JSON object.', {
      hint: 'Export the flow in Activepieces (… → Export).',
    });
  }
  const flows = Array.isArray(json['flows']) ? json['flows'] : 'trigger' in json ? [json] : [];
  if (flows.length === 0) {
    throw new FlowFileError('BIZ_FLOW_FILE', file, undefined, 'The file holds no flow.', {
      hint: 'It must have `flows`, as an exported template does, or be one flow with `trigger`.',
    });
  }
  return flows;
}

function planFlow(
  file: string,
  raw: unknown,
  index: number,
  count: number,
  options: LoadFlowOptions,
): FlowPlan {
  const version = isPlainObject(raw) ? raw['schemaVersion'] : undefined;
  if (version !== FLOW_SCHEMA_VERSION) {
    throw new FlowFileError(
      'BIZ_FLOW_SCHEMA_VERSION',
      file,
      undefined,
      `schemaVersion is ${JSON.stringify(version) ?? 'missing'}; this runner reads "${FLOW_SCHEMA_VERSION}".`,
      { hint: 'Import the flow into Activepieces 0.83 and export it again.' },
    );
  }
  checkStepTypes(file, raw);
  const parsed = flowSchema.safeParse(raw);
  if (!parsed.success) {
    throw new FlowFileError(
      'BIZ_FLOW_INVALID',
      file,
      stepAt(raw, parsed.error),
      z.prettifyError(parsed.error),
      {
        hint: 'Export the flow again, or correct the fields named here.',
        cause: parsed.error,
      },
    );
  }
  return new Planner(file, options).plan(parsed.data, count > 1 ? `${stem(file)}-${index + 1}` : stem(file));
}

/** `flow.json` says nothing; the folder does, when the flow has no usable name. */
function stem(file: string): string {
  return basename(file).replace(/\.json$/i, '');
}

export function slug(text: string): string {
  return text
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 60);
}

/** Unknown step types are named before the schema speaks, which would list every alternative. */
function checkStepTypes(file: string, value: unknown): void {
  if (Array.isArray(value)) {
    for (const item of value) checkStepTypes(file, item);
    return;
  }
  if (!isPlainObject(value)) return;
  const { name, type } = value;
  const isStep =
    typeof name === 'string' && typeof type === 'string' && ('settings' in value || 'nextAction' in value);
  if (isStep && type !== 'PIECE_TRIGGER' && type !== 'EMPTY' && !STEP_TYPES.some((known) => known === type)) {
    throw new FlowFileError('BIZ_FLOW_STEP_TYPE', file, name, `The step type ${type} is unknown.`, {
      hint: `Known: ${STEP_TYPES.join(', ')}.`,
    });
  }
  for (const key of ['trigger', 'nextAction', 'firstLoopAction', 'children'])
    checkStepTypes(file, value[key]);
}

/** Name of the innermost step on the path of the first problem. */
function stepAt(raw: unknown, error: z.ZodError): string | undefined {
  let current = raw;
  let name: string | undefined;
  for (const key of error.issues[0]?.path ?? []) {
    if (typeof current !== 'object' || current === null) break;
    current = Reflect.get(current, key);
    if (isPlainObject(current) && typeof current['name'] === 'string') name = current['name'];
  }
  return name;
}

class Planner {
  /** Every step name of the flow, in the order of the file. */
  private readonly names = new Set<string>();
  private readonly templates: Array<{ step: string; template: Template }> = [];

  constructor(
    private readonly file: string,
    private readonly options: LoadFlowOptions,
  ) {}

  plan(flow: FlowDefinition, fallbackId: string): FlowPlan {
    this.addName(flow.trigger.name);
    if (!flow.trigger.valid)
      throw this.error(
        'BIZ_FLOW_STEP_INVALID',
        flow.trigger.name,
        'The trigger is marked invalid.',
        COMPLETE_IT,
      );
    const trigger = flow.trigger.type === 'PIECE_TRIGGER' ? this.trigger(flow.trigger) : undefined;
    const steps = this.sequence(flow.trigger.nextAction);
    for (const { step, template } of this.templates) this.checkReferences(step, template);
    return {
      id: slug(flow.displayName) || slug(fallbackId) || 'flow',
      displayName: flow.displayName,
      file: this.file,
      trigger,
      steps,
    };
  }

  private trigger(step: PieceTriggerStep): PlannedTrigger {
    const { pieceName, pieceVersion, triggerName, input, propertySettings } = step.settings;
    const { piece } = this.piece(step.name, pieceName, pieceVersion);
    const trigger = this.inStep(step.name, () => triggerOf(piece, triggerName));
    this.checkRequired(
      step.name,
      input,
      definitionsOf(trigger),
      piece.auth !== undefined && trigger.requireAuth,
    );
    return {
      name: step.name,
      pieceName,
      trigger,
      input: this.template(step.name, input),
      propertySettings,
      fingerprint: createHash('sha256')
        .update(JSON.stringify([pieceName, triggerName, input]))
        .digest('hex'),
    };
  }

  private sequence(first: FlowStep | null | undefined): PlannedStep[] {
    const steps: PlannedStep[] = [];
    for (let step = first ?? undefined; step !== undefined; step = step.nextAction)
      steps.push(this.step(step));
    return steps;
  }

  private step(step: FlowStep): PlannedStep {
    this.addName(step.name);
    const base = { name: step.name, displayName: step.displayName, skip: step.skip };
    if (!step.valid && !step.skip)
      throw this.error('BIZ_FLOW_STEP_INVALID', step.name, 'The step is marked invalid.', COMPLETE_IT);
    switch (step.type) {
      case 'PIECE': {
        const { pieceName, pieceVersion, actionName, input, propertySettings } = step.settings;
        const { piece } = this.piece(step.name, pieceName, pieceVersion);
        const action = this.inStep(step.name, () => actionOf(piece, actionName));
        if (!step.skip)
          this.checkRequired(
            step.name,
            input,
            definitionsOf(action),
            piece.auth !== undefined && action.requireAuth,
          );
        return {
          ...base,
          type: 'PIECE',
          pieceName,
          action,
          contextVersion: piece.getContextInfo?.().version,
          input: this.template(step.name, input),
          propertySettings,
          onError: errorHandling(step.settings.errorHandlingOptions),
        };
      }
      case 'CODE': {
        const { sourceCode, input } = step.settings;
        this.checkDependencies(step.name, sourceCode.packageJson);
        return {
          ...base,
          type: 'CODE',
          code: this.inStep(step.name, () => compileCode(sourceCode.code)),
          input: this.template(step.name, input),
          onError: errorHandling(step.settings.errorHandlingOptions),
        };
      }
      case 'LOOP_ON_ITEMS':
        return {
          ...base,
          type: 'LOOP_ON_ITEMS',
          items: this.template(step.name, step.settings.items),
          body: this.sequence(step.firstLoopAction),
        };
      case 'ROUTER':
        return {
          ...base,
          type: 'ROUTER',
          firstMatchOnly: step.settings.executionType === 'EXECUTE_FIRST_MATCH',
          branches: this.branches(step),
        };
    }
  }

  private branches(step: RouterStep): PlannedBranch[] {
    const { branches } = step.settings;
    if (branches.length !== step.children.length) {
      throw this.error(
        'BIZ_FLOW_ROUTER',
        step.name,
        `The router has ${branches.length} branches and ${step.children.length} children.`,
        'Give every branch one child (null for an empty branch).',
      );
    }
    return branches.map((branch, index) => ({
      name: branch.branchName,
      type: branch.branchType,
      conditions:
        branch.branchType === 'FALLBACK'
          ? []
          : branch.conditions.map((group) =>
              group.map((condition) => ({
                first: this.template(step.name, condition.firstValue),
                second: this.template(step.name, condition.secondValue),
                caseSensitive: condition.caseSensitive ?? false,
                operator: condition.operator,
              })),
            ),
      body: this.sequence(step.children[index]),
    }));
  }

  private piece(step: string, name: string, version: string): LoadedPiece {
    const found = this.options.pieces.get(name);
    if (found === undefined) {
      throw this.error(
        'BIZ_FLOW_PIECE_MISSING',
        step,
        `The piece ${name} is not loaded.`,
        `Put it into the folder given with --pieces. Loaded: ${[...this.options.pieces.keys()].join(', ') || 'none'}.`,
      );
    }
    if (!versionFits(version, found.version)) {
      throw this.error(
        'BIZ_FLOW_PIECE_VERSION',
        step,
        `The flow asks for ${name} ${version}; ${found.version} is loaded.`,
        'Bundle that version, or set pieceVersion in the flow.',
      );
    }
    return found;
  }

  private template(step: string, value: unknown): Template {
    const template = compileTemplate(value);
    this.templates.push({ step, template });
    return template;
  }

  private checkReferences(step: string, template: Template): void {
    const { names, connections, broken } = inspectTemplate(template);
    const unknown = names.find((name) => isStepName(name) && !this.names.has(name));
    if (unknown !== undefined) {
      throw this.error(
        'BIZ_FLOW_STEP_UNKNOWN',
        step,
        `It reads {{${unknown}}}, which is no step of this flow.`,
        `Steps: ${[...this.names].join(', ')}.`,
      );
    }
    const missing = connections.find((id) => !this.options.connections.has(id));
    if (missing !== undefined) {
      throw this.error(
        'BIZ_FLOW_CONNECTION_MISSING',
        step,
        `There is no connection "${missing}".`,
        'Add it to the connections file.',
      );
    }
    for (const { source, reason } of broken) {
      this.options.warn?.(
        `${this.file}, step "${step}": {{${source}}} is no JavaScript expression (${reason}); its value is an empty text.`,
      );
    }
  }

  private checkRequired(
    step: string,
    input: Record<string, unknown>,
    props: InputPropertyMap,
    needsAuth: boolean,
  ): void {
    const problems = piecePropertySchema(props, needsAuth).safeParse(input);
    if (!problems.success) {
      throw this.error(
        'BIZ_FLOW_PROPS_INVALID',
        step,
        z.prettifyError(problems.error),
        'Fill in the props named here.',
      );
    }
  }

  private checkDependencies(step: string, packageJson: string): void {
    const parsed = parseJson(packageJson);
    const dependencies =
      isPlainObject(parsed) && isPlainObject(parsed['dependencies'])
        ? Object.keys(parsed['dependencies'])
        : [];
    if (dependencies.length > 0) {
      throw this.error(
        'BIZ_FLOW_CODE_DEPENDENCIES',
        step,
        `The code needs ${dependencies.join(', ')}; this runner gives code no packages.`,
        'Use an action of a piece, or run the flow on Activepieces.',
      );
    }
  }

  private addName(name: string): void {
    if (this.names.has(name))
      throw this.error('BIZ_FLOW_STEP_DUPLICATE', name, 'Two steps have this name.', 'Rename one of them.');
    this.names.add(name);
  }

  private inStep<T>(step: string, work: () => T): T {
    try {
      return work();
    } catch (cause) {
      const code = codeOf(cause)
        ?.replace('BIZ_PIECE_ACTION', 'BIZ_FLOW_ACTION')
        .replace('BIZ_PIECE_TRIGGER', 'BIZ_FLOW_TRIGGER');
      throw new FlowFileError(
        isBizCode(code) ? code : 'BIZ_FLOW_INVALID',
        this.file,
        step,
        cause instanceof BizError ? messageOf(cause) : describeError(cause),
        { cause },
      );
    }
  }

  private error(code: BizErrorCode, step: string, message: string, hint: string): FlowFileError {
    return new FlowFileError(code, this.file, step, message, { hint });
  }
}

const COMPLETE_IT = 'Complete it in the builder and export the flow again.';

function isBizCode(code: string | undefined): code is BizErrorCode {
  return code?.startsWith('BIZ_') ?? false;
}

function errorHandling(
  options:
    | {
        continueOnFailure?: { value?: boolean | undefined } | undefined;
        retryOnFailure?: { value?: boolean | undefined } | undefined;
      }
    | undefined,
) {
  return {
    continueOnFailure: options?.continueOnFailure?.value ?? false,
    retryOnFailure: options?.retryOnFailure?.value ?? false,
  };
}
