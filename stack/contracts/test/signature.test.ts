import fc from 'fast-check';
import { isBizError, pointId, signatureHeaders, verifySignature } from '../src';

const now = new Date('2026-03-01T00:00:00Z');
const timestamp = now.getTime() / 1000;

function verify(headers: Record<string, string>, body: string, secret = 's3cret'): string {
  try {
    verifySignature({
      secret,
      body,
      now,
      timestamp: headers['x-bizstack-timestamp'],
      deliveryId: headers['x-bizstack-delivery'],
      signature: headers['x-bizstack-signature'],
    });
    return 'valid';
  } catch (error) {
    return isBizError(error) ? error.code : String(error);
  }
}

const headers = (body: string, at = timestamp) =>
  signatureHeaders('s3cret', { deliveryId: 'd-1', body, timestamp: at });

test('any body signed with the secret is valid, with another secret it is not', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (body) => {
      expect(verify(headers(body), body)).toBe('valid');
      expect(verify(headers(body), body, 'other')).toBe('BIZ_SIGNATURE_WRONG');
      expect(verify(headers(body), `${body} `)).toBe('BIZ_SIGNATURE_WRONG');
    }),
  );
});

test.each([
  ['another delivery', { 'x-bizstack-delivery': 'd-2' }, 'BIZ_SIGNATURE_WRONG'],
  ['another timestamp', { 'x-bizstack-timestamp': String(timestamp + 1) }, 'BIZ_SIGNATURE_WRONG'],
  ['no signature', { 'x-bizstack-signature': '' }, 'BIZ_SIGNATURE_MISSING'],
  ['no number', { 'x-bizstack-timestamp': 'NaN' }, 'BIZ_SIGNATURE_EXPIRED'],
])('%s is refused', (_name, change, code) => {
  expect(verify({ ...headers('{}'), ...change }, '{}')).toBe(code);
});

test.each([
  [300, 'valid'],
  [301, 'BIZ_SIGNATURE_EXPIRED'],
  [-300, 'valid'],
  [-301, 'BIZ_SIGNATURE_EXPIRED'],
])('a request %d s old is %s', (age, outcome) => {
  expect(verify(headers('{}', timestamp - age), '{}')).toBe(outcome);
});

test('point ids are stable', () => {
  expect(pointId('lead/7')).toBe(pointId('lead/7'));
  expect(pointId('lead/7')).not.toBe(pointId('lead/8'));
});
