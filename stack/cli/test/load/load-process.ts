// One load in a process of its own, so that a test can kill it.
import { type LoadIntoActivepiecesOptions, loadIntoActivepieces } from '../../src/load';

const options = JSON.parse(process.env['LOAD'] ?? '{}') as LoadIntoActivepiecesOptions;
void loadIntoActivepieces(options);
