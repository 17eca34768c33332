// Fills nginx's templates as its image does and lets nginx itself test the result.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { walk } from './rules/files.mjs';

const VALUES = {
  BIZSTACK_MAX_BODY: '25m',
  BIZSTACK_NOCOBASE_DOMAIN: 'crm.example.com',
  BIZSTACK_ACTIVEPIECES_DOMAIN: 'flows.example.com',
};

/**
 * @param {string} root
 * @returns {{ findings: { rule: string, file: string, message: string }[], skipped?: string }}
 */
export function checkNginx(root) {
  const service = join(root, 'stack/services/nginx');
  if (!existsSync(service)) {
    return { findings: [] };
  }
  if (spawnSync('nginx', ['-v']).error !== undefined) {
    return {
      findings: [],
      skipped: 'nginx is not installed, so its configuration was not tested (`apt-get install nginx-light`).',
    };
  }
  const folder = mkdtempSync(join(tmpdir(), 'bizstack-nginx-'));
  try {
    const tls = writeCertificate(folder);
    const places = { 'templates-tls': tls ? 'tls' : undefined, templates: '' };
    for (const [templates, place] of Object.entries(places)) {
      if (place !== undefined) {
        fill(join(service, templates), join(folder, 'conf.d', place), folder);
      }
    }
    writeFileSync(join(folder, 'operators'), 'operator:{PLAIN}stand-in\n');
    writeFileSync(
      join(folder, 'nginx.conf'),
      `pid ${folder}/pid;\nerror_log stderr;\nevents {}\nhttp {\n  access_log off;\n${tempPaths(folder)}  include ${folder}/conf.d/*.conf;\n}\n`,
    );
    const { status, stderr } = spawnSync(
      'nginx',
      ['-t', '-q', '-p', folder, '-c', join(folder, 'nginx.conf')],
      {
        encoding: 'utf8',
      },
    );
    const problems = stderr.split('\n').filter((line) => /\[(emerg|alert|crit|error)\]/.test(line));
    return {
      findings:
        status === 0
          ? []
          : problems.map((line) => ({
              rule: 'nginx',
              file: 'stack/services/nginx',
              message: line.replaceAll(folder, ''),
            })),
      ...(tls ? {} : { skipped: 'openssl is not installed, so the TLS part of nginx was not tested.' }),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A packaged nginx keeps these below /var, where the caller may not write. */
function tempPaths(folder) {
  return ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `  ${name}_temp_path ${folder}/${name};\n`)
    .join('');
}

function fill(templates, target, folder) {
  for (const path of walk(templates).filter((file) => file.endsWith('.template'))) {
    const file = join(target, relative(templates, dirname(path)), basename(path, '.template'));
    mkdirSync(dirname(file), { recursive: true });
    const text = readFileSync(path, 'utf8')
      .replace(/\$\{(BIZSTACK_\w+)\}/g, (whole, name) => VALUES[name] ?? whole)
      .replaceAll('/etc/nginx/conf.d', `${folder}/conf.d`)
      .replaceAll('/etc/nginx/tls', `${folder}/tls`)
      .replaceAll('/tmp/operators', `${folder}/operators`);
    writeFileSync(file, text);
  }
}

function writeCertificate(folder) {
  const tls = join(folder, 'tls');
  mkdirSync(tls);
  const { status } = spawnSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-days',
      '1',
      '-subj',
      '/CN=crm.example.com',
    ].concat(['-keyout', join(tls, 'privkey.pem'), '-out', join(tls, 'fullchain.pem')]),
    { stdio: 'ignore' },
  );
  return status === 0;
}
