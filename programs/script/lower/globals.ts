/** Variables of every object that user space shares: the section `.data`. */

import { NAMES } from "../plan.ts";

/** Where each is, in bytes. */
export const VARIABLES = { armed: 0, started: 8, exited: 16 } as const;

/** Their names, in the order of their places. */
export const VARIABLE_NAMES: readonly string[] = [NAMES.armed, NAMES.started, NAMES.exited];
