import { createAction, Property } from '@activepieces/pieces-framework';
import { BizError } from '@bizstack/piece-common';
import { clientOf, qdrantAuth } from '../auth';
import { readFilters } from '../filter';
import { readId } from '../ids';
import { compact, readInteger } from '../inputs';
import {
  collectionProp,
  filterFieldsProp,
  filterProp,
  optionalFieldProp,
  POINTS_OUTPUT,
  withPayloadProp,
  withVectorsProp,
} from '../props';
import { type PointRecord, scrollSchema } from '../schemas';

/** Points per request; a page of the action may hold many. */
const REQUEST_SIZE = 1000;

export const scrollPointsAction = createAction({
  name: 'scroll_points',
  auth: qdrantAuth,
  displayName: 'Scroll Points',
  description: 'Lists points page by page, optionally filtered and ordered',
  audience: 'both',
  aiMetadata: {
    description:
      'Lists points of a collection without a search. Pass nextOffset of one page as offset of the next; it is empty on the last page. Read-only.',
    idempotent: true,
  },
  props: {
    collection: collectionProp,
    filterFields: filterFieldsProp,
    filter: filterProp,
    limit: Property.Number({
      displayName: 'Limit',
      description: 'Most points to return, up to 10,000.',
      required: false,
      defaultValue: 100,
    }),
    offset: Property.ShortText({
      displayName: 'Offset',
      description: 'nextOffset of the page before.',
      required: false,
    }),
    orderBy: optionalFieldProp(
      'Order By',
      'Payload field with an index for numbers or dates. One page only: no offset.',
    ),
    descending: Property.Checkbox({
      displayName: 'Descending',
      description: 'Largest or latest first.',
      required: false,
      defaultValue: false,
    }),
    withPayload: withPayloadProp,
    withVectors: withVectorsProp,
  },
  outputSchema: {
    fields: [
      ...POINTS_OUTPUT.fields,
      { key: 'nextOffset', label: 'Next offset', description: 'Empty on the last page' },
    ],
  },
  async run({ auth, propsValue }) {
    const { collection, orderBy, descending } = propsValue;
    if (orderBy && propsValue.offset) {
      throw new BizError('BIZ_INPUT_INVALID', '"Offset" does not go with "Order By".', {
        hint: 'Narrow the next page down with a filter on the field instead.',
      });
    }
    const limit = readInteger('Limit', propsValue.limit, { min: 1, max: 10_000, fallback: 100 });
    const base = compact({
      filter: readFilters(propsValue.filter, propsValue.filterFields),
      order_by: orderBy ? { key: orderBy, direction: descending ? 'desc' : 'asc' } : undefined,
      with_payload: propsValue.withPayload ?? true,
      with_vector: propsValue.withVectors ?? false,
    });
    const client = clientOf(auth.props);
    const points: PointRecord[] = [];
    let offset = propsValue.offset ? readId(propsValue.offset) : undefined;
    do {
      const size = orderBy ? limit : Math.min(REQUEST_SIZE, limit - points.length);
      const page = await client.call({
        method: 'POST',
        path: ['collections', collection, 'points', 'scroll'],
        body: compact({ ...base, limit: size, offset }),
        schema: scrollSchema,
      });
      points.push(...page.points);
      offset = page.next_page_offset ?? undefined;
    } while (offset !== undefined && points.length < limit);
    return { count: points.length, points, nextOffset: offset ?? null };
  },
});
