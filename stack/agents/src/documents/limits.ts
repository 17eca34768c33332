/** What one document may cost. Beyond: a coded error, never a slow server. */
export const LIMITS = {
  /** Size of the file in bytes. */
  bytes: 32 * 1024 * 1024,
  /** Pages with a text layer that are read. A longer document is refused. */
  pages: 100,
  /** Pages that go through OCR; it takes seconds a page. */
  ocrPages: 10,
  /** Pieces of text on one page; a dense page of a catalogue has some thousand. */
  itemsPerPage: 20_000,
  /** Lines at the start and at the end in which fields are looked for. */
  fieldLines: 600,
  /** Pixels of one decoded image or rendered page. */
  pixels: 60_000_000,
  /** Characters of an XML invoice. */
  xmlCharacters: 10_000_000,
  /** Milliseconds for reading one document, OCR included. */
  milliseconds: 300_000,
  /** Heap of the reader thread in MiB; typed arrays of the models are not counted. */
  heapMegabytes: 768,
} as const;
