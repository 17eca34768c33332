// Writes src/agents/prompts.ts from the Markdown files beside the agents, so that a bundle of one file has them.
// Run it after a change of a prompt: node stack/agents/scripts/prompts.mjs. A test compares both.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const agents = new URL('../src/agents/', import.meta.url);
const names = ['sales', 'content', 'finance', 'operations', 'supervisor'];
const lines = names.map((name) => {
  const folder =
    name === 'supervisor' ? new URL('../src/teams/', import.meta.url) : new URL(`${name}/`, agents);
  const text = readFileSync(new URL('prompt.md', folder), 'utf8').trim();
  return `  ${name}: \`${text.replaceAll('\\', '\\\\').replaceAll('`', '\\`').replaceAll('${', '\\${')}\`,`;
});
const source = `// Made by scripts/prompts.mjs from the files prompt.md; change those.\nexport const PROMPTS = {\n${lines.join('\n')}\n} as const;\n`;
writeFileSync(fileURLToPath(new URL('prompts.ts', agents)), source);
