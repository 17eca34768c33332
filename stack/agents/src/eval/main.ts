// Entry of `npm run eval`: one evaluation a file, loaded only when it is asked for.
import { isBizError } from '@bizstack/contracts';
import { evaluations } from './evaluations';

async function main([name, ...args]: string[]): Promise<number> {
  const evaluation = name === undefined ? undefined : evaluations.get(name);
  if (!evaluation) {
    console.error(`Usage: npm run eval -- <${[...evaluations.keys()].join(' | ')}> [options]`);
    return 2;
  }
  await evaluation.run(args);
  return 0;
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(isBizError(error) ? `${error.code}: ${error.message}` : error);
    process.exitCode = 1;
  },
);
