import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pieceSource, scratch } from './fixtures/bundled';
import { buildPackage, runCli } from './fixtures/child';
import { MANUAL, piece, template } from './fixtures/flows';
import { BAD, GOOD } from './fixtures/lint-pieces';
import { flowFile } from './fixtures/running';

jest.setTimeout(180_000);

let source: string;

beforeAll(() => {
  buildPackage();
  source = pieceSource('@acme/piece-good', '1.0.0', GOOD);
});

describe('bizstack-piece', () => {
  it('bundles, lints and tries a piece', () => {
    const out = scratch('out');
    expect(runCli(['bundle', source, '--out', out])).toMatchObject({ status: 0 });
    const tarball = join(out, 'acme-piece-good-1.0.0.tgz');
    expect(existsSync(tarball)).toBe(true);
    expect(runCli(['lint', tarball, '--skip', 'i18n'])).toMatchObject({ status: 0 });
    const tried = runCli(['run', tarball, 'send_message', '--props', '{"topic":"orders"}']);
    expect(JSON.parse(tried.stdout)).toMatchObject({ output: { ok: true } });
  });

  it('ends with 1 when a rule is broken, and tells which', () => {
    const bad = runCli(['lint', pieceSource('@acme/piece-bad', '1.0.0', BAD), '--json']);
    expect(bad.status).toBe(1);
    expect(bad.stdout).toContain('"rule": "secret-text"');
  });

  it('prints the texts that are translated', () => {
    const { stdout } = runCli(['strings', source]);
    expect(JSON.parse(stdout)).toMatchObject({ 'Send message': 'Send message', 'Client key': 'Client key' });
  });

  it('uses a connection by its id and says when there is none', () => {
    const file = join(scratch('connections'), 'connections.json');
    writeFileSync(file, '[{"externalId":"a","type":"CUSTOM_AUTH","props":{"url":"x"}}]');
    const run = (id: string) =>
      runCli([
        'run',
        source,
        'send_message',
        '--props',
        '{"topic":"t"}',
        '--connections',
        file,
        '--connection',
        id,
      ]);
    expect(run('a').status).toBe(0);
    expect(run('b')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('There is no connection "b"') as unknown,
    });
  });

  it('refuses a flow before anything runs, with code, file, step and remedy on standard error', () => {
    const flow = flowFile(
      template('Broken', MANUAL, [piece('step_1', 'send', {}, {}, { pieceName: '@acme/gone' })]),
    );
    const state = scratch('state');
    const { status, stderr } = runCli([
      'run-flows',
      '--flow',
      flow,
      '--pieces',
      scratch('pieces'),
      '--state',
      state,
    ]);
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /^BIZ_FLOW_PIECE_MISSING: .*flow\.json, step "step_1": The piece @acme\/gone is not loaded\. Put it/,
    );
    expect(existsSync(join(state, 'journal'))).toBe(false);
  });

  it('says its version', () => {
    const manifest = JSON.parse(readFileSync(join(__dirname, '..', 'package.json'), 'utf8')) as {
      version: string;
    };
    expect(runCli(['--version']).stdout.trim()).toBe(manifest.version);
  });
});
