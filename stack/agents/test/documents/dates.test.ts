import fc from 'fast-check';
import { findDates } from '../../src/documents/fields/dates';

describe('dates', () => {
  it.each([
    ['25/12/2018 8:13:39 PM', '2018-12-25'],
    ['12-01-19 21:13', '2019-01-12'],
    ['12-01-1921:13', '2019-01-12'],
    ['11/01/201909:44', '2019-01-11'],
    ['12/28/2017', '2017-12-28'],
    ['2017-12-28 22:17', '2017-12-28'],
    ['August 3 , 2014', '2014-08-03'],
    ['7. Mai 2014', '2014-05-07'],
    ['19 april 2014', '2014-04-19'],
    ['02 juillet 2015', '2015-07-02'],
    ['1er août 2020', '2020-08-01'],
    ['15 de marzo de 2021', '2021-03-15'],
    ['26 JAN 2018', '2018-01-26'],
    ['03-Feb-21', '2021-02-03'],
    ['2024年3月9日', '2024-03-09'],
  ])('reads %s', (text, iso) => {
    expect(findDates(text).map((date) => date.value)).toEqual([iso]);
  });

  it.each(['03-3362 4395', '31/02/2018', 'RM 12.34', '192.168.1.1', 'SS21/39,47400'])(
    'finds none in %s',
    (text) => {
      expect(findDates(text)).toEqual([]);
    },
  );

  it('takes the month first when told so, and says that it could be otherwise', () => {
    expect(findDates('03/04/2020', { dayFirst: false })).toMatchObject([
      { value: '2020-03-04', ambiguous: true },
    ]);
    expect(findDates('03/04/2020')).toMatchObject([{ value: '2020-04-03', ambiguous: true }]);
    expect(findDates('13/04/2020')).toMatchObject([{ value: '2020-04-13', ambiguous: false }]);
  });

  it('reads back every day in every long writing', () => {
    const day = fc.date({ min: new Date('2001-01-01'), max: new Date('2049-12-31'), noInvalidDate: true });
    fc.assert(
      fc.property(
        day,
        fc.constantFrom('en-GB', 'de-DE', 'fr-FR', 'nl-NL', 'es-ES', 'it-IT', 'pt-PT'),
        (date, locale) => {
          const written = new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeZone: 'UTC' }).format(
            date,
          );
          expect(findDates(`x ${written}`)[0]?.value).toBe(date.toISOString().slice(0, 10));
        },
      ),
    );
  });
});
