/** Fields of a lead that a public form may ask for, in the order they are shown by default. */
export const FORM_FIELDS = [
  'name',
  'email',
  'phone',
  'company',
  'jobTitle',
  'country',
  'city',
  'message',
] as const;

export type FormFieldName = (typeof FORM_FIELDS)[number];
export type FormLocale = 'en' | 'zh';

export interface FormField {
  readonly name: FormFieldName;
  /** Replaces the built-in label of both languages. */
  readonly label?: string | undefined;
  readonly required?: boolean | undefined;
}

export interface FormPageModel {
  readonly form: {
    readonly key: string;
    readonly title: string;
    readonly intro?: string | undefined;
    readonly successText?: string | undefined;
    readonly fields: readonly FormField[];
  };
  /** `form` asks, `done` thanks, `closed` says that the form takes nothing now. */
  readonly state: 'form' | 'done' | 'closed';
  readonly locale: FormLocale;
  /** URL that the form posts to. */
  readonly action: string;
  /** Signed by the server; comes back with the post. */
  readonly token: string;
  /** What the visitor had typed, when it is shown again with errors. */
  readonly values?: Readonly<Record<string, string>> | undefined;
  /** By field; the key `form` is for the form as a whole. */
  readonly errors?: Readonly<Record<string, string>> | undefined;
}

/** Names of the inputs that are not fields of a lead. */
export const TOKEN_INPUT = '_token';
/** A trap: people do not see it, programs fill it in. */
export const HONEYPOT_INPUT = 'website_url';
