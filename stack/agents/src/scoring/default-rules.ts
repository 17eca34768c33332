import type { RuleSet } from './rules';

/**
 * Rules for a CRM without history. Points follow what most sales teams agree on: who asks, how to reach
 * them, what they want, where they came from and how much they have done. Facts a lead does not carry
 * neither help nor harm, except an e-mail address.
 */
export const DEFAULT_RULES: RuleSet = {
  version: 'rules-1',
  base: 20,
  grades: { A: 70, B: 50, C: 30 },
  factors: [
    { kind: 'email_domain', name: 'email', business: 12, freeMail: 0, disposable: -15, missing: -8 },
    {
      kind: 'presence',
      name: 'contact.phone',
      field: 'phone',
      points: 6,
      text: { en: 'Left a phone number.', zh: '留下了电话。' },
    },
    {
      kind: 'presence',
      name: 'company.named',
      field: 'company',
      points: 5,
      text: { en: 'Names a company.', zh: '填写了公司。' },
    },
    {
      kind: 'keywords',
      name: 'job_title.seniority',
      fields: ['jobTitle'],
      combine: 'first',
      // In this order, because "vice president" holds "president" and "managing director" holds "director".
      groups: [
        {
          words: ['vp', 'vice president', '副总裁', '副总', '副总经理'],
          points: 10,
          text: { en: 'Vice president.', zh: '副总裁级别。' },
        },
        {
          words: [
            ...[
              'ceo',
              'cto',
              'cfo',
              'coo',
              'cio',
              'cmo',
              'chief',
              'founder',
              'co-founder',
              'owner',
              'president',
            ],
            ...[
              'managing director',
              'partner',
              '总裁',
              '董事长',
              '创始人',
              '总经理',
              '首席',
              '老板',
              '合伙人',
            ],
          ],
          points: 12,
          text: {
            en: 'Decides alone (founder, owner, chief officer).',
            zh: '最终决策者(创始人、负责人、高管)。',
          },
        },
        {
          words: ['director', 'head', '总监'],
          points: 10,
          text: { en: 'Leads a department.', zh: '部门负责人。' },
        },
        {
          words: ['manager', 'lead', 'supervisor', '经理', '主管', '主任'],
          points: 6,
          text: { en: 'Manager.', zh: '经理级别。' },
        },
        {
          words: ['intern', 'trainee', 'student', '实习', '学生'],
          points: -6,
          text: { en: 'Student or intern.', zh: '学生或实习生。' },
        },
      ],
    },
    {
      kind: 'category',
      name: 'profile.occupation',
      fields: ['attributes.occupation', 'attributes.What is your current occupation'],
      values: [
        {
          match: [
            'Working Professional',
            'Employed',
            'Self-employed',
            'Businessman',
            'Businesswoman',
            '在职',
            '企业主',
          ],
          points: 16,
          text: { en: 'Has an income of their own.', zh: '有稳定收入。' },
        },
        { match: ['Student', '学生'], points: -4, text: { en: 'Student.', zh: '学生。' } },
      ],
    },
    {
      kind: 'length',
      name: 'message.length',
      field: 'message',
      bands: [
        { from: 40, points: 3, text: { en: 'Wrote a message.', zh: '写了留言。' } },
        { from: 200, points: 5, text: { en: 'Wrote a detailed message.', zh: '留言详细。' } },
      ],
    },
    {
      kind: 'keywords',
      name: 'message.intent',
      fields: ['message'],
      combine: 'sum',
      cap: 18,
      groups: [
        {
          words: [
            ...[
              'quote',
              'quotation',
              'price',
              'prices',
              'pricing',
              'cost',
              'costs',
              'proposal',
              'rfp',
              'rfq',
            ],
            ...['报价', '价格', '多少钱', '费用', '询价', '方案'],
          ],
          points: 8,
          text: { en: 'Asks for a price.', zh: '询问价格。' },
        },
        {
          words: [
            ...[
              'buy',
              'purchase',
              'order',
              'contract',
              'sign up',
              'subscribe',
              'license',
              'licence',
              'procurement',
            ],
            ...['购买', '采购', '下单', '订购', '合同', '签约', '开通'],
          ],
          points: 8,
          text: { en: 'Wants to buy.', zh: '有购买意向。' },
        },
        {
          words: [
            'demo',
            'trial',
            'pilot',
            'meeting',
            'call me',
            'proof of concept',
            '演示',
            '试用',
            '试点',
            '会议',
            '联系我',
          ],
          points: 6,
          text: { en: 'Asks for a demo or a call.', zh: '希望演示或联系。' },
        },
        {
          words: [
            'budget',
            'deadline',
            'urgent',
            'asap',
            'this month',
            'this quarter',
            '预算',
            '紧急',
            '尽快',
            '本月',
            '本季度',
          ],
          points: 6,
          text: { en: 'Has a budget or a date.', zh: '有预算或时间要求。' },
        },
      ],
    },
    {
      kind: 'keywords',
      name: 'message.not_a_buyer',
      fields: ['message'],
      combine: 'first',
      groups: [
        {
          words: [
            ...[
              'unsubscribe',
              'job application',
              'my cv',
              'my resume',
              'internship',
              'guest post',
              'backlinks',
            ],
            ...['seo services', '退订', '求职', '简历', '实习', '外链', '代运营'],
          ],
          points: -16,
          text: { en: 'Offers something or looks for a job.', zh: '推销或求职。' },
        },
      ],
    },
    {
      kind: 'category',
      name: 'source.channel',
      fields: ['attributes.Lead Origin', 'attributes.Lead Source', 'source'],
      values: [
        {
          match: [
            'Reference',
            'Referral',
            'Recommendation',
            'Word Of Mouth',
            'Partner',
            '推荐',
            '转介绍',
            '合作伙伴',
          ],
          points: 26,
          text: { en: 'Recommended by somebody.', zh: '由他人推荐。' },
        },
        {
          match: [
            'Lead Add Form',
            'Quick Add Form',
            'Manual',
            'Sales',
            'Phone',
            'Walk-in',
            'Event',
            'Trade show',
            '手工录入',
            '展会',
          ],
          points: 26,
          text: { en: 'Added by a colleague after a personal contact.', zh: '由同事在沟通后录入。' },
        },
        {
          match: ['web-form', 'Landing Page Submission', 'Google', 'Organic Search', '网站表单'],
          points: 3,
          text: { en: 'Came by search or a form of the own site.', zh: '来自搜索或官网表单。' },
        },
        {
          match: ['Purchased list', 'Cold list', 'Scraped', '购买名单'],
          points: -8,
          text: { en: 'From a bought list.', zh: '来自购买的名单。' },
        },
      ],
    },
    {
      kind: 'number',
      name: 'engagement.time_on_site',
      fields: ['attributes.Total Time Spent on Website', 'attributes.timeOnSiteSeconds'],
      bands: [
        {
          from: 300,
          points: 4,
          text: { en: 'Five minutes or more on the site.', zh: '在网站停留五分钟以上。' },
        },
        {
          from: 600,
          points: 14,
          text: { en: 'Ten minutes or more on the site.', zh: '在网站停留十分钟以上。' },
        },
        {
          from: 900,
          points: 22,
          text: { en: 'A quarter of an hour or more on the site.', zh: '在网站停留一刻钟以上。' },
        },
      ],
    },
    {
      kind: 'number',
      name: 'engagement.visits',
      fields: ['attributes.TotalVisits', 'attributes.visits'],
      bands: [
        { from: 3, points: 2, text: { en: 'Three visits or more.', zh: '访问三次以上。' } },
        { from: 8, points: 4, text: { en: 'Eight visits or more.', zh: '访问八次以上。' } },
      ],
    },
    {
      kind: 'category',
      name: 'engagement.last_activity',
      fields: ['attributes.Last Activity'],
      values: [
        {
          match: [
            'Had a Phone Conversation',
            'Approached upfront',
            'Meeting',
            'Email Received',
            'Email Replied',
            '电话沟通',
            '会议',
          ],
          points: 14,
          text: { en: 'Spoke or wrote with us.', zh: '与我们有过沟通。' },
        },
        {
          match: ['SMS Sent', '短信'],
          points: 14,
          text: { en: 'Reached by text message.', zh: '可通过短信联系。' },
        },
        {
          match: ['Email Opened', 'Email Link Clicked', 'Form Submitted on Website', '打开邮件', '点击链接'],
          points: 5,
          text: { en: 'Reacted to us.', zh: '对我们的信息有反应。' },
        },
        {
          match: ['Email Bounced', 'Unreachable', 'Unsubscribed', 'Email Marked Spam', '退信', '退订'],
          points: -12,
          text: { en: 'Cannot or does not want to be reached.', zh: '无法或不愿被联系。' },
        },
      ],
    },
    {
      kind: 'category',
      name: 'contact.do_not_email',
      fields: ['attributes.Do Not Email'],
      values: [
        {
          match: ['Yes', 'true', '是'],
          points: -10,
          text: { en: 'Asked not to be e-mailed.', zh: '要求不接收邮件。' },
        },
      ],
    },
  ],
};
