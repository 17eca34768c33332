import type { FormField } from '../constants';

export type FormLanguage = 'en' | 'zh';

export interface FormTexts {
  readonly labels: Readonly<Record<FormField, string>>;
  readonly send: string;
  readonly sending: string;
  readonly optional: string;
  readonly contact: string;
  readonly consent: string;
  readonly success: string;
  readonly successTitle: string;
  readonly problem: string;
  readonly expired: string;
  readonly limited: string;
  readonly unknown: string;
  readonly failed: string;
  readonly tooLong: string;
  readonly invalid: Readonly<Record<'email' | 'phone' | 'other' | 'consent', string>>;
  readonly again: string;
  readonly leaveEmpty: string;
  readonly continue: string;
}

export const FORM_TEXTS: Readonly<Record<FormLanguage, FormTexts>> = {
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
    sending: 'Sending…',
    optional: 'optional',
    contact: 'Give an e-mail address or a phone number, so that we can answer.',
    consent: 'I agree to be contacted about my enquiry.',
    success: 'Thank you. We have received your enquiry and will get back to you.',
    successTitle: 'Sent',
    problem: 'Please check the fields marked below.',
    expired: 'This page was open for too long. Your entries are still here: please send it again.',
    limited: 'Too many enquiries from your network just now. Please try again in a minute.',
    unknown: 'This form does not exist or is no longer used.',
    failed: 'Your enquiry could not be saved. Please try again in a few minutes.',
    tooLong: 'This text is too long.',
    invalid: {
      email: 'This is not an e-mail address.',
      phone: 'This is not a phone number.',
      other: 'Please correct this field.',
      consent: 'Please confirm.',
    },
    again: 'Send another enquiry',
    leaveEmpty: 'Leave this field empty',
    continue: 'Continue',
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
    sending: '正在提交…',
    optional: '选填',
    contact: '请填写电子邮箱或电话，以便我们回复您。',
    consent: '我同意就此咨询与我联系。',
    success: '谢谢！我们已收到您的咨询，会尽快与您联系。',
    successTitle: '提交成功',
    problem: '请检查下方标出的内容。',
    expired: '页面打开时间过长。您填写的内容仍在，请再次提交。',
    limited: '您的网络提交过于频繁，请一分钟后再试。',
    unknown: '该表单不存在或已停用。',
    failed: '暂时无法保存您的咨询，请稍后再试。',
    tooLong: '内容过长。',
    invalid: {
      email: '电子邮箱格式不正确。',
      phone: '电话号码格式不正确。',
      other: '请修改此项。',
      consent: '请勾选确认。',
    },
    again: '再次提交咨询',
    leaveEmpty: '请勿填写此项',
    continue: '继续',
  },
};

/** `?lang=` first, then the browser's languages, else English. */
export function languageOf(wanted: unknown, acceptLanguage: string): FormLanguage {
  if (typeof wanted === 'string' && wanted !== '') return wanted.toLowerCase().startsWith('zh') ? 'zh' : 'en';
  const ranked = acceptLanguage
    .split(',')
    .map((part) => {
      const [tag = '', ...parameters] = part.trim().toLowerCase().split(';');
      const quality = parameters.map((parameter) => /^\s*q=([\d.]+)$/.exec(parameter)?.[1]).find(Boolean);
      return { tag, quality: quality === undefined ? 1 : Number(quality) };
    })
    .filter(({ tag, quality }) => quality > 0 && (tag.startsWith('zh') || tag.startsWith('en')))
    .sort((a, b) => b.quality - a.quality);
  return ranked[0]?.tag.startsWith('zh') === true ? 'zh' : 'en';
}
