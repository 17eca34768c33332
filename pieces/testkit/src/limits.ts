/** Limits of an Activepieces server at its defaults. Times are milliseconds, sizes bytes. */
export const LIMITS = {
  storeValueBytes: 512 * 1024,
  storeKeyLength: 128,
  flowTimeoutMs: 600_000,
  syncWebhookTimeoutMs: 30_000,
  triggerRunTimeoutMs: 60_000,
  triggerHookTimeoutMs: 180_000,
  propertyTimeoutMs: 60_000,
  pollIntervalMs: 300_000,
  minimumScheduleMs: 60_000,
  dedupeWindowMs: 30_000,
  webhookBodyBytes: 5 * 1024 * 1024,
  retryAttempts: 4,
  /** Waits between the attempts are this, twice this and four times this. */
  retryBaseMs: 4_000,
} as const;
