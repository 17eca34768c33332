export { salesAgent, type SalesAgentOptions } from './agent';
export { meetingInvite, type InviteOptions } from './invite';
export { DEFAULT_HOURS, freeTimes, type FreeTimesOptions, type WorkingHours } from './meeting-times';
export type { Citation, SalesOutput, SalesResult } from './output';
export type { BusyTime, Calendar, Crm, Meeting, SalesPorts } from './ports';
export type { SalesSettings } from './tools';
