import fc from 'fast-check';
import { addressParts } from '../../src/documents/fields/address-parts';

test.each([
  ['Weena 664, 3012 CN Rotterdam, Nederland', { street: 'Weena 664', zip: '3012 CN', city: 'Rotterdam' }],
  ['Uferweg 40-42, D-63571 Gelnhausen', { street: 'Uferweg 40-42', zip: '63571', city: 'Gelnhausen' }],
  [
    '410 Terry Ave, Seattle, WA 98109-5210, US',
    { street: '410 Terry Ave', zip: '98109-5210', city: 'Seattle' },
  ],
  ['10 High St, London SW1A 1AA', { street: '10 High St', zip: 'SW1A 1AA', city: 'London' }],
  ['No 5, Hosur Road, Bangalore - 560067', { street: 'No 5, Hosur Road', zip: '560067', city: 'Bangalore' }],
  ['Somewhere without a code', {}],
  ['12345', {}],
])('%s', (address, parts) => {
  expect(addressParts(address)).toEqual(parts);
});

test('survives any text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(() => addressParts(text)).not.toThrow();
    }),
  );
});
