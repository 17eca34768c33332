import { Property } from '@activepieces/pieces-framework';
import { dropdownState } from '@bizstack/piece-common';
import { z } from 'zod';
import { clientOf, nocobaseAuth, type NocoBaseAuth } from '../auth';

const employeesSchema = z.looseObject({
  data: z.array(
    z.looseObject({ username: z.string(), nickname: z.string().nullish(), position: z.string().nullish() }),
  ),
});

const modelsSchema = z.looseObject({
  data: z.array(
    z.looseObject({
      llmService: z.string(),
      llmServiceTitle: z.string().nullish(),
      enabledModels: z.array(z.looseObject({ label: z.string().nullish(), value: z.string() })),
    }),
  ),
});

const secretsOf = ({ props }: NocoBaseAuth) => [props.apiKey, props.password];

export const employeeProp = Property.Dropdown<string, true, typeof nocobaseAuth>({
  auth: nocobaseAuth,
  displayName: 'AI Employee',
  description: 'Who is asked. Only those that the role may use are shown.',
  required: true,
  refreshers: [],
  options: ({ auth }) =>
    dropdownState({
      auth,
      secrets: auth ? secretsOf(auth) : [],
      empty: 'The role may use no AI employee',
      load: async (connected: NocoBaseAuth) => {
        const { data } = await clientOf(connected).call({
          action: 'aiEmployees:listByUser',
          schema: employeesSchema,
          repeatable: true,
        });
        return data.map(({ username, nickname, position }) => ({
          label: `${nickname || username}${position ? ` – ${position}` : ''}`,
          value: username,
        }));
      },
    }),
});

/** Parts service and model; neither name can hold it. */
const SEPARATOR = '\n';

export const modelProp = Property.Dropdown<string, false, typeof nocobaseAuth>({
  auth: nocobaseAuth,
  displayName: 'LLM Service and Model',
  description: "Instead of the employee's own.",
  required: false,
  refreshers: [],
  options: ({ auth }) =>
    dropdownState({
      auth,
      secrets: auth ? secretsOf(auth) : [],
      empty: 'NocoBase has no LLM service with a model',
      load: async (connected: NocoBaseAuth) => {
        const { data } = await clientOf(connected).call({
          action: 'ai:listAllEnabledModels',
          schema: modelsSchema,
          repeatable: true,
        });
        return data.flatMap(({ llmService, llmServiceTitle, enabledModels }) =>
          enabledModels.map(({ label, value }) => ({
            label: `${llmServiceTitle || llmService}: ${label || value}`,
            value: `${llmService}${SEPARATOR}${value}`,
          })),
        );
      },
    }),
});

export function readModel(value: string | undefined): { llmService: string; model: string } | undefined {
  const [llmService, model] = (value ?? '').split(SEPARATOR);
  return llmService && model ? { llmService, model } : undefined;
}
