import { Property } from '@activepieces/pieces-framework';

export const languageProp = Property.StaticDropdown({
  displayName: 'Language',
  description: 'Language of the reasons.',
  required: false,
  defaultValue: 'en',
  options: {
    options: [
      { label: 'English', value: 'en' },
      { label: 'Chinese', value: 'zh' },
    ],
  },
});

export const modelNameProp = Property.ShortText({
  displayName: 'Stored Model',
  description: 'Name of the model in PostgreSQL, for example leads. Empty: none.',
  required: false,
});

export const textProp = Property.LongText({
  displayName: 'Text',
  description: 'The text to work on.',
  required: true,
});

export const instructionsProp = Property.LongText({
  displayName: 'Instructions',
  description: 'What to watch, in your own words. Never put text from outside in here.',
  required: false,
});
