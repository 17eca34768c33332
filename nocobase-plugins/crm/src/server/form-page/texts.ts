import type { FormFieldName, FormLocale } from './model';

interface Texts {
  readonly labels: Readonly<Record<FormFieldName, string>>;
  readonly send: string;
  readonly sent: string;
  readonly another: string;
  readonly closed: string;
  readonly problem: string;
  readonly required: string;
  readonly contact: string;
  readonly trap: string;
}

export const TEXTS: Readonly<Record<FormLocale, Texts>> = {
  en: {
    labels: {
      name: 'Name',
      email: 'E-mail',
      phone: 'Phone',
      company: 'Company',
      jobTitle: 'Job title',
      country: 'Country',
      city: 'City',
      message: 'How can we help?',
    },
    send: 'Send',
    sent: 'Thank you. We have your message and will be in touch.',
    another: 'Send another message',
    closed: 'This form is closed.',
    problem: 'Please correct the fields marked below.',
    required: 'required',
    contact: 'An e-mail address or a phone number is enough to reach you.',
    trap: 'Leave this field empty',
  },
  zh: {
    labels: {
      name: '姓名',
      email: '电子邮箱',
      phone: '电话',
      company: '公司',
      jobTitle: '职位',
      country: '国家/地区',
      city: '城市',
      message: '您需要什么帮助？',
    },
    send: '提交',
    sent: '谢谢！我们已收到您的信息，会尽快与您联系。',
    another: '再提交一条',
    closed: '此表单已关闭。',
    problem: '请更正下面标出的字段。',
    required: '必填',
    contact: '电子邮箱和电话填写其一即可。',
    trap: '请勿填写此项',
  },
};

/** The first language of an Accept-Language header that the page speaks. */
export function formLocale(requested: string | undefined, acceptLanguage: string | undefined): FormLocale {
  const wanted = [requested ?? '', ...(acceptLanguage ?? '').split(',')];
  for (const tag of wanted) {
    const language = tag.trim().toLowerCase();
    if (language.startsWith('zh')) return 'zh';
    if (language.startsWith('en')) return 'en';
  }
  return 'en';
}
