interface PdfText {
  readonly x: number;
  /** From the top, in points. */
  readonly y: number;
  readonly text: string;
  readonly size?: number;
}

interface PdfOptions {
  readonly texts?: readonly PdfText[];
  /** JPEG that fills the page. */
  readonly jpeg?: { readonly bytes: Uint8Array; readonly width: number; readonly height: number };
  readonly attachment?: { readonly name: string; readonly content: string };
  readonly encrypted?: boolean;
  readonly pages?: number;
}

function stream(dictionary: string, content: Uint8Array): Buffer {
  return Buffer.concat([
    Buffer.from(`<< ${dictionary} /Length ${content.length} >>\nstream\n`),
    content,
    Buffer.from('\nendstream'),
  ]);
}

/** A small valid PDF, A4, Helvetica, WinAnsi. */
export function generatePdf({
  texts = [],
  jpeg,
  attachment,
  encrypted = false,
  pages = 1,
}: PdfOptions): Uint8Array {
  const objects: Buffer[] = [];
  const add = (body: string | Buffer): number =>
    objects.push(typeof body === 'string' ? Buffer.from(body) : body);
  const drawn = texts
    .map(
      ({ x, y, text, size = 10 }) =>
        `BT /F1 ${size} Tf ${x} ${842 - y} Td (${text.replace(/[\\()]/g, '\\$&')}) Tj ET`,
    )
    .join('\n');
  const content = Buffer.from(jpeg ? `q 595 0 0 842 0 0 cm /Im1 Do Q\n${drawn}` : drawn, 'latin1');
  const font = add('<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>');
  const image =
    jpeg &&
    add(
      stream(
        `/Type /XObject /Subtype /Image /Width ${jpeg.width} /Height ${jpeg.height} /ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter /DCTDecode`,
        jpeg.bytes,
      ),
    );
  const body = add(stream('', content));
  const tree = objects.length + pages + 1;
  const kids: number[] = [];
  for (let page = 0; page < pages; page += 1) {
    kids.push(
      add(
        `<< /Type /Page /Parent ${tree} 0 R /MediaBox [0 0 595 842] /Contents ${body} 0 R /Resources << /Font << /F1 ${font} 0 R >> ${
          image === undefined ? '' : `/XObject << /Im1 ${image} 0 R >>`
        } >> >>`,
      ),
    );
  }
  add(`<< /Type /Pages /Kids [${kids.map((kid) => `${kid} 0 R`).join(' ')}] /Count ${pages} >>`);
  let names = '';
  if (attachment) {
    const file = add(stream('/Type /EmbeddedFile /Subtype /text#2Fxml', Buffer.from(attachment.content)));
    const spec = add(
      `<< /Type /Filespec /F (${attachment.name}) /UF (${attachment.name}) /EF << /F ${file} 0 R >> >>`,
    );
    names = `/Names << /EmbeddedFiles << /Names [(${attachment.name}) ${spec} 0 R] >> >>`;
  }
  const root = add(`<< /Type /Catalog /Pages ${tree} 0 R ${names} >>`);
  const hex = '00'.repeat(32);
  const encrypt = encrypted
    ? `/Encrypt << /Filter /Standard /V 1 /R 2 /O <${hex}> /U <${hex}> /P -4 >> /ID [<${hex}> <${hex}>]`
    : '';
  const parts: Buffer[] = [Buffer.from('%PDF-1.7\n')];
  const offsets: number[] = [];
  let length = parts[0]?.length ?? 0;
  objects.forEach((object, at) => {
    offsets.push(length);
    const part = Buffer.concat([Buffer.from(`${at + 1} 0 obj\n`), object, Buffer.from('\nendobj\n')]);
    length += part.length;
    parts.push(part);
  });
  const table = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
  parts.push(
    Buffer.from(
      `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${table}trailer\n<< /Size ${objects.length + 1} /Root ${root} 0 R ${encrypt} >>\nstartxref\n${length}\n%%EOF\n`,
    ),
  );
  return new Uint8Array(Buffer.concat(parts));
}
