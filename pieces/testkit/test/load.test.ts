import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { FlowFileError } from '../src/errors';
import { loadFlows } from '../src/flow/load';
import { type LoadedPiece, loadPieces, versionFits } from '../src/piece/load';
import { webhookPiece } from '../src/piece/webhook';
import { loadConnections } from '../src/runner/connections';
import { scratch } from './fixtures/bundled';
import { demo } from './fixtures/demo-piece';
import { code, demoTrigger, loop, MANUAL, piece, router, template, webhookTrigger } from './fixtures/flows';
import { flowFile } from './fixtures/running';
import { anyString, matching, notContaining, withCode } from './fixtures/matchers';

jest.setTimeout(60_000);

const pieces = new Map<string, LoadedPiece>([
  ['@acme/piece-demo', { name: '@acme/piece-demo', version: '0.2.0', directory: '', piece: demo }],
  [
    '@activepieces/piece-webhook',
    { name: '@activepieces/piece-webhook', version: '*', directory: '', piece: webhookPiece },
  ],
]);

function load(flow: unknown, warn?: (message: string) => void) {
  return loadFlows(flowFile(flow), { pieces, connections: new Set(['demo-conn']), warn });
}

function failure(flow: unknown): { code: string; step: string | undefined; message: string } {
  try {
    load(flow);
  } catch (error) {
    if (error instanceof FlowFileError) return { code: error.code, step: error.step, message: error.message };
    throw error;
  }
  throw new Error('the flow was accepted');
}

const flow = (...steps: Parameters<typeof template>[2]) => template('Checked', MANUAL, steps);
const branch = (body: Parameters<typeof template>[2]) => ({
  name: 'b',
  conditions: [[{ firstValue: '1', operator: 'EXISTS' }]],
  body,
});

describe('loading a flow', () => {
  it('takes a template and a single flow, and names each by its displayName', () => {
    const exported = template('Größe & Co', webhookTrigger(), [
      piece('step_1', 'make_file', { content: 'x' }),
    ]);
    expect(load(exported)).toMatchObject(
      [{ id: 'grosse-co', trigger: { trigger: { name: 'catch_webhook' } }, steps: [{ name: 'step_1' }] }].map(
        (plan) => ({ ...plan, id: anyString }),
      ),
    );
    expect(load(exported.flows[0])).toHaveLength(1);
  });

  it.each<[string, string | undefined, unknown, RegExp]>([
    ['BIZ_FLOW_FILE', undefined, [], /no JSON object/],
    ['BIZ_FLOW_FILE', undefined, { flows: [] }, /no flow/],
    ['BIZ_FLOW_SCHEMA_VERSION', undefined, template('Old', MANUAL, [], '7'), /"7".*"20".*Activepieces 0\.83/],
    ['BIZ_FLOW_SCHEMA_VERSION', undefined, { trigger: {} }, /missing/],
    [
      'BIZ_FLOW_STEP_TYPE',
      'step_2',
      flow(code('step_1', 'export const code = () => 1'), { ...code('step_2', ''), type: 'BRANCH' }),
      /BRANCH.*Known: CODE, PIECE/,
    ],
    [
      'BIZ_FLOW_STEP_TYPE',
      'step_3',
      flow(
        router('step_1', [branch([loop('step_2', '{{[]}}', [{ name: 'step_3', type: 'X', settings: {} }])])]),
      ),
      /X/,
    ],
    [
      'BIZ_FLOW_INVALID',
      'step_1',
      flow({
        ...piece('step_1', 'echo', {}),
        settings: { pieceName: '@acme/piece-demo', pieceVersion: '0.2.0' },
      }),
      /actionName/,
    ],
    [
      'BIZ_FLOW_INVALID',
      'step_1',
      flow(
        router('step_1', [{ name: 'b', conditions: [[{ firstValue: '1', operator: 'NOPE' }]], body: [] }]),
      ),
      /operator/,
    ],
    [
      'BIZ_FLOW_PIECE_MISSING',
      'step_1',
      flow(piece('step_1', 'x', {}, {}, { pieceName: '@acme/piece-gone' })),
      /@acme\/piece-gone is not loaded.*--pieces.*Loaded: @acme\/piece-demo/,
    ],
    [
      'BIZ_FLOW_PIECE_VERSION',
      'step_1',
      flow(piece('step_1', 'make_file', { content: 'x' }, {}, { pieceVersion: '0.3.0' })),
      /asks for @acme\/piece-demo 0\.3\.0; 0\.2\.0 is loaded/,
    ],
    ['BIZ_FLOW_ACTION_MISSING', 'step_1', flow(piece('step_1', 'gone', {})), /no action "gone".*echo/],
    [
      'BIZ_FLOW_TRIGGER_MISSING',
      'trigger',
      template('T', demoTrigger('gone'), []),
      /no trigger "gone".*new_line/,
    ],
    [
      'BIZ_FLOW_PROPS_INVALID',
      'step_1',
      flow(piece('step_1', 'make_file', { content: '' })),
      /is required.*content/s,
    ],
    ['BIZ_FLOW_PROPS_INVALID', 'step_1', flow(piece('step_1', 'echo', { text: 'x' })), /auth/],
    ['BIZ_FLOW_PROPS_INVALID', 'trigger', template('T', demoTrigger('new_line'), []), /source/],
    [
      'BIZ_FLOW_STEP_INVALID',
      'step_1',
      flow({ ...piece('step_1', 'make_file', { content: 'x' }), valid: false }),
      /Complete it in the builder/,
    ],
    [
      'BIZ_FLOW_STEP_DUPLICATE',
      'step_1',
      flow(code('step_1', 'export const code = () => 1'), code('step_1', 'export const code = () => 1')),
      /Two steps/,
    ],
    [
      'BIZ_FLOW_STEP_UNKNOWN',
      'step_1',
      flow(piece('step_1', 'make_file', { content: "{{step_7['x']}}" })),
      /\{\{step_7\}\}, which is no step.*trigger, step_1/,
    ],
    ['BIZ_FLOW_STEP_UNKNOWN', 'step_1', flow(loop('step_1', '{{step_9.list.map((x) => x)}}', [])), /step_9/],
    [
      'BIZ_FLOW_CONNECTION_MISSING',
      'step_1',
      flow(piece('step_1', 'echo', { auth: "{{connections['gone']}}", text: 'x' })),
      /no connection "gone"/,
    ],
    [
      'BIZ_FLOW_ROUTER',
      'step_1',
      flow({ ...router('step_1', [branch([])]), children: [] }),
      /1 branches and 0 children/,
    ],
    ['BIZ_FLOW_CODE_SYNTAX', 'step_1', flow(code('step_1', 'export const code = (')), /does not compile/],
    [
      'BIZ_FLOW_CODE_DEPENDENCIES',
      'step_1',
      flow({
        ...code('step_1', ''),
        settings: { sourceCode: { code: '', packageJson: '{"dependencies":{"left-pad":"1"}}' }, input: {} },
      }),
      /left-pad/,
    ],
  ])('refuses with %s at %s', (codeName, step, value, message) => {
    const found = failure(value);
    expect([found.code, found.step]).toEqual([codeName, step]);
    expect(found.message).toMatch(message);
    expect(found.message).toContain('flow.json');
  });

  it('warns of an expression that is no JavaScript, which production shows as an empty text', () => {
    const warnings: string[] = [];
    load(flow(piece('step_1', 'make_file', { content: 'a{{1 +}}' })), (message) => warnings.push(message));
    expect(warnings).toEqual([matching(/step "step_1": \{\{1 \+\}\} is no JavaScript expression/)]);
  });

  it('does not ask for the props of a step that is switched off', () => {
    expect(load(flow({ ...piece('step_1', 'make_file', {}), skip: true }))).toHaveLength(1);
  });

  it('refuses a file that is not there', () => {
    expect(() => loadFlows('/nowhere/flow.json', { pieces, connections: new Set() })).toThrow(
      /\/nowhere\/flow\.json: The file cannot be read/,
    );
  });
});

