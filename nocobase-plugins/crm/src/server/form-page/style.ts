export const STYLE = `
:root { color-scheme: light dark; --accent: #1677ff; --line: #d0d5dd; --bad: #c0392b; --text: #1f2937; --soft: #667085; --page: #f5f7fa; --card: #fff; }
@media (prefers-color-scheme: dark) { :root { --line: #3b4250; --text: #e5e7eb; --soft: #9aa4b2; --page: #12151b; --card: #1b2028; --bad: #ff7b72; } }
* { box-sizing: border-box; }
body { margin: 0; padding: clamp(0.5rem, 4vw, 3rem); background: var(--page); color: var(--text); font: 16px/1.5 system-ui, "Segoe UI", "Noto Sans", "PingFang SC", "Microsoft YaHei", sans-serif; }
main { max-width: 34rem; margin: 0 auto; padding: clamp(1rem, 4vw, 2.25rem); background: var(--card); border: 1px solid var(--line); border-radius: 12px; }
h1 { margin: 0 0 0.5rem; font-size: 1.5rem; line-height: 1.25; }
p { margin: 0 0 1rem; color: var(--soft); white-space: pre-line; overflow-wrap: anywhere; }
label { display: block; margin: 1rem 0 0.25rem; font-weight: 600; }
label small { font-weight: 400; color: var(--soft); }
input, textarea { width: 100%; padding: 0.6rem 0.75rem; font: inherit; color: inherit; background: transparent; border: 1px solid var(--line); border-radius: 8px; }
textarea { min-height: 8rem; resize: vertical; }
input:focus-visible, textarea:focus-visible, button:focus-visible, a:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
[aria-invalid="true"] { border-color: var(--bad); }
.error { margin: 0.25rem 0 0; color: var(--bad); font-size: 0.9rem; }
.summary { padding: 0.75rem 1rem; border: 1px solid var(--bad); border-radius: 8px; color: var(--bad); }
.hint { margin-top: 1rem; font-size: 0.9rem; }
button { margin-top: 1.25rem; width: 100%; padding: 0.75rem 1rem; font: inherit; font-weight: 600; color: #fff; background: var(--accent); border: 0; border-radius: 8px; cursor: pointer; }
button:hover { filter: brightness(1.08); }
.trap { position: absolute; left: -10000px; width: 1px; height: 1px; overflow: hidden; }
`;
