export interface FilePart {
  readonly data: Buffer;
  /** Undefined where rows cannot be counted without reading the format. */
  readonly rows: number | undefined;
}

/** Cuts a stream of bytes into files of at most `maxBytes` each, holding no more than one of them. */
export interface PartWriter {
  /** Takes bytes; gives a file that is full. */
  write(chunk: Buffer): FilePart | undefined;
  /** The last file, also an empty one when there was nothing at all. */
  end(): FilePart | undefined;
}

const NEWLINE = 0x0a;
const QUOTE = 0x22;

/**
 * Cuts between rows: at line ends, in CSV those outside of quotes. With `header` the first row is repeated at
 * the top of each file and not counted. A row larger than `maxBytes` gets a file of its own.
 */
export function createRowPartWriter({
  quotes,
  header,
  maxBytes,
}: {
  quotes: boolean;
  header: boolean;
  maxBytes: number;
}): PartWriter {
  let head: Buffer | undefined = header ? undefined : Buffer.alloc(0);
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  /** Bytes and rows up to the last end of a row. */
  let wholeBytes = 0;
  let wholeRows = 0;
  let inQuotes = false;
  let parts = 0;

  const joined = () => Buffer.concat(pending, pendingBytes);

  function takeHead(): void {
    if (head !== undefined || wholeRows === 0) return;
    const all = joined();
    const end = rowEnds(all, quotes, false).ends[0] ?? all.length;
    head = all.subarray(0, end);
    replacePending(all.subarray(end));
    wholeBytes -= end;
    wholeRows -= 1;
  }

  function replacePending(rest: Buffer): void {
    pending = rest.length > 0 ? [rest] : [];
    pendingBytes = rest.length;
  }

  function cut(): FilePart {
    const all = joined();
    const part = {
      data: Buffer.concat([head ?? Buffer.alloc(0), all.subarray(0, wholeBytes)]),
      rows: wholeRows,
    };
    // A copy, so that the file does not stay in memory behind its rest.
    replacePending(Buffer.from(all.subarray(wholeBytes)));
    wholeBytes = 0;
    wholeRows = 0;
    parts += 1;
    return part;
  }

  return {
    write(chunk) {
      const full = wholeRows > 0 && (head?.length ?? 0) + pendingBytes + chunk.length > maxBytes;
      const part = full ? cut() : undefined;
      const { ends, inside } = rowEnds(chunk, quotes, inQuotes);
      inQuotes = inside;
      const last = ends.at(-1);
      if (last !== undefined) {
        wholeBytes = pendingBytes + last;
        wholeRows += ends.length;
      }
      pending.push(chunk);
      pendingBytes += chunk.length;
      takeHead();
      return part;
    },
    end() {
      // A last row without an end of line is a row as well.
      if (pendingBytes > wholeBytes) {
        wholeBytes = pendingBytes;
        wholeRows += 1;
        takeHead();
      }
      return parts === 0 || pendingBytes > 0 ? cut() : undefined;
    },
  };
}

/** Places after each end of a row, and whether the text ends inside of quotes. */
function rowEnds(text: Buffer, quotes: boolean, startInside: boolean): { ends: number[]; inside: boolean } {
  const ends: number[] = [];
  let inside = startInside;
  if (!quotes || (!inside && !text.includes(QUOTE))) {
    for (let at = text.indexOf(NEWLINE); at >= 0; at = text.indexOf(NEWLINE, at + 1)) ends.push(at + 1);
    return { ends, inside };
  }
  for (let at = 0; at < text.length; at += 1) {
    // A doubled quote leaves and enters again, which comes to the same.
    if (text[at] === QUOTE) inside = !inside;
    else if (text[at] === NEWLINE && !inside) ends.push(at + 1);
  }
  return { ends, inside };
}
