import { svgLogo } from '@bizstack/piece-common';

/** A table with a key column, on a stack of disks. */
export const logo = svgLogo(`
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64">
  <rect width="64" height="64" rx="14" fill="#1e4e79"/>
  <ellipse cx="32" cy="17" rx="18" ry="6" fill="#e8f1fa"/>
  <path d="M14 17v10c0 3.300 8 6 18 6s18-2.700 18-6V17c0 3.300-8 6-18 6s-18-2.700-18-6z" fill="#bcd7ef"/>
  <path d="M14 29v9c0 3.300 8 6 18 6s18-2.700 18-6v-9c0 3.300-8 6-18 6s-18-2.700-18-6z" fill="#8fbde5"/>
  <path d="M14 40v7c0 3.300 8 6 18 6s18-2.700 18-6v-7c0 3.300-8 6-18 6s-18-2.700-18-6z" fill="#5f9fd6"/>
</svg>`);
