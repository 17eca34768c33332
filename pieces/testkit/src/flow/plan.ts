import type { Action, ContextVersion, Trigger } from '@activepieces/pieces-framework';
import type { Template } from '../expressions/template';
import type { PropertySchemas } from '../props/process';
import type { Branch, Condition } from './schema';

interface PlanStepBase {
  name: string;
  displayName: string;
  skip: boolean;
}

export interface ErrorHandling {
  continueOnFailure: boolean;
  retryOnFailure: boolean;
}

export interface PlannedPiece extends PlanStepBase {
  type: 'PIECE';
  pieceName: string;
  action: Action;
  contextVersion: ContextVersion | undefined;
  input: Template;
  propertySettings: PropertySchemas;
  onError: ErrorHandling;
}

export interface PlannedCode extends PlanStepBase {
  type: 'CODE';
  /** CommonJS. */
  code: string;
  input: Template;
  onError: ErrorHandling;
}

export interface PlannedLoop extends PlanStepBase {
  type: 'LOOP_ON_ITEMS';
  items: Template;
  body: PlannedStep[];
}

export interface PlannedCondition {
  first: Template;
  second: Template;
  caseSensitive: boolean;
  operator: Condition['operator'];
}

export interface PlannedBranch {
  name: string;
  type: Branch['branchType'];
  conditions: PlannedCondition[][];
  body: PlannedStep[];
}

export interface PlannedRouter extends PlanStepBase {
  type: 'ROUTER';
  firstMatchOnly: boolean;
  branches: PlannedBranch[];
}

export type PlannedStep = PlannedPiece | PlannedCode | PlannedLoop | PlannedRouter;

export interface PlannedTrigger {
  name: string;
  pieceName: string;
  trigger: Trigger;
  input: Template;
  propertySettings: PropertySchemas;
  /** Changes when the trigger has to be enabled anew. */
  fingerprint: string;
}

/** A flow that was checked and compiled: everything that can be done before the first run. */
export interface FlowPlan {
  /** Used in URLs. */
  id: string;
  displayName: string;
  file: string;
  /** Absent for a flow that is only started by hand. */
  trigger: PlannedTrigger | undefined;
  steps: PlannedStep[];
}
