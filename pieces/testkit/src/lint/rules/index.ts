import type { Rule } from '../context';
import {
  commonJs,
  entryPath,
  heapSize,
  noDependencies,
  noInstallScripts,
  pieceExport,
  plainVersion,
  singleFile,
  supportedRelease,
  tarballSize,
} from './package';
import { aiMetadata, audience, dropdowns, outputSchema, sampleData, secretText } from './quality';
import { i18n, logo, snakeCase, texts } from './texts';

/** Every rule; the first half decides whether a server loads the package, the second how good it is. */
export const RULES: readonly Rule[] = [
  entryPath,
  pieceExport,
  plainVersion,
  commonJs,
  noInstallScripts,
  supportedRelease,
  singleFile,
  noDependencies,
  tarballSize,
  heapSize,
  snakeCase,
  texts,
  sampleData,
  outputSchema,
  aiMetadata,
  audience,
  secretText,
  logo,
  i18n,
  dropdowns,
];
