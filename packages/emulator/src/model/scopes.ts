import type { Cost } from "./cost.js";
import { Limiter, type Limits, type Shortage } from "./limiter.js";
import { Recent } from "./recent.js";
import type { ModelSettings } from "./settings.js";

/** Whose limit it is: the key's own, or the one that all keys share. */
export type Scope = "project" | "organization";

/** Which limit refuses, and whose it is. */
export interface ScopedShortage extends Shortage {
  readonly scope: Scope;
  /** Whether both scopes have limits. */
  readonly stacked: boolean;
}

/** The two limiters that a request has to pass. */
export type ScopedLimiters = { readonly [scope in Scope]: Limiter };

/** So many (key, model) at least are remembered; who comes back after that many others finds full buckets. */
const REMEMBERED_LIMITERS = 100_000;

/** The limiters of every (key, model) and of every model's organisation. */
export class Scopes {
  #settings: ModelSettings;
  readonly #projects = new Recent(REMEMBERED_LIMITERS, (name) => this.#project(name));
  readonly #organization = new Recent(REMEMBERED_LIMITERS, () => this.#shared());

  constructor(settings: ModelSettings) {
    this.#settings = settings;
  }

  of(key: string, model: string): ScopedLimiters {
    return { project: this.#projects.of(`${key}\n${model}`), organization: this.#organization.of(model) };
  }

  /** Puts other settings in force; the counts stay. */
  change(settings: ModelSettings, nowMs: number): void {
    this.#settings = settings;
    const { organization, organizationRules, rules } = settings;
    this.#organization.each((limiter) => limiter.change(organization, organizationRules, nowMs));
    this.#projects.each((limiter, name) => limiter.change(this.#limitsOf(name), rules, nowMs));
  }

  #project(name: string): Limiter {
    return new Limiter(this.#limitsOf(name), this.#settings.rules);
  }

  #shared(): Limiter {
    return new Limiter(this.#settings.organization, this.#settings.organizationRules);
  }

  #limitsOf(name: string): Limits {
    const { limits, limitsByModel } = this.#settings;
    const model = name.slice(name.indexOf("\n") + 1);
    return Object.hasOwn(limitsByModel, model) ? (limitsByModel[model] ?? limits) : limits;
  }
}

/** Of the two scopes' shortages the one that a provider would name: what never fits first, then the organisation's. */
export function shortageIn(scopes: ScopedLimiters, cost: Cost, nowMs: number): ScopedShortage | undefined {
  const organization = scopes.organization.shortage(cost, nowMs);
  const project = scopes.project.shortage(cost, nowMs);
  if (organization === undefined && project === undefined) return undefined;
  const stacked = scopes.organization.isLimited && scopes.project.isLimited;
  const found: ScopedShortage[] = [];
  if (organization !== undefined) found.push({ ...organization, scope: "organization", stacked });
  if (project !== undefined) found.push({ ...project, scope: "project", stacked });
  return found.find(({ waitMs }) => waitMs === Number.POSITIVE_INFINITY) ?? found[0];
}

/** Milliseconds until both scopes have room; `undefined` if time alone does not tell. */
export function waitIn(scopes: ScopedLimiters, cost: Cost, nowMs: number): number | undefined {
  const project = scopes.project.waitMs(cost, nowMs);
  const organization = scopes.organization.waitMs(cost, nowMs);
  return project === undefined || organization === undefined ? undefined : Math.max(project, organization);
}