describe('piece versions', () => {
  it.each([
    ['0.2.0', '0.2.0', true],
    ['0.2.0', '0.2.1', false],
    ['~0.2.0', '0.2.5', true],
    ['~0.2.3', '0.2.1', false],
    ['~0.2.0', '0.3.0', false],
    ['^1.2.0', '1.9.0', true],
    ['^1.2.0', '2.0.0', false],
    ['^0.2.0', '0.3.0', false],
    ['9.9.9', '*', true],
  ])('%s is served by %s: %s', (wanted, loaded, fits) => {
    expect(versionFits(wanted, loaded)).toBe(fits);
  });

  it('says where pieces were looked for', async () => {
    await expect(loadPieces(['/nowhere'], scratch('cache'))).rejects.toMatchObject({
      code: 'BIZ_PIECE_NOT_FOUND',
    });
    const file = join(scratch('bad'), 'piece.tgz');
    writeFileSync(file, 'no tarball');
    await expect(loadPieces([file], scratch('cache'))).rejects.toMatchObject({ code: 'BIZ_PIECE_TARBALL' });
  });
});

describe('connections', () => {
  const file = (content: string): string => {
    const path = join(scratch('connections'), 'connections.json');
    writeFileSync(path, content);
    return path;
  };

  it('fills placeholders from the environment and knows which values are secret', () => {
    const connections = loadConnections(
      file(
        '[{"externalId":"a","type":"CUSTOM_AUTH","props":{"url":"${A_URL}/x","apiKey":"${A_KEY}"}},{"externalId":"b","type":"SECRET_TEXT","secret_text":"s3cret"}]',
      ),
      { A_URL: 'http://a', A_KEY: 'key-1' },
    );
    expect(connections.get('a')).toEqual({
      type: 'CUSTOM_AUTH',
      props: { url: 'http://a/x', apiKey: 'key-1' },
    });
    expect(connections.secrets.flat()).toEqual(['key-1', 's3cret']);
    expect(connections.get('c')).toBeUndefined();
  });

  it.each([
    ['{', 'BIZ_CONNECTIONS_INVALID'],
    ['[{"externalId":"a","type":"NOPE"}]', 'BIZ_CONNECTIONS_INVALID'],
    ['[{"externalId":"a","type":"SECRET_TEXT","secret_text":"${NOT_THERE}"}]', 'BIZ_CONNECTIONS_PLACEHOLDER'],
  ])('refuses %s', (content, codeName) => {
    expect(() => loadConnections(file(content), {})).toThrow(withCode(codeName));
  });

  it('does not quote a broken file, which holds secrets', () => {
    expect(() => loadConnections(file('[{"secret_text":"hunter2"'), {})).toThrow(
      expect.objectContaining({ message: notContaining('hunter2') }) as Error,
    );
  });
});
