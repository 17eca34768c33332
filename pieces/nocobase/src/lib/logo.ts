import { svgLogo } from '@bizstack/piece-common';

export const LOGO = svgLogo(`
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64">
  <rect width="64" height="64" rx="14" fill="#0f172a"/>
  <g fill="none" stroke="#38bdf8" stroke-width="4"><rect x="13" y="15" width="38" height="34" rx="5"/><path d="M13 27h38M28 27v22"/></g>
  <circle cx="20.500" cy="38" r="3" fill="#f8fafc"/><path d="M34 35h11M34 42h8" stroke="#f8fafc" stroke-width="3" stroke-linecap="round"/>
</svg>`);
