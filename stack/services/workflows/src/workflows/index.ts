/** Everything that the worker's bundle exports is a workflow type. */
export { leadToCash } from './lead-to-cash';
export { invoiceProcessing } from './invoice-processing';
export { contentPublishing } from './content-publishing';
