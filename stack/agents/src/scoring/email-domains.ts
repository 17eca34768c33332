/** Mail providers for private persons, as registrable names; subdomains and country endings count too. */
const FREE_MAIL = new Set([
  ...['gmail.com', 'googlemail.com', 'outlook.com', 'live.com', 'msn.com', 'aol.com', 'icloud.com', 'me.com'],
  ...['mac.com', 'proton.me', 'protonmail.com', 'pm.me', 'zoho.com', 'mail.com', 'fastmail.com', 'hey.com'],
  ...['yandex.com', 'yandex.ru', 'mail.ru', 'inbox.ru', 'list.ru', 'bk.ru', 'rambler.ru', 'ukr.net'],
  ...[
    'qq.com',
    'foxmail.com',
    '163.com',
    '126.com',
    'yeah.net',
    'sina.com',
    'sina.cn',
    'sohu.com',
    '139.com',
  ],
  ...['189.cn', 'aliyun.com', 'tom.com', '21cn.com', 'wo.cn', 'naver.com', 'daum.net', 'hanmail.net'],
  ...[
    'gmx.com',
    'gmx.de',
    'gmx.net',
    'gmx.at',
    'web.de',
    't-online.de',
    'freenet.de',
    'orange.fr',
    'free.fr',
  ],
  ...['laposte.net', 'wanadoo.fr', 'sfr.fr', 'libero.it', 'virgilio.it', 'tiscali.it', 'seznam.cz', 'wp.pl'],
  ...['onet.pl', 'o2.pl', 'interia.pl', 'uol.com.br', 'bol.com.br', 'terra.com.br', 'rediffmail.com'],
  ...['comcast.net', 'verizon.net', 'att.net', 'sbcglobal.net', 'btinternet.com', 'sky.com', 'bigpond.com'],
]);

/** Providers with one domain per country, for example `yahoo.co.uk`. */
const FREE_MAIL_BRANDS = new Set(['yahoo', 'hotmail', 'outlook', 'live', 'ymail', 'rocketmail']);

const DISPOSABLE = new Set([
  ...['mailinator.com', 'guerrillamail.com', 'guerrillamail.info', 'sharklasers.com', '10minutemail.com'],
  ...['tempmail.com', 'temp-mail.org', 'throwawaymail.com', 'yopmail.com', 'getnada.com', 'trashmail.com'],
  ...['dispostable.com', 'maildrop.cc', 'fakeinbox.com', 'mailnesia.com', 'mintemail.com', 'moakt.com'],
]);

/** RFC 2606 and RFC 6761: never a real company, so neither praised nor blamed. */
const RESERVED = /(^|\.)(example\.(com|org|net)|example|test|invalid|localhost)$/;

export type EmailKind = 'business' | 'freeMail' | 'disposable' | 'reserved';

/** What kind of address it is, by its domain alone. */
export function emailKind(email: string): EmailKind {
  const domain = email.slice(email.lastIndexOf('@') + 1).toLowerCase();
  if (RESERVED.test(domain)) return 'reserved';
  const labels = domain.split('.');
  const parents = labels.map((_, index) => labels.slice(index).join('.'));
  if (parents.some((parent) => DISPOSABLE.has(parent))) return 'disposable';
  if (parents.some((parent) => FREE_MAIL.has(parent))) return 'freeMail';
  const brand = labels[0];
  return brand !== undefined && labels.length <= 3 && FREE_MAIL_BRANDS.has(brand) ? 'freeMail' : 'business';
}
