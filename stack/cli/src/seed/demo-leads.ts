import { createHash } from 'node:crypto';
import type { WebhookLead } from '../crm-webhook';

export const DEMO_LEADS = 40;

interface Person {
  readonly name: string;
  readonly mailbox: string;
  readonly company: string;
  readonly domain: string;
  readonly jobTitle: string;
  readonly city: string;
  readonly country: string;
  readonly language: 'en' | 'zh';
}

const PEOPLE: readonly Person[] = [
  {
    name: 'Amara Okafor',
    mailbox: 'amara.okafor',
    company: 'Lagoon Freight',
    domain: 'lagoonfreight.example',
    jobTitle: 'Head of Operations',
    city: 'Lagos',
    country: 'Nigeria',
    language: 'en',
  },
  {
    name: 'Tobias Lindqvist',
    mailbox: 'tobias',
    company: 'Fjällbro Timber',
    domain: 'fjallbro.example',
    jobTitle: 'Chief Financial Officer',
    city: 'Umeå',
    country: 'Sweden',
    language: 'en',
  },
  {
    name: '林晓雯',
    mailbox: 'lin.xiaowen',
    company: '澄海电子',
    domain: 'chenghai.example',
    jobTitle: '采购总监',
    city: '深圳',
    country: 'China',
    language: 'zh',
  },
  {
    name: 'Priya Raghunathan',
    mailbox: 'priya.r',
    company: 'Monsoon Textiles',
    domain: 'monsoontextiles.example',
    jobTitle: 'Purchasing Manager',
    city: 'Coimbatore',
    country: 'India',
    language: 'en',
  },
  {
    name: '陈志远',
    mailbox: 'chen.zhiyuan',
    company: '北辰物流',
    domain: 'beichen.example',
    jobTitle: '运营经理',
    city: '天津',
    country: 'China',
    language: 'zh',
  },
  {
    name: 'Marisol Vega',
    mailbox: 'mvega',
    company: 'Andes Instruments',
    domain: 'andesinstruments.example',
    jobTitle: 'IT Director',
    city: 'Santiago',
    country: 'Chile',
    language: 'en',
  },
  {
    name: 'Declan Byrne',
    mailbox: 'declan',
    company: 'Byrne & Daughters',
    domain: 'byrnes.example',
    jobTitle: 'Owner',
    city: 'Galway',
    country: 'Ireland',
    language: 'en',
  },
  {
    name: '何雨桐',
    mailbox: 'he.yutong',
    company: '云杉软件',
    domain: 'yunshan.example',
    jobTitle: '市场总监',
    city: '杭州',
    country: 'China',
    language: 'zh',
  },
  {
    name: 'Kateřina Dvořáková',
    mailbox: 'k.dvorakova',
    company: 'Vltava Glassworks',
    domain: 'vltavaglass.example',
    jobTitle: 'Export Manager',
    city: 'Prague',
    country: 'Czechia',
    language: 'en',
  },
  {
    name: 'Samuel Adjei',
    mailbox: 'samuel.adjei',
    company: '',
    domain: 'gmail.com',
    jobTitle: 'Student',
    city: 'Accra',
    country: 'Ghana',
    language: 'en',
  },
];

const WISHES: Readonly<Record<'en' | 'zh', readonly string[]>> = {
  en: [
    'We process about 900 supplier invoices a month and want approvals out of e-mail. Can we see a demo this week?',
    'Please send a quote for 25 users, hosted by ourselves, with the PostgreSQL connection.',
    'Comparing a few tools for next year. No budget yet, a price list would help.',
    'How do you handle duplicate leads from two forms? Our sales team spends hours on that.',
    'Is there a free plan for a course project?',
  ],
  zh: [
    '我们每月处理约六百张发票，希望把审批流程自动化，能否本周安排演示？',
    '请按三十个用户、私有部署的方式报价，并说明实施周期。',
    '正在比较几家产品，想先了解功能和价格。',
    '网站表单的线索能否自动评分并分配给销售？请联系我。',
  ],
};

const SOURCES = ['website', 'referral', 'trade-fair', 'newsletter', 'partner'] as const;

/** The same list every time: seeding twice adds nothing. */
export function demoLeads(): WebhookLead[] {
  return Array.from({ length: DEMO_LEADS }, (_, index) => demoLead(index));
}

function demoLead(index: number): WebhookLead {
  const bytes = createHash('sha256').update(`bizstack demo lead ${index}`).digest();
  const pick = <T>(list: readonly T[], at: number): T => {
    const item = list[(bytes[at] ?? 0) % list.length];
    if (item === undefined) throw new RangeError('The list is empty.');
    return item;
  };
  const person = PEOPLE[index % PEOPLE.length];
  if (person === undefined) throw new RangeError('The list is empty.');
  const round = Math.floor(index / PEOPLE.length);
  // Later rounds are colleagues: another name and mailbox at the same company.
  const suffix = round === 0 ? '' : ` ${['', 'II', 'III', 'IV'][round] ?? round}`;
  return {
    externalId: `demo-${index}`,
    name: `${person.name}${suffix}`,
    email: `${person.mailbox}${round === 0 ? '' : `.${round + 1}`}@${person.domain}`,
    ...(person.company === '' ? {} : { company: person.company }),
    jobTitle: person.jobTitle,
    city: person.city,
    country: person.country,
    source: pick(SOURCES, 0),
    message: pick(WISHES[person.language], 1),
    attributes: {
      demo: true,
      employees: [8, 40, 120, 600][(bytes[2] ?? 0) % 4] ?? 8,
      visits: (bytes[3] ?? 0) % 15,
    },
  };
}
