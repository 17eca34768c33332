import { z } from 'zod';

/** Field `bundle` of a piece's package.json: what does not fit into its one file. */
export const bundleSettingsSchema = z.strictObject({
  /** Worker threads: name of the file beside src/index.js, and the source relative to the piece. */
  threads: z.record(z.string().regex(/^[\w-]+\.js$/), z.string().min(1)).default({}),
  /** Packages with wasm, models or binaries: they stay dependencies, each with its exact version. */
  external: z.record(z.string().min(1), z.string().regex(/^\d+\.\d+\.\d+$/, 'an exact version')).default({}),
});
export type BundleSettings = z.output<typeof bundleSettingsSchema>;
