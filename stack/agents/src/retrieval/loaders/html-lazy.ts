import { Parser } from 'htmlparser2';
import { type BlockKind, DocumentBuilder, type LoadedDocument } from '../document';

/** Not text for a reader. Navigation is the same on every page and would be found by every search. */
const SKIPPED = new Set([
  ...[
    'script',
    'style',
    'noscript',
    'template',
    'svg',
    'math',
    'iframe',
    'object',
    'canvas',
    'select',
    'nav',
  ],
  ...['audio', 'video', 'textarea', 'button'],
]);
const BLOCKS = new Set(
  `address article aside blockquote body dd details dialog div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5
  h6 header hr html li main ol p pre section summary table tbody td tfoot th thead tr ul caption`.split(
    /\s+/,
  ),
);
const VOID = new Set('area base br col embed hr img input link meta source track wbr'.split(' '));

/** What a reader of the page sees. Hidden elements are left out: nobody proof-reads them. */
export function loadHtml(html: string): LoadedDocument {
  const reader = new HtmlReader();
  const parser = new Parser(
    {
      onopentag: (name, attributes) => {
        reader.open(name, attributes);
      },
      ontext: (text) => {
        reader.text(text);
      },
      onclosetag: (name) => {
        reader.close(name);
      },
    },
    { decodeEntities: true, lowerCaseTags: true },
  );
  parser.end(html);
  return reader.finish();
}

class HtmlReader {
  private readonly builder = new DocumentBuilder();
  private readonly skipping: string[] = [];
  private line = '';
  private title: string | undefined;
  private inTitle = false;
  private heading = 0;
  private pre = 0;
  private items = 0;
  /** Cells of the table row that is open. */
  private row: { cells: string[]; header: boolean } | undefined;

  open(name: string, attributes: Readonly<Record<string, string>>): void {
    if (VOID.has(name)) {
      if (this.skipping.length === 0 && (name === 'br' || name === 'hr')) this.line += '\n';
      return;
    }
    if (this.skipping.length > 0 || SKIPPED.has(name) || isHidden(attributes)) {
      this.skipping.push(name);
      return;
    }
    if (name === 'title') this.inTitle = true;
    if (BLOCKS.has(name) && !this.row) this.flush();
    if (name === 'tr') this.row = { cells: [], header: true };
    if (name === 'td' && this.row) this.row.header = false;
    if (name === 'pre') this.pre += 1;
    if (name === 'li') this.items += 1;
    const level = /^h([1-6])$/.exec(name);
    if (level) this.heading = Number(level[1]);
  }

  text(text: string): void {
    if (this.skipping.length > 0) return;
    if (this.inTitle) this.title = (this.title ?? '') + text;
    else this.line += this.pre > 0 ? text : text.replace(/\s+/g, ' ');
  }

  close(name: string): void {
    if (VOID.has(name)) return;
    if (this.skipping.length > 0) {
      this.skipping.pop();
      return;
    }
    if (name === 'title') this.inTitle = false;
    else if ((name === 'td' || name === 'th') && this.row) {
      this.row.cells.push(this.takeLine().replace(/\s+/g, ' ').trim());
    } else if (name === 'tr') this.closeRow();
    else if (BLOCKS.has(name)) {
      if (this.row) this.line += ' ';
      else this.flush();
    }
    if (name === 'pre') this.pre = Math.max(0, this.pre - 1);
    if (name === 'li') this.items = Math.max(0, this.items - 1);
    if (/^h[1-6]$/.test(name)) this.heading = 0;
  }

  finish(): LoadedDocument {
    this.closeRow();
    this.flush();
    return this.builder.build(this.title);
  }

  private closeRow(): void {
    const { row } = this;
    this.row = undefined;
    if (!row) return;
    const rest = this.takeLine().trim();
    const cells = rest === '' ? row.cells : [...row.cells, rest];
    if (cells.some((cell) => cell !== '')) {
      this.builder.add(row.header ? 'table_header' : 'table_row', cells.join(' | '));
    }
  }

  private flush(): void {
    const text = this.takeLine();
    if (this.heading > 0) this.builder.add('heading', text.replace(/\s+/g, ' '), { level: this.heading });
    else if (this.pre > 0) this.builder.add('code', text);
    else this.builder.add(this.kind(), text.replace(/[^\S\n]+/g, ' ').replace(/ *\n */g, '\n'));
  }

  private kind(): BlockKind {
    return this.items > 0 ? 'list_item' : 'paragraph';
  }

  private takeLine(): string {
    const { line } = this;
    this.line = '';
    return line;
  }
}

function isHidden(attributes: Readonly<Record<string, string>>): boolean {
  return (
    'hidden' in attributes ||
    attributes['aria-hidden'] === 'true' ||
    /display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.\d]*[1-9])/i.test(
      attributes['style'] ?? '',
    )
  );
}
