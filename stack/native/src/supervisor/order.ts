import { BizError } from '@bizstack/contracts';
import type { ServiceDriver } from '../driver';

/**
 * The services named and all they depend on, each after what it depends on.
 * @throws BizError `BIZ_NATIVE_SERVICE_UNKNOWN` for a name that no driver has, `BIZ_NATIVE_SERVICE_CYCLE`.
 */
export function startOrder(drivers: readonly ServiceDriver[], names: readonly string[]): ServiceDriver[] {
  const byName = new Map(drivers.map((driver) => [driver.name, driver]));
  const order: ServiceDriver[] = [];
  const visit = (name: string, path: readonly string[]): void => {
    const driver = byName.get(name);
    if (!driver) {
      const by = path.length === 0 ? '' : ` that ${path.at(-1)} depends on`;
      throw new BizError('BIZ_NATIVE_SERVICE_UNKNOWN', `There is no service "${name}"${by}.`, {
        hint: `Services: ${[...byName.keys()].join(', ')}.`,
      });
    }
    if (order.includes(driver)) return;
    if (path.includes(name)) {
      throw new BizError(
        'BIZ_NATIVE_SERVICE_CYCLE',
        `Services depend on each other: ${[...path, name].join(' → ')}.`,
      );
    }
    for (const dependency of driver.dependsOn) visit(dependency, [...path, name]);
    order.push(driver);
  };
  for (const name of names) visit(name, []);
  return order;
}
