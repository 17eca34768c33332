/**
 * A worker in a process of its own: `node worker.cjs <address> <task queue> [codec key, hex]`.
 * Prints "ready" when it polls; SIGTERM ends it. Its payload codec is written with Web Crypto and shares
 * no code with the piece.
 */
const { createHash } = require('node:crypto');
const { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { ApplicationFailure } = require('@temporalio/common');
const { temporal } = require('@temporalio/proto');
const {
  bundleWorkflowCode,
  DefaultLogger,
  NativeConnection,
  Runtime,
  Worker,
} = require('@temporalio/worker');

const [address, taskQueue, keyHex] = process.argv.slice(2);
const { Payload } = temporal.api.common.v1;
Runtime.install({ logger: new DefaultLogger('ERROR') });

async function workflowBundle() {
  const workflowsPath = join(__dirname, 'workflows.ts');
  const hash = createHash('sha256').update(readFileSync(workflowsPath)).digest('hex').slice(0, 16);
  const folder = join(tmpdir(), 'bizstack-test-workflows');
  const codePath = join(folder, `${hash}.js`);
  if (!existsSync(codePath)) {
    const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${codePath}.${process.pid}`, code);
    renameSync(`${codePath}.${process.pid}`, codePath);
  }
  return { codePath };
}

function codec(key) {
  return {
    encode: (payloads) =>
      Promise.all(
        payloads.map(async (payload) => {
          const iv = crypto.getRandomValues(new Uint8Array(12));
          const sealed = await crypto.subtle.encrypt(
            { name: 'AES-GCM', iv },
            key,
            Payload.encode(payload).finish(),
          );
          return {
            metadata: { encoding: Buffer.from('binary/encrypted'), 'encryption-key-id': Buffer.from('test') },
            data: Buffer.concat([iv, Buffer.from(sealed)]),
          };
        }),
      ),
    decode: (payloads) =>
      Promise.all(
        payloads.map(async (payload) => {
          if (Buffer.from(payload.metadata?.encoding ?? []).toString() !== 'binary/encrypted') {
            throw new Error('a payload is not encrypted');
          }
          const iv = payload.data.subarray(0, 12);
          const plain = await crypto.subtle.decrypt({ name: 'AES-GCM', iv }, key, payload.data.subarray(12));
          return Payload.decode(new Uint8Array(plain));
        }),
      ),
  };
}

async function main() {
  const key =
    keyHex &&
    (await crypto.subtle.importKey('raw', Buffer.from(keyHex, 'hex'), 'AES-GCM', false, [
      'encrypt',
      'decrypt',
    ]));
  const connection = await NativeConnection.connect({ address });
  const worker = await Worker.create({
    connection,
    taskQueue,
    workflowBundle: await workflowBundle(),
    activities: {
      charge: async (amount) => {
        if (amount > 0) return `charged ${amount}`;
        throw ApplicationFailure.create({
          message: 'card declined',
          type: 'PaymentError',
          details: [{ amount }],
        });
      },
    },
    ...(key ? { dataConverter: { payloadCodecs: [codec(key)] } } : {}),
  });
  process.on('SIGTERM', () => worker.shutdown());
  const running = worker.run();
  process.stdout.write('ready\n');
  await running;
  await connection.close();
}

main().then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
