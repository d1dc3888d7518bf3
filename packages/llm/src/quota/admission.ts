import type { Cost, Reservation } from "bide";
import type { AttemptFailure } from "../attempt-failure.js";
import type { Usage } from "../dialects/dialect.js";
import type { RequestSize } from "../request/facts.js";
import type { CostTotals } from "./cost-finder.js";
import { chargedTokens } from "./readings.js";
import type { SentAt } from "./spent.js";

/** What is known of a request from its admission on. */
export interface SentRequest extends SentAt {
  readonly size: RequestSize;
  /** What all requests so far cost under each formula, itself included. */
  readonly costTotals: CostTotals;
  /** How many were in flight, itself included; without those that were refused, as far as that is known by now. */
  inFlight: number;
  /** Takes it from among those that are in flight, where it was. */
  leave?: (() => void) | undefined;
}

/** How an admitted request ended. */
export type AdmissionEnd =
  | { readonly kind: "answered"; readonly usage: Usage | undefined; readonly charged: number | undefined }
  /** A limit, or anything else that answers before the work: no tokens were spent. */
  | { readonly kind: "refused" }
  /** Nobody knows what was charged. */
  | { readonly kind: "lost" }
  /** It was not sent. */
  | { readonly kind: "unsent" };

/** What an admission tells its lane. */
export interface AdmissionLane {
  headers(sent: SentRequest, headers: Headers): void;
  ended(sent: SentRequest, end: AdmissionEnd): Cost | undefined;
  refused(sent: SentRequest, failure: AttemptFailure): number | undefined;
}

/** Leave to send one request. However that ends, it is told here once; later ends do nothing. */
export class Admission {
  readonly #lane: AdmissionLane;
  readonly #reservation: Reservation;
  readonly #sent: SentRequest;
  #charged: number | undefined;
  #isOpen = true;

  constructor(lane: AdmissionLane, reservation: Reservation, sent: SentRequest) {
    this.#lane = lane;
    this.#reservation = reservation;
    this.#sent = sent;
  }

  /** How long the request waited for it. */
  get waitedMs(): number {
    return this.#reservation.waitedMs;
  }

  /** The headers of the answer are there. */
  headers(headers: Headers): void {
    this.#charged = chargedTokens(headers);
    this.#lane.headers(this.#sent, headers);
  }

  /** The answer is over, whole or not; it used this, where it told. */
  answered(usage: Usage | undefined): void {
    this.#end({ kind: "answered", usage, charged: this.#charged });
  }

  /**
   * The request failed. What a refusal says of limits counts for all who wait. Returns how long it holds everybody back, in
   * milliseconds, where it does.
   */
  failed(failure: AttemptFailure): number | undefined {
    if (!this.#isOpen) return undefined;
    const pauseMs = this.#lane.refused(this.#sent, failure);
    const { class: type } = failure.decision;
    this.#end({ kind: type === "transient" || type === "overload" ? "lost" : "refused" });
    return pauseMs;
  }

  /** Nobody waits for the answer any more: it may be charged all the same. */
  lost(): void {
    this.#end({ kind: "lost" });
  }

  /** The request was not sent. */
  unsent(): void {
    this.#end({ kind: "unsent" });
  }

  #end(end: AdmissionEnd): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    const actual = this.#lane.ended(this.#sent, end);
    if (actual === undefined) this.#reservation.refund();
    else this.#reservation.settle(actual);
  }
}
