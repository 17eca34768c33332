import type { FieldDefinition } from '@nocobase/database';
import { NAMESPACE } from '../constants';

/** A title that the user interface translates. */
export function title(text: string): string {
  return `{{t(${JSON.stringify(text)}, { ns: ${JSON.stringify(NAMESPACE)} })}}`;
}

export function id(): FieldDefinition {
  return {
    name: 'id',
    type: 'snowflakeId',
    primaryKey: true,
    allowNull: false,
    interface: 'snowflakeId',
    uiSchema: { type: 'number', title: '{{t("ID")}}', 'x-component': 'InputNumber', 'x-read-pretty': true },
  };
}

interface TextOptions {
  readonly length?: number;
  readonly index?: boolean;
  readonly unique?: boolean;
  readonly readOnly?: boolean;
  readonly defaultValue?: string;
}

export function text(name: string, label: string, options: TextOptions = {}): FieldDefinition {
  const { readOnly = false, length = 255, ...rest } = options;
  return {
    name,
    type: 'string',
    length,
    ...rest,
    interface: 'input',
    uiSchema: {
      type: 'string',
      title: title(label),
      'x-component': 'Input',
      ...(readOnly ? { 'x-read-pretty': true } : {}),
    },
  };
}

export function longText(name: string, label: string): FieldDefinition {
  return {
    name,
    type: 'text',
    interface: 'textarea',
    uiSchema: { type: 'string', title: title(label), 'x-component': 'Input.TextArea' },
  };
}

export interface Choice {
  readonly value: string;
  readonly label: string;
  readonly color?: string;
}

export function select(
  name: string,
  label: string,
  choices: readonly Choice[],
  defaultValue?: string,
): FieldDefinition {
  return {
    name,
    type: 'string',
    index: true,
    ...(defaultValue === undefined ? {} : { defaultValue }),
    interface: 'select',
    uiSchema: {
      type: 'string',
      title: title(label),
      'x-component': 'Select',
      enum: choices.map((choice) => ({ ...choice, label: title(choice.label) })),
    },
  };
}

export function multiSelect(
  name: string,
  label: string,
  choices: readonly Choice[],
  defaultValue: readonly string[],
): FieldDefinition {
  return {
    name,
    type: 'json',
    defaultValue,
    interface: 'multipleSelect',
    uiSchema: {
      type: 'array',
      title: title(label),
      'x-component': 'Select',
      'x-component-props': { mode: 'multiple' },
      enum: choices.map((choice) => ({ ...choice, label: title(choice.label) })),
    },
  };
}

export function number(
  name: string,
  label: string,
  options: { readonly precision?: number; readonly readOnly?: boolean } = {},
): FieldDefinition {
  return {
    name,
    type: 'double',
    interface: 'number',
    uiSchema: {
      type: 'number',
      title: title(label),
      'x-component': 'InputNumber',
      'x-component-props': {
        stringMode: false,
        step: options.precision === undefined ? '1' : String(10 ** -options.precision),
      },
      ...(options.readOnly === true ? { 'x-read-pretty': true } : {}),
    },
  };
}

export function integer(name: string, label: string, defaultValue = 0): FieldDefinition {
  return {
    name,
    type: 'integer',
    defaultValue,
    interface: 'integer',
    uiSchema: { type: 'number', title: title(label), 'x-component': 'InputNumber', 'x-read-pretty': true },
  };
}

export function checkbox(name: string, label: string, defaultValue: boolean): FieldDefinition {
  return {
    name,
    type: 'boolean',
    defaultValue,
    interface: 'checkbox',
    uiSchema: { type: 'boolean', title: title(label), 'x-component': 'Checkbox' },
  };
}

export function json(name: string, label: string, defaultValue?: unknown): FieldDefinition {
  return {
    name,
    type: 'jsonb',
    ...(defaultValue === undefined ? {} : { defaultValue }),
    interface: 'json',
    uiSchema: {
      type: 'object',
      title: title(label),
      'x-component': 'Input.JSON',
      'x-component-props': { autoSize: { minRows: 3 } },
    },
  };
}

export function datetime(name: string, label: string): FieldDefinition {
  return {
    name,
    type: 'date',
    interface: 'datetime',
    uiSchema: {
      type: 'string',
      title: title(label),
      'x-component': 'DatePicker',
      'x-component-props': { showTime: true, utc: true },
      'x-read-pretty': true,
    },
  };
}

export function createdAt(): FieldDefinition {
  return {
    name: 'createdAt',
    type: 'date',
    field: 'createdAt',
    interface: 'createdAt',
    uiSchema: {
      type: 'datetime',
      title: '{{t("Created at")}}',
      'x-component': 'DatePicker',
      'x-component-props': { showTime: true },
      'x-read-pretty': true,
    },
  };
}

export function updatedAt(): FieldDefinition {
  return {
    name: 'updatedAt',
    type: 'date',
    field: 'updatedAt',
    interface: 'updatedAt',
    uiSchema: {
      type: 'datetime',
      title: '{{t("Last updated at")}}',
      'x-component': 'DatePicker',
      'x-component-props': { showTime: true },
      'x-read-pretty': true,
    },
  };
}
