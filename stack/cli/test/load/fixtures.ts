import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { hashOf, readTarball } from '../../src/load/tarball';

const folders: string[] = [];

export async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bizstack-load-'));
  folders.push(folder);
  return folder;
}

export async function removeFolders(): Promise<void> {
  await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true, force: true })));
}

/** A ustar archive with the given files, gzipped: what `npm pack` writes. */
export function tarball(files: Readonly<Record<string, string>>, mtime = 0): Buffer {
  const blocks = Object.entries(files).flatMap(([path, text]) => {
    const content = Buffer.from(text);
    const header = Buffer.alloc(512);
    header.write(path, 0, 100);
    header.write('0000644\0', 100);
    header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124);
    header.write(`${mtime.toString(8).padStart(11, '0')}\0`, 136);
    header.write('        ', 148);
    header.write('0', 156);
    header.write('ustar\0' + '00', 257);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    return [header, content, Buffer.alloc((512 - (content.length % 512)) % 512)];
  });
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}

export async function writePiece(folder: string, name: string, version: string, code = 'ok'): Promise<void> {
  await writePackage(folder, { name, version }, { 'package/src/index.js': `// ${code}` });
}

export async function writePlugin(folder: string, name: string, version: string): Promise<void> {
  await writePackage(
    folder,
    { name, version, nocobase: { supportedVersions: ['2.x'] } },
    {
      'package/dist/server/index.js': '',
    },
  );
}

export async function writePackage(
  folder: string,
  manifest: { name: string; version: string } & Record<string, unknown>,
  files: Record<string, string>,
): Promise<void> {
  const file = `${manifest.name.replace('@', '').replace('/', '-')}-${manifest.version}.tgz`;
  await writeFile(
    join(folder, file),
    tarball({ 'package/package.json': JSON.stringify(manifest), ...files }),
  );
}

export async function readTarballBytes(
  bytes: Buffer,
): Promise<{ name: string; version: string; hash: string }> {
  const folder = await newFolder();
  const file = join(folder, 'uploaded.tgz');
  await writeFile(file, bytes);
  const entries = await readTarball(file);
  const manifest =
    entries.find(({ path }) => path === 'package/package.json')?.content.toString('utf8') ?? '{}';
  const { name, version } = JSON.parse(manifest) as { name: string; version: string };
  return { name, version, hash: hashOf(entries) };
}

export interface FlowFixture {
  readonly displayName?: string;
  readonly text?: string;
  readonly stepValid?: boolean;
  readonly pieceVersion?: string;
  readonly pieceName?: string;
}

/** An exported template: webhook trigger of an official piece, then a step of one of ours. */
export function flowTemplate({
  displayName = 'Lead capture',
  text = 'hello',
  stepValid = true,
  pieceVersion = '0.1.0',
  pieceName = '@bizstack/piece-kafka',
}: FlowFixture = {}): unknown {
  return {
    name: displayName,
    type: 'SHARED',
    flows: [
      {
        displayName,
        schemaVersion: '20',
        valid: true,
        trigger: {
          name: 'trigger',
          type: 'PIECE_TRIGGER',
          valid: true,
          displayName: 'Catch webhook',
          lastUpdatedDate: '2026-01-01T00:00:00.000Z',
          settings: {
            pieceName: '@activepieces/piece-webhook',
            pieceVersion: '~0.1.29',
            triggerName: 'catch_webhook',
            input: {},
          },
          nextAction: {
            name: 'step_1',
            type: 'PIECE',
            valid: stepValid,
            displayName: 'Send',
            settings: {
              pieceName,
              pieceVersion,
              actionName: 'send_message',
              input: { auth: "{{connections['bizstack-kafka']}}", text },
            },
          },
        },
      },
    ],
  };
}

export const CONNECTIONS = [
  {
    externalId: 'bizstack-kafka',
    displayName: 'Kafka',
    pieceName: '@bizstack/piece-kafka',
    type: 'CUSTOM_AUTH',
    props: { brokers: '${KAFKA_BROKERS}', password: '${KAFKA_PASSWORD}' },
  },
];

/** A folder that a load can start from: packages, connections and one flow. */
export async function loadFolder(flow: FlowFixture = {}): Promise<{
  artifacts: string;
  connections: string;
  flow: string;
}> {
  const artifacts = await newFolder();
  await writePiece(artifacts, '@bizstack/piece-kafka', '0.1.0');
  await writePiece(artifacts, '@bizstack/piece-qdrant', '0.2.0');
  await writePackage(artifacts, { name: '@bizstack/contracts', version: '0.1.0' }, {});
  await writePlugin(artifacts, '@bizstack/plugin-crm', '0.1.0');
  const folder = await newFolder();
  const connections = join(folder, 'connections.json');
  await writeFile(connections, JSON.stringify(CONNECTIONS));
  const flowFile = join(folder, 'lead-capture.json');
  await writeFile(flowFile, JSON.stringify(flowTemplate(flow)));
  return { artifacts, connections, flow: flowFile };
}
