import { svgLogo } from '@bizstack/piece-common';

/** A path that goes on through stops, with a clock at its end. */
export const logo = svgLogo(`
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64">
  <rect width="64" height="64" rx="14" fill="#2b2350"/>
  <path d="M14 18h22a9 9 0 0 1 0 18H24" fill="none" stroke="#8f83d8" stroke-width="4" stroke-linecap="round"/>
  <circle cx="14" cy="18" r="5" fill="#c9c2f4"/>
  <circle cx="30" cy="18" r="5" fill="#c9c2f4"/>
  <circle cx="24" cy="43" r="12" fill="#f4f1ff"/>
  <path d="M24 36v7l5 4" fill="none" stroke="#2b2350" stroke-width="3.500" stroke-linecap="round" stroke-linejoin="round"/>
  <path d="M44 43h8m-4-4 4 4-4 4" fill="none" stroke="#7fd6b2" stroke-width="4" stroke-linecap="round" stroke-linejoin="round"/>
</svg>`);
