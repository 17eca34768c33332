export { examine, type DoctorReport, type HopResult } from './doctor/doctor';
export { demoLeads } from './seed/demo-leads';
export { createProgram } from './program';
