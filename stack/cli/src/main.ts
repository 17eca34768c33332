import { isBizError, messageOf } from '@bizstack/contracts';
import { createProgram } from './program';

createProgram()
  .parseAsync()
  .catch((error: unknown) => {
    console.error(isBizError(error) ? `${error.code}: ${error.message}` : messageOf(error));
    if (process.env['BIZSTACK_DEBUG']) console.error(error);
    process.exit(1);
  });
