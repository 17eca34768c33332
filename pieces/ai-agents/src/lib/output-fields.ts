/** What a step used of its language model. */
export const usageField = { key: 'usage', label: 'Usage', description: 'Requests, tokens and cost' } as const;
