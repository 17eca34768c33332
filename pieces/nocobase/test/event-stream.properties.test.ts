import fc from 'fast-check';
import { createEventParser } from '../src/lib/event-stream';

const event = fc.record({ type: fc.string(), body: fc.jsonValue() });

test('events come out whole, however the stream is cut', () => {
  fc.assert(
    fc.property(
      fc.array(event),
      fc.constantFrom('\n', '\r\n'),
      fc.infiniteStream(fc.nat(20)),
      (events, end, cuts) => {
        const text = events.map((each) => `data: ${JSON.stringify(each)}${end}${end}`).join('');
        const seen: unknown[] = [];
        const parse = createEventParser((each) => seen.push(each));
        let rest = text;
        for (const size of cuts) {
          if (rest === '') break;
          parse(rest.slice(0, size + 1));
          rest = rest.slice(size + 1);
        }
        expect(seen).toEqual(events.map((each) => JSON.parse(JSON.stringify(each)) as unknown));
      },
    ),
  );
});

test('comments, other fields and data that is not JSON are passed over', () => {
  const seen: unknown[] = [];
  createEventParser((each) => seen.push(each))(
    ': ping\n\nevent: x\nid: 1\ndata: {"a":1}\n\ndata: [DONE]\n\ndata: 2\n\n',
  );
  expect(seen).toEqual([{ a: 1 }, 2]);
});
