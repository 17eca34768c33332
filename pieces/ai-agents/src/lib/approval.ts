import { createHash } from 'node:crypto';
import type { Decision, PendingCall } from '@bizstack/agents/tools';
import { z } from 'zod';

export interface ApprovalPage {
  /** Title of the run, for the person who decides. */
  title: string;
  calls: readonly PendingCall[];
  /** Where the answer goes: the waitpoint of the run. */
  resumeUrl: string;
}

/** Names the calls that wait: a page of earlier calls decides nothing about later ones. */
export function roundOf(calls: readonly PendingCall[]): string {
  const ids = calls.map(({ callId }) => callId).sort();
  return createHash('sha256').update(JSON.stringify(ids)).digest('hex').slice(0, 24);
}

/**
 * A page that shows what each call would do, with its exact input, and asks for a decision. It is one file, loads
 * nothing and runs no script. Opening it decides nothing, so that a program that follows links approves nothing.
 */
export function approvalPage({ title, calls, resumeUrl }: ApprovalPage): string {
  const url = new URL(resumeUrl);
  // A form that is sent by GET replaces the query of its address.
  const kept = [...url.searchParams, ['round', roundOf(calls)] as const]
    .map(([name, value]) => `<input type="hidden" name="${escape(name)}" value="${escape(value)}">`)
    .join('');
  url.search = '';
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
fieldset{border:1px solid #9ca3af;border-radius:8px;margin:1rem 0;padding:1rem}
legend{font-weight:600}
pre{background:#f3f4f6;padding:.75rem;border-radius:6px;white-space:pre-wrap;overflow-wrap:anywhere}
.destructive{color:#b91c1c}
label{display:block;margin:.25rem 0}
input[type=text]{font:inherit;width:100%;box-sizing:border-box;padding:.4rem}
button{font:inherit;padding:.5rem 1.25rem}
</style>
</head>
<body>
<h1>${escape(title)}</h1>
<p>An agent asks for approval. Nothing below has happened yet. / 智能体请求批准。以下操作均尚未执行。</p>
<form method="get" action="${escape(url.href)}">
${kept}
${calls.map(callField).join('\n')}
<label>Your name / 您的姓名<input type="text" name="by" maxlength="100" required></label>
<label>Reason for rejecting / 拒绝原因<input type="text" name="reason" maxlength="500"></label>
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

function callField({ agent, tool, label, summary, input }: PendingCall, index: number): string {
  const name = `call_${index}`;
  return `<fieldset>
<legend>${escape(summary)}</legend>
<p>${escape(agent)}: <code>${escape(tool)}</code> (<span class="${label}">${LABELS[label]}</span>)</p>
<pre>${escape(JSON.stringify(input, null, 2))}</pre>
<label><input type="radio" name="${name}" value="approve" required> Approve / 批准</label>
<label><input type="radio" name="${name}" value="reject"> Reject / 拒绝</label>
</fieldset>`;
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
  by: z.string().trim().min(1).max(100),
  reason: z.string().trim().max(500).optional(),
});

/**
 * The decisions of a sent page, one for each call that waits.
 * @returns undefined when the answer is none, is incomplete, or belongs to other calls.
 */
export function readDecisions(
  payload: { queryParams: unknown; body: unknown },
  calls: readonly PendingCall[],
): Decision[] | undefined {
  const given = z.record(z.string(), z.unknown());
  const answer = answerSchema.safeParse({
    ...given.safeParse(payload.body).data,
    ...given.safeParse(payload.queryParams).data,
  });
  if (!answer.success || answer.data.round !== roundOf(calls)) return undefined;
  const { by, reason } = answer.data;
  const decisions = calls.map(({ callId }, index): Decision | undefined => {
    const action = answer.data[`call_${index}`];
    if (action === 'approve') return { callId, action, by };
    return action === 'reject' ? { callId, action, by, ...(reason ? { reason } : {}) } : undefined;
  });
  return decisions.every((decision) => decision !== undefined) ? decisions : undefined;
}
