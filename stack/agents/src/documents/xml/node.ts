import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { messageOf } from '@bizstack/contracts';
import { DocumentError } from '../errors';
import { LIMITS } from '../limits';

/** Read access to parsed XML by local names: prefixes differ between writers. */
export class XmlNode {
  constructor(private readonly content: unknown) {}

  /** Children with this name, in order. */
  all(name: string): XmlNode[] {
    const { content } = this;
    if (typeof content !== 'object' || content === null || !(name in content)) return [];
    const child: unknown = Object.entries(content).find(([key]) => key === name)?.[1];
    return (Array.isArray(child) ? child : [child]).map((one: unknown) => new XmlNode(one));
  }

  /** First node at a path of names. */
  at(...path: readonly string[]): XmlNode | undefined {
    let found: XmlNode[] = [this];
    for (const name of path) found = found.flatMap((node) => node.all(name));
    return found[0];
  }

  /** Text of this node; undefined when empty. */
  get text(): string | undefined {
    const { content } = this;
    const raw: unknown =
      typeof content === 'object' && content !== null && '#text' in content ? content['#text'] : content;
    return typeof raw === 'string' && raw.trim() !== '' ? raw.trim() : undefined;
  }

  /** Text at a path. */
  textAt(...path: readonly string[]): string | undefined {
    return this.at(...path)?.text;
  }

  numberAt(...path: readonly string[]): number | undefined {
    const value = Number(this.textAt(...path) ?? NaN);
    return Number.isFinite(value) ? value : undefined;
  }

  attribute(name: string): string | undefined {
    const { content } = this;
    if (typeof content !== 'object' || content === null) return undefined;
    const value: unknown = Object.entries(content).find(([key]) => key === `@${name}`)?.[1];
    return typeof value === 'string' ? value : undefined;
  }
}

/**
 * Parses XML without entities of its own: a document type is refused, so nothing can be expanded.
 *
 * @throws DocumentError BROKEN, TOO_BIG
 */
export function parseXml(text: string): XmlNode {
  if (text.length > LIMITS.xmlCharacters) {
    throw new DocumentError('TOO_BIG', `The XML has more than ${LIMITS.xmlCharacters} characters.`, {
      hint: 'Send the invoice without attachments.',
    });
  }
  if (/<!DOCTYPE|<!ENTITY/i.test(text)) {
    throw new DocumentError('BROKEN', 'The XML declares a document type, which invoices do not have.', {
      hint: 'Send UBL or CII without DOCTYPE.',
    });
  }
  const valid = XMLValidator.validate(text);
  if (valid !== true) {
    throw new DocumentError('BROKEN', `The XML is not well-formed (line ${valid.err.line}).`, {
      hint: 'Send the original file.',
    });
  }
  try {
    const parser = new XMLParser({
      ignoreAttributes: false,
      attributeNamePrefix: '@',
      removeNSPrefix: true,
      parseTagValue: false,
      parseAttributeValue: false,
      ignoreDeclaration: true,
    });
    return new XmlNode(parser.parse(text));
  } catch (cause) {
    throw new DocumentError('BROKEN', `The XML cannot be read: ${messageOf(cause).slice(0, 120)}.`, {
      hint: 'Send the original file.',
      cause,
    });
  }
}
