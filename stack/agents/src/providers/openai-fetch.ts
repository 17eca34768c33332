import { z } from 'zod';
import { ProviderFault } from './errors';
import { providerFetch } from './provider-fetch';

const refusalSchema = z.object({
  choices: z.array(
    z.object({
      message: z.object({ refusal: z.string().nullish() }).optional(),
      delta: z.object({ refusal: z.string().nullish() }).optional(),
    }),
  ),
});

/** {@link providerFetch} that sees refusals: LangChain drops that field. */
export async function openAiFetch(input: string | URL | Request, init?: RequestInit): Promise<Response> {
  const response = await providerFetch(input, init);
  if (response.headers.get('content-type')?.includes('text/event-stream')) {
    return new Response(response.body?.pipeThrough(refusalsOfStream()), response);
  }
  const text = await response.text();
  throwRefusal(text);
  return new Response(text, response);
}

function refusalsOfStream(): TransformStream<Uint8Array, Uint8Array> {
  const decoder = new TextDecoder();
  let rest = '';
  return new TransformStream({
    transform(chunk, controller) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (line.startsWith('data:') && line.includes('"refusal"')) throwRefusal(line.slice(5));
      }
      controller.enqueue(chunk);
    },
  });
}

function throwRefusal(text: string): void {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return;
  }
  const choice = refusalSchema.safeParse(json).data?.choices[0];
  const refusal = choice?.message?.refusal ?? choice?.delta?.refusal;
  if (refusal) throw new ProviderFault('refused', 200, refusal);
}
