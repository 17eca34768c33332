import { dirname, join } from 'node:path';
import { createCanvas, GlobalFonts } from '@napi-rs/canvas';

/** A font that comes with a package, so that every machine draws the same. */
GlobalFonts.registerFromPath(
  join(dirname(require.resolve('pdfjs-dist/package.json')), 'standard_fonts', 'LiberationSans-Regular.ttf'),
  'Receipt',
);

export const RECEIPT = [
  'SEASIDE TRADING SDN BHD',
  '(123456-K)',
  'NO. 12, JALAN MAWAR 3,',
  'TAMAN INDAH, 43300 KLANG, SELANGOR.',
  'TEL: 03-1234 5678',
  'TAX INVOICE',
  'Receipt No: CS00417',
  'Date: 21/03/2018 14:05',
  'BLUE PAPER A4     2 x 12.40     24.80',
  'TAPE CLEAR        1 x 4.15       4.15',
  'Sub Total            28.95',
  'GST 6%                1.74',
  'Rounding             0.01',
  'TOTAL            RM 30.70',
  'CASH             RM 50.00',
  'CHANGE           RM 19.30',
  'THANK YOU',
] as const;

/** A receipt on grey paper, turned by some degrees, as a JPEG. */
export function drawReceipt({ degrees = 0, width = 640, height = 1000 } = {}): Buffer {
  const canvas = createCanvas(width, height);
  const context = canvas.getContext('2d');
  context.fillStyle = '#e4e2dd';
  context.fillRect(0, 0, width, height);
  context.translate(width / 2, height / 2);
  context.rotate((degrees * Math.PI) / 180);
  context.translate(-width / 2, -height / 2);
  context.fillStyle = '#3a3a3a';
  context.font = '24px Receipt';
  RECEIPT.forEach((line, at) => {
    context.fillText(line, 60, 110 + at * 46);
  });
  return canvas.toBuffer('image/jpeg', 88);
}
