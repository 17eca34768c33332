export { AutogenClient, type AutogenService } from './autogen-client';
export { AutogenTeam, type AutogenLimits, type AutogenMember, type AutogenTeamOptions } from './autogen-team';
export type { MemberEntry, MemberResult, TeamMember } from './member';
export { SupervisorTeam, type SupervisorTeamOptions } from './supervisor-team';
export {
  teamEventSchema,
  type Team,
  type TeamEvent,
  type TeamLimits,
  type TeamResumeOptions,
  type TeamRunOptions,
} from './team';
export { usageSchema } from '../providers/usage';
