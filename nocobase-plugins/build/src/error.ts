/** `BIZ_PLUGIN_<WHAT>`; stable, so that scripts can match on it. */
export type PluginErrorCode = `BIZ_PLUGIN_${string}`;

/** Thrown when a plugin cannot be built, packed or checked at all. */
export class BizPluginError extends Error {
  constructor(
    readonly code: PluginErrorCode,
    message: string,
    cause?: unknown,
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'BizPluginError';
  }
}
