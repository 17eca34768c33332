export type IntakeLocale = 'en' | 'zh';

export interface IntakeTexts {
  readonly text: string;
  readonly object: string;
  readonly attribute: string;
  readonly email: string;
  readonly phone: string;
  readonly contact: string;
  readonly unknownField: string;
  tooLong(max: number): string;
  tooMany(max: number): string;
}

/** What the sender of a lead is told. */
export const INTAKE_TEXTS: Readonly<Record<IntakeLocale, IntakeTexts>> = {
  en: {
    text: 'This must be text.',
    object: 'A lead must be a JSON object.',
    attribute: 'An attribute must be text of at most 500 characters, a number, true, false or null.',
    email: 'This is not an e-mail address.',
    phone: 'This is not a phone number. Write it with its country code, for example +49 40 123456.',
    contact: 'Give an e-mail address or a phone number.',
    unknownField: 'There is no such field. Put facts of your own into "attributes".',
    tooLong: (max) => `This is too long: at most ${max} characters.`,
    tooMany: (max) => `There are too many attributes: at most ${max}.`,
  },
  zh: {
    text: '此项必须是文本。',
    object: '线索必须是 JSON 对象。',
    attribute: '属性必须是不超过 500 个字符的文本、数字、true、false 或 null。',
    email: '电子邮箱地址无效。',
    phone: '电话号码无效。请填写国家代码，例如 +86 10 12345678。',
    contact: '请填写电子邮箱或电话。',
    unknownField: '没有此字段。自定义信息请放入 “attributes”。',
    tooLong: (max) => `内容过长：最多 ${max} 个字符。`,
    tooMany: (max) => `属性过多：最多 ${max} 个。`,
  },
};
