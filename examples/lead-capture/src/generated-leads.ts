import { createHash } from 'node:crypto';
import type { NewLead } from './lead';

const COMPANIES = [
  'Northwind Bakery',
  'Kestrel Robotics',
  'Harbour Logistics',
  '青禾科技',
  'Alpenglow Software',
  'Marula Foods',
];
const TITLES = ['Head of Operations', 'CTO', 'Office Manager', 'Student', 'Purchasing Director', '市场总监'];
const PLACES = [
  ['Hamburg', 'Germany'],
  ['Pune', 'India'],
  ['上海', 'China'],
  ['Leeds', 'United Kingdom'],
  ['Toronto', 'Canada'],
] as const;
const NEEDS = [
  'We need a demo and a quote for 40 seats before the end of the quarter.',
  'Just looking around, thank you.',
  'How does the invoice approval work with our ERP? Please call me.',
  '我们想了解价格和部署方式，请尽快联系。',
  'Can I use it for a university project?',
];

/** The same index always gives the same lead. */
export function generatedLead(index: number): NewLead {
  const bytes = createHash('sha256').update(`lead ${index}`).digest();
  const pick = <T>(list: readonly T[], position: number): T => {
    const item = list[(bytes[position] ?? 0) % list.length];
    if (item === undefined) throw new RangeError('The list is empty.');
    return item;
  };
  const [city, country] = pick(PLACES, 0);
  const business = (bytes[1] ?? 0) % 3 > 0;
  return {
    externalId: `generated-${index}`,
    name: `Lead ${index}`,
    email: `lead.${index}@${business ? 'northwind.example' : 'gmail.com'}`,
    ...(business ? { company: pick(COMPANIES, 2), jobTitle: pick(TITLES, 3) } : {}),
    city,
    country,
    source: pick(['Google', 'Direct Traffic', 'Referral', 'Newsletter'], 4),
    message: pick(NEEDS, 5),
    attributes: { TotalVisits: (bytes[6] ?? 0) % 12, 'Total Time Spent on Website': (bytes[7] ?? 0) * 9 },
  };
}

export async function* generateLeads(count: number): AsyncGenerator<NewLead> {
  for (let index = 0; index < count; index++) yield generatedLead(index);
}
