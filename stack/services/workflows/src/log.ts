export type LogFields = Readonly<Record<string, unknown>>;

export interface Log {
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/** One JSON object a line on standard output. Business data and secrets never belong in a field. */
export function jsonLog(): Log {
  const at =
    (level: string) =>
    (message: string, fields: LogFields = {}): void => {
      process.stdout.write(
        `${JSON.stringify({ ...fields, time: new Date().toISOString(), level, message })}\n`,
      );
    };
  return { info: at('info'), warn: at('warn'), error: at('error') };
}
