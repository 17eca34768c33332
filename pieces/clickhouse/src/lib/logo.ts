import { svgLogo } from '@bizstack/piece-common';

/** Columns of a table, one of them half read. */
export const logo = svgLogo(`
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64">
  <rect width="64" height="64" rx="14" fill="#2b2410"/>
  <rect x="13" y="14" width="7" height="36" rx="2" fill="#fbd34a"/>
  <rect x="24" y="14" width="7" height="36" rx="2" fill="#f6e3a1"/>
  <rect x="35" y="14" width="7" height="36" rx="2" fill="#fbd34a"/>
  <rect x="46" y="14" width="7" height="15" rx="2" fill="#f6e3a1"/>
  <rect x="46" y="35" width="7" height="15" rx="2" fill="#e2574c"/>
</svg>`);
