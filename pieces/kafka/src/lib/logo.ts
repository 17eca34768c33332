import { svgLogo } from '@bizstack/piece-common';

/** A log with partitions, and a message leaving it. */
export const logo = svgLogo(`
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64">
  <rect width="64" height="64" rx="14" fill="#1f2a37"/>
  <g fill="#f8fafc">
    <rect x="12" y="14" width="8" height="8" rx="2"/><rect x="23" y="14" width="8" height="8" rx="2"/><rect x="34" y="14" width="8" height="8" rx="2"/>
    <rect x="12" y="28" width="8" height="8" rx="2"/><rect x="23" y="28" width="8" height="8" rx="2"/>
    <rect x="12" y="42" width="8" height="8" rx="2"/><rect x="23" y="42" width="8" height="8" rx="2"/><rect x="34" y="42" width="8" height="8" rx="2"/>
  </g>
  <rect x="34" y="28" width="8" height="8" rx="2" fill="#f59e0b"/>
  <path d="M44 32h9m-4-4 4 4-4 4" fill="none" stroke="#f59e0b" stroke-width="3" stroke-linecap="round" stroke-linejoin="round"/>
</svg>`);
