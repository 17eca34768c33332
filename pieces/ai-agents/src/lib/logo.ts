import { svgLogo } from '@bizstack/piece-common';

export const LOGO = svgLogo(`
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64">
  <rect width="64" height="64" rx="14" fill="#4f46e5"/>
  <path d="M14 46 26 34l9 7 15-20" fill="none" stroke="#fff" stroke-width="5" stroke-linecap="round" stroke-linejoin="round"/>
  <path d="M46 8l2.6 6.4L55 17l-6.4 2.6L46 26l-2.6-6.4L37 17l6.4-2.6z" fill="#fbbf24"/>
</svg>`);
