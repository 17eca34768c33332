import { FILE_RULES } from './files.mjs';
import { readModel } from './model.mjs';
import { SERVICE_RULES } from './services.mjs';

/** @typedef {{ rule: string, file: string, message: string }} Finding */

export const RULE_NAMES = [...Object.keys(SERVICE_RULES), ...Object.keys(FILE_RULES)];

/**
 * Every rule over the repository at `root`.
 *
 * @returns {Finding[]}
 */
export function checkRules(root) {
  const model = readModel(root);
  const services = Object.entries(SERVICE_RULES).flatMap(([rule, check]) =>
    Object.entries(model.base.services).flatMap(([name, service]) =>
      check(service, name, model).map((message) => ({
        rule,
        file: model.base.file,
        message: `${name} ${message}`,
      })),
    ),
  );
  const files = Object.entries(FILE_RULES).flatMap(([rule, check]) =>
    check(model).map((finding) => ({ ...finding, rule })),
  );
  return [...services, ...files];
}
