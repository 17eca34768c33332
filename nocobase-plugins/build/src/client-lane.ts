import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import type { Configuration } from '@rspack/core' with { 'resolution-mode': 'import' };
import { BizPluginError } from './error';
import { isProvided, packageOf } from './provided';
import { type ClientLane, laneEntry } from './sources';

/**
 * Bundles one client lane as UMD with everything that NocoBase provides left out. Chunks load from the folder
 * that NocoBase serves the plugin's files from, wherever the application is mounted.
 * @throws BizPluginError `BIZ_PLUGIN_CLIENT_BUILD` with the compiler's messages.
 */
export async function buildClientLane(dir: string, packageName: string, lane: ClientLane): Promise<void> {
  const entry = laneEntry(dir, lane);
  if (entry === undefined) {
    if (lane === 'client') writeStub(dir, packageName);
    return;
  }
  const { DefinePlugin } = await import('@rspack/core');
  const library = lane === 'client' ? packageName : `${packageName}/${lane}`;
  const config: Configuration = {
    mode: 'production',
    context: dir,
    entry: [publicPathModule(packageName, lane), `./${entry}`],
    target: ['web', 'es2020'],
    devtool: false,
    output: {
      path: join(dir, 'dist', lane),
      filename: 'index.js',
      chunkFilename: '[name].[contenthash].js',
      publicPath: 'auto',
      clean: true,
      uniqueName: library,
      library: { name: library, type: 'umd', umdNamedDefine: true },
    },
    resolve: {
      extensions: ['.tsx', '.ts', '.jsx', '.js', '.json'],
      extensionAlias: { '.js': ['.tsx', '.ts', '.jsx', '.js'] },
    },
    module: {
      rules: [
        {
          test: /\.[jt]sx?$/,
          exclude: /node_modules/,
          loader: 'builtin:swc-loader',
          type: 'javascript/auto',
          options: {
            jsc: {
              parser: { syntax: 'typescript', tsx: true, decorators: true },
              target: 'es2020',
              transform: { legacyDecorator: true, decoratorMetadata: true, react: { runtime: 'classic' } },
            },
          },
        },
        { test: /\.css$/, type: 'css/auto' },
        { test: /\.(png|jpe?g|gif|svg|webp)$/i, type: 'asset' },
      ],
    },
    externals: [
      ({ request }, callback) => {
        const name = request === undefined || isAbsolute(request) ? undefined : packageOf(request);
        if (request === undefined || name === undefined || !isProvided(name)) return callback();
        return callback(undefined, request);
      },
    ],
    plugins: [new DefinePlugin({ 'process.env.NODE_ENV': '"production"' })],
    performance: false,
  };
  await run(config, lane);
}

async function run(config: Configuration, lane: ClientLane): Promise<void> {
  const { rspack } = await import('@rspack/core');
  return new Promise((resolve, reject) => {
    const compiler = rspack(config);
    compiler.run((error, stats) => {
      compiler.close(() => {
        if (error === null && stats?.hasErrors() === false) return resolve();
        const text = stats?.toString({ all: false, errors: true, colors: false }) ?? '';
        return reject(
          new BizPluginError('BIZ_PLUGIN_CLIENT_BUILD', `The ${lane} lane does not build.\n${text}`, error),
        );
      });
    });
  });
}

function publicPathModule(packageName: string, lane: ClientLane): string {
  const code = [
    "var base = window['__nocobase_public_path__'] || '/';",
    "base = base.replace(/\\/v\\/?$/, '/');",
    "if (base.slice(-1) !== '/') base += '/';",
    `__webpack_public_path__ = (window['__webpack_public_path__'] || base) + 'static/plugins/${packageName}/dist/${lane}/';`,
  ].join('\n');
  return `data:text/javascript,${encodeURIComponent(code)}`;
}

/** Without `dist/client/index.js` NocoBase's first user interface does not load at all. */
function writeStub(dir: string, packageName: string): void {
  const folder = join(dir, 'dist', 'client');
  mkdirSync(folder, { recursive: true });
  const name = JSON.stringify(packageName);
  writeFileSync(
    join(folder, 'index.js'),
    `(function (root, factory) {
  if (typeof exports === 'object' && typeof module === 'object') module.exports = factory(require('@nocobase/client'));
  else if (typeof define === 'function' && define.amd) define(${name}, ['@nocobase/client'], factory);
  else root[${name}] = factory(root['@nocobase/client']);
})(typeof self !== 'undefined' ? self : this, function (client) {
  class EmptyPlugin extends client.Plugin {}
  return { __esModule: true, default: EmptyPlugin };
});
`,
  );
}

/** Writes the root files that NocoBase loads the lanes through, where the author has none. */
export function writeEntryFiles(dir: string): void {
  for (const lane of ['server', 'client', 'client-v2']) {
    if (!existsSync(join(dir, 'dist', lane, 'index.js'))) continue;
    const code = join(dir, `${lane}.js`);
    if (!existsSync(code)) writeFileSync(code, `module.exports = require('./dist/${lane}/index.js');\n`);
  }
}
