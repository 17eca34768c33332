/**
 * Reads a stream of server-sent events whose data is JSON, in pieces of any size. Anything else in it (comments,
 * event names, data that is not JSON) is passed over.
 */
export function createEventParser(onEvent: (event: unknown) => void): (text: string) => void {
  let rest = '';
  return (text) => {
    rest += text;
    const events = rest.split(/\r?\n\r?\n/);
    rest = events.pop() ?? '';
    for (const event of events) {
      const data = event
        .split(/\r?\n/)
        .filter((line) => line.startsWith('data:'))
        .map((line) => line.slice(5).replace(/^ /, ''))
        .join('\n');
      const json = parse(data);
      if (json !== undefined) onEvent(json);
    }
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
