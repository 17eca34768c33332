import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Decision, PendingCall } from '@bizstack/agents/tools';
import { z } from 'zod';

/** What a person filled in, so that a page that comes again still has it. */
export interface FilledIn {
  by: string;
  reason: string;
  /** By `callId`. */
  calls: ReadonlyMap<string, { action: string | undefined; text: string | undefined }>;
}

export interface ApprovalPage {
  /** Title of the run, for the person who decides. */
  title: string;
  calls: readonly PendingCall[];
  /** Where the answer goes: the waitpoint of the run. */
  resumeUrl: string;
  /** Why the last answer decided nothing. */
  again?: { filledIn: FilledIn; problems: readonly string[] } | undefined;
}

/** Names the calls that wait: a page of earlier calls decides nothing about later ones. */
export function roundOf(calls: readonly PendingCall[]): string {
  const ids = calls.map(({ callId }) => callId).sort();
  return createHash('sha256').update(JSON.stringify(ids)).digest('hex').slice(0, 24);
}

/**
 * A page that shows what each call would do, with its exact input, and asks for a decision. It is one file, loads
 * nothing and runs no script. Opening it decides nothing, so that a program that follows links approves nothing. The
 * answer is sent by POST: an input that was changed may be longer than an address can be.
 */
export function approvalPage({ title, calls, resumeUrl, again }: ApprovalPage): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escape(title)}</title>
<style>
body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color:#1f2937;background:#fff}
fieldset{border:1px solid #9ca3af;border-radius:8px;margin:1rem 0;padding:1rem;min-width:0}
legend{font-weight:600;overflow-wrap:anywhere}
pre{background:#f3f4f6;padding:.75rem;border-radius:6px;white-space:pre-wrap;overflow-wrap:anywhere}
.destructive{color:#b91c1c}
.problems{border:1px solid #b91c1c;border-radius:8px;padding:.75rem 1rem;white-space:pre-wrap;overflow-wrap:anywhere}
label{display:block;margin:.25rem 0}
input[type=text],textarea{font:inherit;width:100%;box-sizing:border-box;padding:.4rem}
textarea{font-family:ui-monospace,monospace;font-size:.875rem}
@supports selector(:has(a)){.change{display:none}fieldset:has(input[value=edit]:checked) .change{display:block}}
button{font:inherit;padding:.5rem 1.25rem}
</style>
</head>
<body>
<h1>${escape(title)}</h1>
<p>An agent asks for approval. Nothing below has happened yet. / 智能体请求批准。以下操作均尚未执行。</p>
${again ? problemList(again.problems) : ''}
<form method="post" action="${escape(resumeUrl)}" autocomplete="off">
<input type="hidden" name="round" value="${escape(roundOf(calls))}">
${calls.map((call, index) => callField(call, index, again?.filledIn.calls.get(call.callId))).join('\n')}
<label>Your name / 您的姓名<input type="text" name="by" maxlength="100" required value="${escape(again?.filledIn.by ?? '')}"></label>
<label>Reason for rejecting / 拒绝原因<input type="text" name="reason" maxlength="500" value="${escape(again?.filledIn.reason ?? '')}"></label>
<p><button>Send / 提交</button></p>
</form>
</body>
</html>
`;
}

const LABELS = {
  read: 'read / 读取',
  write: 'write / 写入',
  destructive: 'cannot be undone / 无法撤销',
} as const;

const CHOICES = [
  ['approve', 'Approve as shown / 按原样批准'],
  ['edit', 'Approve with changes / 修改后批准'],
  ['reject', 'Reject / 拒绝'],
] as const;

function problemList(problems: readonly string[]): string {
  return `<div class="problems" role="alert"><strong>Your answer was not carried out. / 您的答复未被执行。</strong>
${problems.map((problem) => `<div>${escape(visible(problem))}</div>`).join('\n')}</div>`;
}

function callField(
  { agent, tool, label, summary, input }: PendingCall,
  index: number,
  filledIn: { action: string | undefined; text: string | undefined } | undefined,
): string {
  const shown = shownJson(input);
  const text = filledIn?.text ?? shown;
  const rows = Math.min(24, Math.max(4, text.split('\n').length + 1));
  const choices = CHOICES.map(([value, words]) => {
    const checked = filledIn?.action === value ? ' checked' : '';
    return `<label><input type="radio" name="call_${index}" value="${value}" required${checked}> ${words}</label>`;
  });
  return `<fieldset>
<legend>${escape(visible(summary))}</legend>
<p>${escape(agent)}: <code>${escape(tool)}</code> (<span class="${label}">${LABELS[label]}</span>)</p>
<pre>${escape(shown)}</pre>
${choices.join('\n')}
<label class="change">Changed input (JSON) / 修改后的输入（JSON）
<textarea name="input_${index}" rows="${rows}" spellcheck="false">
${escape(text)}</textarea></label>
</fieldset>`;
}

/** Characters that cannot be seen, or turn the text around them, as JSON escapes: what is approved is what is seen. */
function visible(text: string): string {
  return text.replace(/[\p{Cf}\p{Zl}\p{Zp}\u007f-\u009f\u3164\u115f\u1160\uffa0]/gu, (character) =>
    [...character]
      .flatMap((one) => one.split(''))
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  );
}

function shownJson(input: Readonly<Record<string, unknown>>): string {
  return visible(JSON.stringify(input, null, 2));
}

function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

const answerSchema = z.looseObject({
  round: z.string(),
  by: z.string().trim().max(100).default(''),
  reason: z.string().trim().max(500).default(''),
});
const inputSchema = z.record(z.string(), z.unknown());

/** What a sent page says: nothing about these calls, something that decides nothing, or a decision for each. */
export type PageAnswer =
  | { kind: 'none' }
  | { kind: 'wrong'; filledIn: FilledIn; problems: string[] }
  | { kind: 'decided'; filledIn: FilledIn; decisions: Decision[] };

/** Reads a sent page: the fields of its form, as the body or the query of the call that resumes the run. */
export function readAnswer(
  payload: { queryParams: unknown; body: unknown },
  calls: readonly PendingCall[],
): PageAnswer {
  const sent = answerSchema.safeParse({
    ...inputSchema.safeParse(payload.queryParams).data,
    ...inputSchema.safeParse(payload.body).data,
  });
  if (!sent.success || sent.data.round !== roundOf(calls)) return { kind: 'none' };
  const { by, reason } = sent.data;
  const field = (name: string) => z.string().safeParse(sent.data[name]).data;
  const fields = calls.map((call, index) => ({
    call,
    action: field(`call_${index}`),
    text: field(`input_${index}`),
  }));
  const filledIn: FilledIn = {
    by,
    reason,
    calls: new Map(fields.map(({ call, action, text }) => [call.callId, { action, text }])),
  };
  const problems = by === '' ? ['The name of the person who decides is missing.'] : [];
  const decisions = fields.flatMap(({ call, action, text }) => {
    const decided = decisionOf(call, { action, text, by, reason });
    if (typeof decided === 'object') return [decided];
    problems.push(`${call.summary}: ${decided}`);
    return [];
  });
  return problems.length > 0
    ? { kind: 'wrong', filledIn, problems }
    : { kind: 'decided', filledIn, decisions };
}

/** The decision, or what is wrong with it. */
function decisionOf(
  { callId, input: asked }: PendingCall,
  given: { action: string | undefined; text: string | undefined; by: string; reason: string },
): Decision | string {
  const { action, by, reason } = given;
  if (action === 'reject') return { callId, action, by, ...(reason === '' ? {} : { reason }) };
  if (action !== 'approve' && action !== 'edit') return 'There is no decision.';
  // As text and back, because text knows no -0.
  const shown: unknown = JSON.parse(JSON.stringify(asked));
  const changed = given.text === undefined ? shown : jsonIn(given.text);
  if (isDeepStrictEqual(changed, shown)) return { callId, action: 'approve', by };
  if (action === 'approve') return 'The input was changed, but "Approve as shown" was chosen.';
  const input = inputSchema.safeParse(changed);
  return input.success
    ? { callId, action: 'edit', by, input: input.data }
    : 'The changed input is no JSON object.';
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
