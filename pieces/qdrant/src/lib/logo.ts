import { svgLogo } from '@bizstack/piece-common';

export const LOGO = svgLogo(`
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64">
  <rect width="64" height="64" rx="14" fill="#dc2626"/>
  <path d="M32 11 50 21v22L32 53 14 43V21z" fill="none" stroke="#fff" stroke-width="3.5" stroke-linejoin="round"/>
  <g fill="#fff"><circle cx="32" cy="31" r="5"/><circle cx="23" cy="25" r="3"/><circle cx="42" cy="26" r="3"/><circle cx="27" cy="41" r="3"/><circle cx="40" cy="39" r="3"/></g>
</svg>`);
