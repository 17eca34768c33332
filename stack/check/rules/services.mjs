// Rules about each service of compose.yaml. A rule gives messages; an empty list means that all is well.
import { bindMountsOf, environmentOf, isOneShot } from './model.mjs';

const SECRET_NAME = /(PASS(WORD)?|PWD|SECRET|TOKEN|API_?KEY|_KEY|CREDENTIALS?)$/;

export const SERVICE_RULES = {
  'image-tag'({ image, build }) {
    if (image === undefined) {
      return [
        build === undefined
          ? 'has neither an image nor a build'
          : 'is built without a name: give it an image with a tag',
      ];
    }
    const tag = /:([^/:@]+)(@sha256:[0-9a-f]{64})?$/.exec(image)?.[1];
    // "16" or "1.2-alpine" moves with every release; "1.2.3" or "18.4-bookworm" is one build line.
    return tag !== undefined && /^v?\d+\.\d+/.test(tag) && !/^\d+\.\d+-alpine$/.test(tag)
      ? []
      : [`image ${image} needs a full version as its tag`];
  },

  ports({ ports = [] }, name) {
    if (name !== 'nginx') {
      return ports.length === 0 ? [] : ['publishes ports; only nginx may'];
    }
    return ports
      .filter((port) => !/^(127\.0\.0\.1|\$\{BIND_ADDRESS:-127\.0\.0\.1\}):/.test(String(port)))
      .map((port) => `port ${port} is not bound to 127.0.0.1 by default`);
  },

  'host-access'(service) {
    const mounts = bindMountsOf(service);
    return [
      service.privileged === true ? 'is privileged' : undefined,
      service.network_mode === 'host' ? 'uses the network of the host' : undefined,
      mounts.some(({ source }) => source.includes('docker.sock')) ? 'mounts the socket of Docker' : undefined,
    ].filter((message) => message !== undefined);
  },

  health(service) {
    if (isOneShot(service)) {
      return [];
    }
    const { healthcheck } = service;
    if (healthcheck?.test === undefined || healthcheck.disable === true) {
      return ['has no health check'];
    }
    return ['interval', 'timeout', 'retries']
      .filter((field) => healthcheck[field] === undefined)
      .map((field) => `its health check has no ${field}`);
  },

  limits({ deploy }) {
    const limits = deploy?.resources?.limits ?? {};
    return ['cpus', 'memory', 'pids']
      .filter((name) => limits[name] === undefined)
      .map((name) => `has no limit of ${name}`);
  },

  restart({ restart }) {
    return /^(unless-stopped|always|no|on-failure(:\d+)?)$/.test(String(restart))
      ? []
      : ['has no restart policy'];
  },

  logging({ logging }) {
    const { 'max-size': size, 'max-file': count } = logging?.options ?? {};
    return size === undefined || count === undefined ? ['has no log rotation (max-size and max-file)'] : [];
  },

  privileges({ security_opt = [] }) {
    return security_opt.includes('no-new-privileges:true') ? [] : ['lacks no-new-privileges'];
  },

  dependencies({ depends_on = {} }, _name, { base }) {
    if (Array.isArray(depends_on)) {
      return ['names dependencies without a condition'];
    }
    return Object.entries(depends_on).flatMap(([other, { condition } = {}]) => {
      const service = base.services[other];
      if (service === undefined) {
        return [`depends on ${other}, which does not exist`];
      }
      const wanted = isOneShot(service) ? 'service_completed_successfully' : 'service_healthy';
      return condition === wanted ? [] : [`must wait for ${other} with ${wanted}, not ${condition}`];
    });
  },

  /** `docker compose up --wait` fails when a container ends that nothing waits for. */
  'one-shot-awaited'(service, name, { base }) {
    const others = Object.values(base.services).filter(({ profiles = [] }) => profiles.length === 0);
    const awaited = others.some(
      ({ depends_on = {} }) => depends_on[name]?.condition === 'service_completed_successfully',
    );
    return isOneShot(service) && (service.profiles ?? []).length === 0 && !awaited
      ? ['ends, and nothing waits for its completion: `up --wait` would fail']
      : [];
  },

  'literal-secret'(service) {
    return environmentOf(service).flatMap(([name, value]) => {
      const literal = value.replace(/\$\{[^}]*\}/g, '').trim();
      const isFile = name.endsWith('_FILE') || value.startsWith('/run/secrets/');
      if (SECRET_NAME.test(name) && !isFile && literal !== '') {
        return [`${name} holds a literal secret`];
      }
      if (/:\/\/[^/\s:@]*:[^/\s:@$]+@/.test(value)) {
        return [`${name} holds a URL with a literal password`];
      }
      return /\$\{[A-Z0-9_]*(PASSWORD|SECRET|TOKEN|KEY):?-[^}]+\}/.test(value)
        ? [`${name} has a default password`]
        : [];
    });
  },
};
