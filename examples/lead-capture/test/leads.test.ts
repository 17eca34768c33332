import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { courseLead, generatedLead, parseKills, readCourseLeads } from '../src';

const row = {
  'Prospect ID': '7927b2df-8bba-4d29-b9a2-b6e0beafe620',
  'Lead Origin': 'API',
  'Lead Source': 'Olark Chat',
  'Do Not Email': 'No',
  'Do Not Call': 'Yes',
  Converted: '1',
  TotalVisits: '5',
  'Total Time Spent on Website': '674',
  'Page Views Per Visit': '2.5',
  'Last Activity': 'Email Opened',
  Country: 'India',
  Specialization: 'Select',
  'What is your current occupation': 'Unemployed',
  'What matters most to you in choosing a course': 'Better Career Prospects',
  Tags: 'Will revert after reading the email',
  'Lead Quality': 'Might be',
  'Lead Profile': 'Potential Lead',
  City: 'Mumbai',
  'Asymmetrique Activity Score': '15',
  'A free copy of Mastering The Interview': 'No',
  'Last Notable Activity': 'Modified',
};

test('a row becomes a lead with an address of its own', () => {
  expect(courseLead(row, 2)).toEqual({
    externalId: row['Prospect ID'],
    email: `${row['Prospect ID']}@example.com`,
    country: 'India',
    city: 'Mumbai',
    source: 'Olark Chat',
    attributes: {
      'Lead Origin': 'API',
      'Do Not Email': false,
      'Do Not Call': true,
      TotalVisits: 5,
      'Total Time Spent on Website': 674,
      'Page Views Per Visit': 2.5,
      'Last Activity': 'Email Opened',
      'What is your current occupation': 'Unemployed',
      'What matters most': 'Better Career Prospects',
      'A free copy of Mastering The Interview': false,
    },
  });
});

test('nothing that was filled in after the outcome is read', () => {
  const later = [
    'Converted',
    'Tags',
    'Lead Quality',
    'Lead Profile',
    'Asymmetrique Activity Score',
    'Last Notable Activity',
  ];
  const changed = { ...row, ...Object.fromEntries(later.map((name) => [name, 'something else'])) };
  expect(courseLead(changed, 2)).toEqual(courseLead(row, 2));
});

test.each([
  ['no id', { 'Prospect ID': '' }, /Row 9: .*Prospect ID/s],
  ['a word for a number', { TotalVisits: 'many' }, /Row 9: .*must be a number, not "many".*TotalVisits/s],
  ['a negative number', { TotalVisits: '-1' }, /TotalVisits/],
  ['a missing column', { 'Lead Source': undefined }, /Lead Source/],
])('%s is refused with its row', (_name, change, message) => {
  expect(() => courseLead({ ...row, ...change }, 9)).toThrow(message);
});

test('a file is streamed row by row, with quotes, BOM and a trailing empty column', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'leads-')), 'leads.csv');
  const quote = (text: string) => `"${text.replaceAll('"', '""')}"`;
  const lines = [row, { ...row, City: 'Thane, "Outskirts"' }].map((one) =>
    Object.values(one).map(quote).join(','),
  );
  writeFileSync(
    file,
    `\ufeff${Object.keys(row).map(quote).join(',')},\r\n${lines.map((line) => `${line},`).join('\r\n')}\r\n`,
  );
  const leads = [];
  for await (const lead of readCourseLeads(file)) leads.push(lead);
  expect(leads.map((lead) => lead.city)).toEqual(['Mumbai', 'Thane, "Outskirts"']);
});

test('generated leads are the same every time, and each has its own key', () => {
  fc.assert(
    fc.property(fc.nat(100_000), fc.nat(100_000), (a, b) => {
      expect(generatedLead(a)).toEqual(generatedLead(a));
      if (a !== b) expect(generatedLead(a).externalId).not.toBe(generatedLead(b).externalId);
    }),
  );
});

const real = process.env['BIZSTACK_LEADS_CSV'];
(real === undefined ? test.skip : test)(
  'every row of the real file is read (needs BIZSTACK_LEADS_CSV)',
  async () => {
    const ids = new Set<string>();
    for await (const lead of readCourseLeads(String(real))) ids.add(lead.externalId);
    expect(ids.size).toBeGreaterThan(4000);
  },
);

test('planned kills are read, and a wrong one is named', () => {
  expect(parseKills('nocobase@250, kafka@500')).toEqual([
    { service: 'nocobase', afterPosted: 250 },
    { service: 'kafka', afterPosted: 500 },
  ]);
  for (const wrong of ['', 'kafka', 'kafka@', 'kafka@0', 'kafka@10;flows@20']) {
    expect(() => parseKills(wrong)).toThrow(`"${wrong}"`);
  }
});
