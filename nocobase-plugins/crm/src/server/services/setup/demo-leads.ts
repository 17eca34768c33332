import type { Database } from '@nocobase/database';
import { takeLead } from '../lead-intake';

const DEMO = [
  {
    name: 'Mara Lindqvist',
    email: 'mara.lindqvist@demo.example.com',
    company: 'Nordlys Logistics',
    jobTitle: 'Head of Operations',
    country: 'Sweden',
    city: 'Göteborg',
    source: 'web-form',
    message: 'We run 40 trucks and want to see a demo this month. Budget is approved.',
  },
  {
    name: '陈晓',
    email: 'chen.xiao@demo.example.com',
    phone: '+86 10 5877 1234',
    company: '晨光科技',
    jobTitle: '采购经理',
    country: 'China',
    city: 'Beijing',
    source: 'referral',
    message: '请发送企业版报价。',
  },
  {
    name: 'Peter Obi',
    email: 'p.obi@demo.example.com',
    company: 'Lagos Fresh Foods',
    jobTitle: 'Owner',
    country: 'Nigeria',
    city: 'Lagos',
    source: 'trade-fair',
    message: 'Met your colleague at the fair. Please call me.',
  },
  {
    name: 'Julia Weiss',
    email: 'julia.weiss@demo.example.com',
    company: 'Weiss & Partner',
    country: 'Germany',
    city: 'Berlin',
    source: 'web-form',
    message: 'Just looking around for a student project.',
  },
  {
    name: 'Sam Carter',
    email: 'sam@demo.example.com',
    phone: '+1 415 555 0132',
    company: 'Carter Dental',
    jobTitle: 'Practice manager',
    country: 'United States',
    city: 'San Francisco',
    source: 'google-ads',
    message: 'How much is it for 12 users?',
  },
] as const;

/** Adds the demo leads as enquiries like any other. A lead that is there already is not added again. */
export async function addDemoLeads(db: Database): Promise<number> {
  let added = 0;
  for (const lead of DEMO) {
    const { created } = await takeLead(
      db,
      { ...lead, externalId: `demo:${lead.email}` },
      { channel: 'demo', defaultSource: 'demo', demo: true },
    );
    if (created) added += 1;
  }
  return added;
}

export async function removeDemoLeads(db: Database): Promise<number> {
  const leads = db.getRepository('crmLeads');
  const filter = { demo: true };
  const count = await leads.count({ filter });
  const demo = await leads.find({ filter, fields: ['id'] });
  await db
    .getRepository('crmLeadTouches')
    .destroy({ filter: { leadId: { $in: demo.map((lead) => lead.get('id')) } } });
  await leads.destroy({ filter });
  return count;
}
