import type { Component } from '../composition/component.ts';
import type { Plan } from '../plan/plan.ts';
import type { ComponentKey } from './keys.ts';

/** A composed resource of a DittoServer. */
export type ServerComponent = Component<Plan, ComponentKey>;
