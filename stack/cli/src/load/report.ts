/** What happened to one thing. `planned` is only seen in a dry run. */
export type LoadAction = 'installed' | 'created' | 'updated' | 'enabled' | 'unchanged' | 'kept' | 'planned';

export interface LoadStep {
  readonly kind: 'account' | 'piece' | 'connection' | 'flow' | 'plugin';
  readonly name: string;
  readonly version?: string;
  readonly action: LoadAction;
  /** One sentence for a person. */
  readonly note?: string;
}

export interface LoadReport {
  readonly target: 'activepieces' | 'nocobase';
  readonly url: string;
  readonly serverVersion: string | undefined;
  readonly dryRun: boolean;
  readonly steps: readonly LoadStep[];
  /** How many steps changed something; a second run of the same load gives 0 for pieces, flows and plugins. */
  readonly changed: number;
  readonly notices: readonly string[];
}

/** Hears of a load as it goes on. */
export interface LoadListener {
  step(step: LoadStep): void;
  progress(message: string): void;
  notice(message: string): void;
}

export const SILENT: LoadListener = { step: () => {}, progress: () => {}, notice: () => {} };

/** Collects a report and passes everything on to a listener. */
export class ReportBuilder implements LoadListener {
  readonly #steps: LoadStep[] = [];
  readonly #notices: string[] = [];

  constructor(private readonly listener: LoadListener) {}

  step(step: LoadStep): void {
    this.#steps.push(step);
    this.listener.step(step);
  }

  progress(message: string): void {
    this.listener.progress(message);
  }

  notice(message: string): void {
    this.#notices.push(message);
    this.listener.notice(message);
  }

  build(facts: Pick<LoadReport, 'target' | 'url' | 'serverVersion' | 'dryRun'>): LoadReport {
    const unchanged: readonly LoadAction[] = ['unchanged', 'kept', 'planned'];
    return {
      ...facts,
      steps: this.#steps,
      changed: this.#steps.filter(({ action }) => !unchanged.includes(action)).length,
      notices: this.#notices,
    };
  }
}
