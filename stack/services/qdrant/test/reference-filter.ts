/** Filters evaluated the plain way, as Qdrant documents them: what the property test compares with. */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type Payload = { [key: string]: Json };

interface Range<T> {
  gt?: T;
  gte?: T;
  lt?: T;
  lte?: T;
}
interface Point {
  lon: number;
  lat: number;
}
export type Condition =
  | Filter
  | {
      key: string;
      match:
        { value: string | number | boolean } | { any: (string | number)[] } | { except: (string | number)[] };
    }
  | { key: string; range: Range<number> | Range<string> }
  | { key: string; values_count: Range<number> }
  | { key: string; geo_radius: { center: Point; radius: number } }
  | { key: string; geo_bounding_box: { top_left: Point; bottom_right: Point } }
  | { is_empty: { key: string } }
  | { is_null: { key: string } }
  | { has_id: number[] }
  | { nested: { key: string; filter: Filter } };
export interface Filter {
  must?: Condition[];
  should?: Condition[];
  must_not?: Condition[];
  min_should?: { conditions: Condition[]; min_count: number };
}

export function matches(filter: Filter, id: number, payload: Payload): boolean {
  const holds = (condition: Condition) => meets(condition, id, payload);
  const { must, should, must_not: mustNot, min_should: minShould } = filter;
  return (
    (must ?? []).every(holds) &&
    (should === undefined || should.length === 0 || should.some(holds)) &&
    !(mustNot ?? []).some(holds) &&
    (minShould === undefined || minShould.conditions.filter(holds).length >= minShould.min_count)
  );
}

function meets(condition: Condition, id: number, payload: Payload): boolean {
  if ('has_id' in condition) return condition.has_id.includes(id);
  if ('is_empty' in condition) return valuesAt(payload, condition.is_empty.key).every(isEmpty);
  if ('is_null' in condition)
    return valuesAt(payload, condition.is_null.key).some(
      (value) => value === null || (Array.isArray(value) && value.includes(null)),
    );
  if ('nested' in condition) {
    const { key, filter } = condition.nested;
    return elements(payload, key).some((item) => isObject(item) && matches(filter, id, item));
  }
  if (!('key' in condition)) return matches(condition, id, payload);
  if ('values_count' in condition) {
    // Qdrant takes a missing field for no values only where the point has no payload at all.
    const isBare = Object.keys(payload).length === 0;
    const counts = isBare ? [0] : valuesAt(payload, condition.key).map(countOf);
    return counts.some((count) => within(count, condition.values_count));
  }
  return elements(payload, condition.key).some((value) => fits(condition, value));
}

function fits(condition: Exclude<Condition, Filter> & { key: string }, value: Json): boolean {
  if ('match' in condition) {
    const { match } = condition;
    if ('value' in match) return value === match.value;
    if ('any' in match) return (match.any as Json[]).includes(value);
    return value !== null && !(match.except as Json[]).includes(value);
  }
  if ('range' in condition) {
    const times = Object.values(condition.range).some((bound) => typeof bound === 'string');
    if (times) {
      const range = Object.fromEntries(
        Object.entries(condition.range).map(([name, bound]) => [name, Date.parse(String(bound))]),
      );
      return typeof value === 'string' && within(Date.parse(value), range);
    }
    return typeof value === 'number' && within(value, condition.range as Range<number>);
  }
  if (!isObject(value)) return false;
  const point = { lon: Number(value['lon']), lat: Number(value['lat']) };
  if ('geo_radius' in condition)
    return distance(point, condition.geo_radius.center) <= condition.geo_radius.radius;
  if ('geo_bounding_box' in condition) {
    const { top_left: first, bottom_right: last } = condition.geo_bounding_box;
    return point.lon > first.lon && point.lon < last.lon && point.lat < first.lat && point.lat > last.lat;
  }
  return false;
}

/** The values at a path; arrays on the way are not entered (the paths of the test have none). */
function valuesAt(payload: Payload, path: string): Json[] {
  let value: Json | undefined = payload;
  for (const part of path.split('.')) value = isObject(value) ? value[part] : undefined;
  return value === undefined ? [] : [value];
}

/** The single values at a path: an array stands for its elements. */
function elements(payload: Payload, path: string): Json[] {
  return valuesAt(payload, path).flatMap((value) => (Array.isArray(value) ? value : [value]));
}

function isEmpty(value: Json): boolean {
  return value === null || (Array.isArray(value) && value.length === 0);
}

function countOf(value: Json): number {
  if (value === null) return 0;
  return Array.isArray(value) ? value.length : 1;
}

function isObject(value: Json | undefined): value is Payload {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function within(value: number, range: Range<number>): boolean {
  const { gt, gte, lt, lte } = range;
  return (
    (gt === undefined || value > gt) &&
    (gte === undefined || value >= gte) &&
    (lt === undefined || value < lt) &&
    (lte === undefined || value <= lte)
  );
}

/** Metres on the mean sphere. */
function distance(a: Point, b: Point): number {
  const radians = (degrees: number) => (degrees * Math.PI) / 180;
  const half = (x: number) => Math.sin(x / 2) ** 2;
  const h =
    half(radians(b.lat - a.lat)) +
    Math.cos(radians(a.lat)) * Math.cos(radians(b.lat)) * half(radians(b.lon - a.lon));
  return 2 * 6_371_008.8 * Math.asin(Math.sqrt(h));
}
