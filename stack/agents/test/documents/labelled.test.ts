import fc from 'fast-check';
import { readLabelled } from '../../src/documents/fields/labelled';
import { rows } from './rows';

const read = (text: string, name: string) => readLabelled(rows(text), name, true)?.value;

const HOTEL = `
Hotel Details                    Check In      Check Out      Rooms
Seaview Resort,                  31/12/2021    01/01/2022     2
Room charges                     EUR 99.00
Booking ID                       Payment Mode
SV-77120                         Cash at Hotel
Guest Name: Ann Lee              Date: 31/12/2021
Customer No.    4711             Service charge: EUR 12.50
Account Manager - Bob
`;

describe('values at a label like their name', () => {
  it.each([
    ['booking_id', 'SV-77120'],
    ['bookingNumber', 'SV-77120'],
    ['Booking ID', 'SV-77120'],
    ['date_check_in', '2021-12-31'],
    ['check_out_date', '2022-01-01'],
    ['amount_rooms', '2'],
    ['hotel_details', 'Seaview Resort'],
    ['guest_name', 'Ann Lee'],
    ['customer_number', '4711'],
    ['service_charge', 'EUR 12.50'],
    ['amount_service_charge', '12.5'],
    ['account_manager', 'Bob'],
    ['payment_mode', 'Cash at Hotel'],
  ])('%s is %s', (name, value) => {
    expect(read(HOTEL, name)).toBe(value);
  });

  it.each(['flight_number', 'departure_date', '', '___', 'name', 'constructor', '[a-z]+', 'id'])(
    'finds none for %j',
    (name) => expect(read(HOTEL, name)).toBeUndefined(),
  );

  it('finds any name that stands there, after the label, beside it and below it', () => {
    const word = fc.stringMatching(/^[b-z][aeiou][b-z]{2}[aeiou][kmt]$/);
    const value = fc.stringMatching(/^[A-Z]{2}[0-9]{5}$/);
    fc.assert(
      fc.property(
        fc.uniqueArray(word, { minLength: 2, maxLength: 3 }),
        value,
        fc.constantFrom('Id', 'No.', 'Number', 'Ref'),
        fc.constantFrom('after', 'right', 'below'),
        (words, number, last, place) => {
          const label = `${words.map((one) => one[0]?.toUpperCase() + one.slice(1)).join(' ')} ${last}`;
          const printed = {
            after: `Something else\n${label}: ${number}`,
            right: `${label}      ${number}`,
            below: `${label}      Other Things\n${number.padEnd(label.length + 6)}here`,
          }[place];
          expect(read(printed, `${words.join('_')}_id`)).toBe(number);
        },
      ),
    );
  });

  it('survives any text and any name', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 300 }),
        fc.string({ unit: 'binary' }),
        (text, name) => {
          expect(() => read(text, name)).not.toThrow();
        },
      ),
    );
  });
});
